select * from {{ source('db', 'orders') }}
