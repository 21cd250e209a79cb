-- Where the visits that ended in an order came from, and what these orders were worth.
with

placed as (
    select *
    from {{ ref('ods_order_events') }}
    where event_type = 'order_placed'
),

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    placed.channel,
    placed.device,
    count(*) as order_count,
    sum(orders.order_total) as revenue,
    {{ average_money('sum(orders.order_total)', 'count(*)') }} as average_order_value
from placed
inner join orders
    on placed.order_id = orders.order_id
group by placed.channel, placed.device
