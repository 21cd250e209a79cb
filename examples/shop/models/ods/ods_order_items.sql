-- Lines of orders that exist. Lines whose product is not in the catalogue stay: the money was paid.
with

items as (
    select * from {{ ref('stg_order_items') }}
),

orders as (
    select order_id from {{ ref('ods_orders') }}
),

products as (
    select product_id from {{ ref('ods_products') }}
),

deduplicated as (
    select *
    from items
    qualify row_number() over (
        partition by order_id, order_item_number
        order by price desc nulls last, freight_value desc nulls last, product_id, seller_id
    ) = 1
)

select
    deduplicated.order_id,
    deduplicated.order_item_number,
    deduplicated.order_id || '-' || deduplicated.order_item_number as order_item_id,
    deduplicated.product_id,
    deduplicated.seller_id,
    deduplicated.shipping_limit_at,
    -- a negative price is a reversed booking of a sale that was never made
    greatest(deduplicated.price, 0) as price,
    coalesce(deduplicated.freight_value, 0) as freight_value,
    deduplicated.price <= 0 as has_odd_price,
    products.product_id is not null as is_in_catalogue
from deduplicated
inner join orders
    on deduplicated.order_id = orders.order_id
left join products
    on deduplicated.product_id = products.product_id
