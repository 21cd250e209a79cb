select * from {{ source('drops', 'items') }} join {{ ref('orders') }} using (id)
