{{ config(location=gold_location('gold_customer_segments')) }}

select
    rfm.customer_unique_id,
    rfm.rfm_segment,
    rfm.rfm_code,
    rfm.monetary_value,
    customers.state_code,
    customers.region
from {{ ref('kpi_customer_rfm') }} as rfm
inner join {{ ref('dim_customers') }} as customers
    on rfm.customer_unique_id = customers.customer_unique_id
order by rfm.customer_unique_id
