select c.* from {{ ref('stg_customers') }} c, {{ ref('orders') }} o
