-- What the lines of an order add up to. Ephemeral: becomes a CTE of whoever refers to it.
with

items as (
    select * from {{ ref('ods_order_items') }}
)

select
    order_id,
    count(*) as item_count,
    count(distinct seller_id) as seller_count,
    sum(price) as product_total,
    sum(freight_value) as freight_total,
    sum(price + freight_value) as order_total
from items
group by order_id
