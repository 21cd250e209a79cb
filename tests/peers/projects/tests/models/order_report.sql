{{ config(materialized='view') }}
select customer_id, sum(total) as total from {{ ref('orders') }} group by 1
