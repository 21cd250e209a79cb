select * from {{ source('drops', 'orders') }}
