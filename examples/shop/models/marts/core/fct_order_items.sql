with

items as (
    select * from {{ ref('ods_order_items') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

products as (
    select * from {{ ref('ods_products') }}
),

sellers as (
    select * from {{ ref('ods_sellers') }}
)

select
    items.order_item_id,
    items.order_id,
    items.order_item_number,
    items.product_id,
    coalesce(products.category, 'unknown') as category,
    coalesce(products.department, 'other') as department,
    items.seller_id,
    sellers.state_code as seller_state_code,
    orders.state_code as customer_state_code,
    orders.purchase_date,
    orders.order_status,
    orders.is_lost,
    items.price,
    items.freight_value,
    items.price + items.freight_value as item_total,
    items.has_odd_price
from items
inner join orders
    on items.order_id = orders.order_id
left join products
    on items.product_id = products.product_id
left join sellers
    on items.seller_id = sellers.seller_id
