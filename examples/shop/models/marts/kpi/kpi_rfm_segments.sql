with

customers as (
    select * from {{ ref('kpi_customer_rfm') }}
),

segments as (
    select * from {{ ref('rfm_segments') }}
)

select
    segments.rfm_segment,
    segments.advice,
    count(customers.customer_unique_id) as customer_count,
    coalesce(sum(customers.monetary_value), 0) as monetary_value,
    {{ average_money('sum(customers.monetary_value)', 'count(customers.customer_unique_id)') }}
        as average_monetary_value,
    {{ ratio('count(customers.customer_unique_id)', 'sum(count(customers.customer_unique_id)) over ()') }}
        as customer_share
from segments
left join customers
    on segments.rfm_segment = customers.rfm_segment
group by segments.rfm_segment, segments.advice
