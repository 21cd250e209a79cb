-- A seller that was exported twice may be spelled in two ways; after cleaning they are one.
with

sellers as (
    select * from {{ ref('stg_sellers') }}
)

select *
from sellers
qualify row_number() over (
    partition by seller_id
    order by zip_code_prefix, city_key, state_code
) = 1
