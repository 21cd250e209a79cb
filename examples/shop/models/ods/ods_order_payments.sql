-- Payments of orders that exist; a payment that a terminal sent twice counts once.
with

payments as (
    select * from {{ ref('stg_order_payments') }}
),

orders as (
    select order_id from {{ ref('ods_orders') }}
),

deduplicated as (
    select *
    from payments
    qualify row_number() over (
        partition by order_id, payment_number
        order by payment_value desc, payment_type, installment_count
    ) = 1
)

select
    deduplicated.order_id || '-' || deduplicated.payment_number as payment_id,
    deduplicated.order_id,
    deduplicated.payment_number,
    coalesce(deduplicated.payment_type, 'not_defined') as payment_type,
    greatest(deduplicated.installment_count, 1) as installment_count,
    deduplicated.payment_value
from deduplicated
inner join orders
    on deduplicated.order_id = orders.order_id
