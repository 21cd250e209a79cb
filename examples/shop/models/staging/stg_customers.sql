with

source as (
    select * from {{ source('raw', 'customers') }}
),

renamed as (
    select
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('customer_unique_id') }} as customer_unique_id,
        {{ clean_zip('customer_zip_code_prefix') }} as zip_code_prefix,
        {{ city_key('customer_city') }} as city_key,
        upper({{ clean_text('customer_state') }}) as state_code
    from source
)

select * from renamed
