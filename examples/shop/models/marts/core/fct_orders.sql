-- One row per order with what it contained, how it was paid, when it came, what the customer said.
with

orders as (
    select * from {{ ref('ods_orders') }}
),

customers as (
    select * from {{ ref('ods_customers') }}
),

item_totals as (
    select * from {{ ref('int_order_item_totals') }}
),

payment_totals as (
    select * from {{ ref('int_order_payment_totals') }}
),

reviews as (
    select * from {{ ref('ods_order_reviews') }}
),

joined as (
    select
        orders.order_id,
        orders.customer_id,
        customers.customer_unique_id,
        customers.zip_code_prefix,
        customers.state_code,
        orders.order_status,
        orders.purchased_at,
        cast(orders.purchased_at as date) as purchase_date,
        orders.approved_at,
        orders.shipped_at,
        orders.delivered_at,
        orders.estimated_delivery_date,
        orders.has_impossible_dates,
        case
            when not orders.has_impossible_dates
                then {{ days_between('orders.purchased_at', 'orders.delivered_at') }}
        end as delivery_days,
        case
            when not orders.has_impossible_dates
                then {{ days_between('orders.estimated_delivery_date', 'orders.delivered_at') }}
        end as days_after_estimate,
        coalesce(item_totals.item_count, 0) as item_count,
        coalesce(item_totals.seller_count, 0) as seller_count,
        coalesce(item_totals.product_total, 0) as product_total,
        coalesce(item_totals.freight_total, 0) as freight_total,
        coalesce(item_totals.order_total, 0) as order_total,
        coalesce(payment_totals.payment_total, 0) as payment_total,
        coalesce(payment_totals.payment_count, 0) as payment_count,
        coalesce(payment_totals.installment_count, 0) as installment_count,
        coalesce(payment_totals.main_payment_type, 'not_defined') as main_payment_type,
        coalesce(payment_totals.voucher_payment_value, 0) as voucher_total,
        reviews.review_score
    from orders
    inner join customers
        on orders.customer_id = customers.customer_id
    left join item_totals
        on orders.order_id = item_totals.order_id
    left join payment_totals
        on orders.order_id = payment_totals.order_id
    left join reviews
        on orders.order_id = reviews.order_id
)

select
    *,
    coalesce(days_after_estimate > 0, false) as is_late,
    order_status in ('canceled', 'unavailable') as is_lost,
    row_number() over (
        partition by customer_unique_id
        order by purchased_at, order_id
    ) as customer_order_number
from joined
