{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='sales_date',
        on_schema_change='append_new_columns',
        tags=['nightly']
    )
}}

-- Sales per day. An order may still be canceled some days later, so a run recomputes the last
-- {{ var('sales_lookback_days') }} days and replaces them.
with

orders as (
    select *
    from {{ ref('fct_orders') }}
    {% if is_incremental() -%}
    where purchase_date >= (
        select max(sales_date) - interval {{ var('sales_lookback_days') }} day from {{ this }}
    )
    {%- endif %}
)

select
    purchase_date as sales_date,
    count(*) as order_count,
    count(*) filter (where is_lost) as lost_order_count,
    count(*) filter (where customer_order_number = 1) as new_customer_count,
    cast(coalesce(sum(item_count) filter (where not is_lost), 0) as bigint) as item_count,
    coalesce(sum(product_total) filter (where not is_lost), 0) as product_revenue,
    coalesce(sum(order_total) filter (where not is_lost), 0) as revenue
from orders
group by purchase_date
