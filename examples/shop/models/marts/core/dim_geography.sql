-- One row per postal code prefix, with the city's name as most people write it.
with

locations as (
    select * from {{ ref('ods_geolocation') }}
),

spellings as (
    select
        city_key,
        state_code,
        city_name,
        count(*) as point_count
    from {{ ref('stg_geolocation') }}
    -- somebody who writes accents and capitals is more likely to be right
    where city_name <> lower(city_name) and city_name <> upper(city_name)
    group by city_key, state_code, city_name
),

leading_spelling as (
    select *
    from spellings
    qualify row_number() over (
        partition by city_key, state_code
        order by point_count desc, city_name
    ) = 1
),

states as (
    select * from {{ ref('brazilian_states') }}
)

select
    locations.zip_code_prefix,
    coalesce(leading_spelling.city_name, locations.city_key) as city_name,
    locations.city_key,
    locations.state_code,
    states.state_name,
    states.region,
    locations.latitude,
    locations.longitude
from locations
left join leading_spelling
    on
        locations.city_key = leading_spelling.city_key
        and locations.state_code = leading_spelling.state_code
left join states
    on locations.state_code = states.state_code
