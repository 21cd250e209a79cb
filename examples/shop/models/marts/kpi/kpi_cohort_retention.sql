-- Of the people who first ordered in a month, how many ordered again n months later.
with

orders as (
    select
        customer_unique_id,
        cast(date_trunc('month', purchase_date) as date) as order_month
    from {{ ref('fct_orders') }}
    where not is_lost
),

cohorts as (
    select
        customer_unique_id,
        min(order_month) as cohort_month
    from orders
    group by customer_unique_id
),

activity as (
    select
        cohorts.cohort_month,
        date_diff('month', cohorts.cohort_month, orders.order_month) as months_later,
        count(distinct orders.customer_unique_id) as active_customer_count
    from orders
    inner join cohorts
        on orders.customer_unique_id = cohorts.customer_unique_id
    group by cohorts.cohort_month, months_later
)

select
    cohort_month,
    months_later,
    active_customer_count,
    first_value(active_customer_count) over (
        partition by cohort_month
        order by months_later
    ) as cohort_size,
    {{ ratio('active_customer_count',
             'first_value(active_customer_count) over (partition by cohort_month order by months_later)') }}
        as retention
from activity
