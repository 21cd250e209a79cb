{{ config(materialized='incremental', unique_key='order_id', on_schema_change='append_new_columns') }}

{%- set statuses = ['placed', 'paid', 'sent', 'delivered', 'returned'] %}

with orders as (

    select * from {{ ref('stg_orders') }}
    {% if is_incremental() %}
    where updated_at > (
        select coalesce(max(updated_at), date '{{ var("first_day", "2020-01-01") }}') from {{ this }}
    )
    {% endif %}

),

payments as (

    select
        order_id,
        {% for status in statuses -%}
        sum(case when status = '{{ status }}' then amount else 0 end) as {{ status }}_amount,
        {% endfor -%}
        sum(amount) as total_amount
    from {{ ref('stg_payments') }}
    group by order_id

),

customers as (

    select * from {{ source('crm', 'customers') }}

)

select
    orders.order_id,
    orders.customer_id,
    customers.first_name,
    customers.last_name,
    orders.ordered_at,
    {% for status in statuses %}payments.{{ status }}_amount,
    {% endfor %}
    payments.total_amount,
    orders.updated_at,
    '{{ target.name }}' as made_in
from orders
left join payments on payments.order_id = orders.order_id
left join customers on customers.customer_id = orders.customer_id
{% if target.name != 'prod' and not is_incremental() %}
where orders.ordered_at >= current_date - {{ var('days_back', 30) }}
{% endif %}
