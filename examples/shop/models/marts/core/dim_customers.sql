-- One row per person. Where they live is what their last order said.
with

customers as (
    select * from {{ ref('ods_customers') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

last_known as (
    select
        customers.customer_unique_id,
        customers.zip_code_prefix,
        customers.city_key,
        customers.state_code
    from customers
    inner join orders
        on customers.customer_id = orders.customer_id
    qualify row_number() over (
        partition by customers.customer_unique_id
        order by orders.purchased_at desc, orders.order_id
    ) = 1
),

history as (
    select
        customer_unique_id,
        min(purchase_date) as first_order_date,
        max(purchase_date) as last_order_date,
        count(*) as order_count,
        sum(order_total) as lifetime_value,
        round(avg(review_score), 2) as average_review_score
    from orders
    group by customer_unique_id
),

states as (
    select * from {{ ref('brazilian_states') }}
)

select
    history.customer_unique_id,
    last_known.zip_code_prefix,
    last_known.city_key,
    last_known.state_code,
    states.region,
    history.first_order_date,
    history.last_order_date,
    history.order_count,
    history.lifetime_value,
    history.average_review_score,
    history.order_count > 1 as is_returning
from history
inner join last_known
    on history.customer_unique_id = last_known.customer_unique_id
left join states
    on last_known.state_code = states.state_code
