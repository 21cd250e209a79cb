with

customers as (
    select * from {{ ref('stg_customers') }}
)

select distinct
    customer_id,
    customer_unique_id,
    zip_code_prefix,
    city_key,
    state_code
from customers
