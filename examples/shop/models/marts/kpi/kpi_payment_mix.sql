with

payments as (
    select *
    from {{ ref('fct_payments') }}
    where payment_type <> 'not_defined'
),

by_type as (
    select
        cast(date_trunc('month', purchase_date) as date) as month_start,
        payment_type,
        count(*) as payment_count,
        sum(payment_value) as payment_value,
        round(avg(installment_count), 2) as average_installments
    from payments
    group by month_start, payment_type
)

select
    month_start,
    payment_type,
    payment_count,
    payment_value,
    average_installments,
    {{ ratio('payment_value', 'sum(payment_value) over (partition by month_start)') }} as value_share
from by_type
