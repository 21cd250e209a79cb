with

sellers as (
    select * from {{ ref('ods_sellers') }}
),

states as (
    select * from {{ ref('brazilian_states') }}
),

sales as (
    select
        seller_id,
        count(distinct order_id) as order_count,
        count(*) as item_count,
        sum(price) as revenue
    from {{ ref('ods_order_items') }}
    group by seller_id
)

select
    sellers.seller_id,
    sellers.zip_code_prefix,
    sellers.city_key,
    sellers.state_code,
    states.region,
    coalesce(sales.order_count, 0) as order_count,
    coalesce(sales.item_count, 0) as item_count,
    coalesce(sales.revenue, 0) as revenue
from sellers
left join states
    on sellers.state_code = states.state_code
left join sales
    on sellers.seller_id = sales.seller_id
