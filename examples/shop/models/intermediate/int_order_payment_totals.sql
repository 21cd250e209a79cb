{%- set payment_types = ['credit_card', 'boleto', 'voucher', 'debit_card'] -%}

-- What was paid for an order and how. The main payment type is the one that carried most.
with

payments as (
    select * from {{ ref('ods_order_payments') }}
),

totals as (
    select
        order_id,
        count(*) as payment_count,
        max(installment_count) as installment_count,
        sum(payment_value) as payment_total,
        {{- sum_by('payment_type', payment_types, 'payment_value') | indent(4) }}
    from payments
    group by order_id
),

main_payment as (
    select
        order_id,
        payment_type
    from payments
    qualify row_number() over (
        partition by order_id
        order by payment_value desc, payment_number
    ) = 1
)

select
    totals.*,
    main_payment.payment_type as main_payment_type
from totals
inner join main_payment
    on totals.order_id = main_payment.order_id
