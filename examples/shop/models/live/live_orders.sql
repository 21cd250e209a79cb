-- One row per order of the shop's database with what it contained and how it was paid.
with

items as (
    select
        order_id,
        count(*) as item_count,
        sum(price) as product_total,
        sum(freight) as freight_total
    from {{ source('shop_db', 'order_items') }}
    group by order_id
),

payments as (
    select
        order_id,
        count(*) as payment_count,
        sum(amount) as payment_total
    from {{ source('shop_db', 'order_payments') }}
    group by order_id
)

select
    orders.order_id,
    orders.customer_id,
    orders.status,
    orders.purchased_at,
    orders.delivered_at,
    coalesce(items.item_count, 0) as item_count,
    coalesce(items.product_total, 0) as product_total,
    coalesce(items.freight_total, 0) as freight_total,
    coalesce(payments.payment_count, 0) as payment_count,
    coalesce(payments.payment_total, 0) as payment_total,
    orders.updated_at
from {{ source('shop_db', 'orders') }} as orders
left join items
    on orders.order_id = items.order_id
left join payments
    on orders.order_id = payments.order_id
