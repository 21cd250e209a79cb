-- Each seller with at least ten orders: revenue, punctuality, reviews, and the rank by revenue.
with

items as (
    select *
    from {{ ref('fct_order_items') }}
    where not is_lost
),

orders as (
    select * from {{ ref('fct_orders') }}
),

seller_orders as (
    select
        seller_id,
        order_id,
        sum(price) as revenue
    from items
    group by seller_id, order_id
),

scored as (
    select
        seller_orders.seller_id,
        count(*) as order_count,
        sum(seller_orders.revenue) as revenue,
        {{ ratio('count(*) filter (where orders.is_late)', 'count(orders.delivery_days)') }} as late_share,
        round(avg(orders.review_score), 3) as average_score
    from seller_orders
    inner join orders
        on seller_orders.order_id = orders.order_id
    group by seller_orders.seller_id
    having count(*) >= 10
)

select
    *,
    rank() over (order by revenue desc) as revenue_rank
from scored
