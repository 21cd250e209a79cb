with

source as (
    select * from {{ source('raw', 'sellers') }}
),

renamed as (
    select
        {{ clean_text('seller_id') }} as seller_id,
        {{ clean_zip('seller_zip_code_prefix') }} as zip_code_prefix,
        {{ city_key('seller_city') }} as city_key,
        upper({{ clean_text('seller_state') }}) as state_code
    from source
)

select * from renamed
