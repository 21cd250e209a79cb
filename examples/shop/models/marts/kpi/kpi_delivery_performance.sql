with

delivered as (
    select *
    from {{ ref('fct_orders') }}
    where delivery_days is not null
),

states as (
    select * from {{ ref('brazilian_states') }}
)

select
    delivered.state_code,
    states.region,
    count(*) as delivered_count,
    round(avg(delivered.delivery_days), 2) as average_delivery_days,
    quantile_disc(delivered.delivery_days, 0.5) as median_delivery_days,
    quantile_disc(delivered.delivery_days, 0.95) as p95_delivery_days,
    count(*) filter (where delivered.is_late) as late_count,
    {{ ratio('count(*) filter (where delivered.is_late)', 'count(*)') }} as late_share,
    {{ average_money('sum(delivered.freight_total)', 'count(*)') }} as average_freight
from delivered
left join states
    on delivered.state_code = states.state_code
group by delivered.state_code, states.region
