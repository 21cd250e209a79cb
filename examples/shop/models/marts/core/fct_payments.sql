with

payments as (
    select * from {{ ref('ods_order_payments') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    payments.payment_id,
    payments.order_id,
    payments.payment_number,
    payments.payment_type,
    payments.installment_count,
    payments.payment_value,
    orders.purchase_date,
    orders.state_code,
    orders.is_lost
from payments
inner join orders
    on payments.order_id = orders.order_id
