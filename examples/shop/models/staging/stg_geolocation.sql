with

source as (
    select * from {{ source('raw', 'geolocation') }}
),

renamed as (
    select
        {{ clean_zip('geolocation_zip_code_prefix') }} as zip_code_prefix,
        try_cast(geolocation_lat as decimal(9, 6)) as latitude,
        try_cast(geolocation_lng as decimal(9, 6)) as longitude,
        {{ clean_text('geolocation_city') }} as city_name,
        {{ city_key('geolocation_city') }} as city_key,
        upper({{ clean_text('geolocation_state') }}) as state_code
    from source
)

select * from renamed
