-- One row per postal code prefix: the middle of its points, under the city name that most points carry.
with

points as (
    select * from {{ ref('stg_geolocation') }}
),

-- Brazil: whatever lies elsewhere has lost a sign
in_country as (
    select *
    from points
    where
        latitude between -34 and 6
        and longitude between -74 and -32
),

centers as (
    select
        zip_code_prefix,
        cast(avg(latitude) as decimal(9, 6)) as latitude,
        cast(avg(longitude) as decimal(9, 6)) as longitude,
        count(*) as point_count
    from in_country
    group by zip_code_prefix
),

city_names as (
    select
        zip_code_prefix,
        city_key,
        state_code,
        count(*) as point_count
    from in_country
    group by zip_code_prefix, city_key, state_code
),

leading_city as (
    select *
    from city_names
    qualify row_number() over (
        partition by zip_code_prefix
        order by point_count desc, city_key, state_code
    ) = 1
)

select
    centers.zip_code_prefix,
    leading_city.city_key,
    leading_city.state_code,
    centers.latitude,
    centers.longitude,
    centers.point_count
from centers
inner join leading_city
    on centers.zip_code_prefix = leading_city.zip_code_prefix
