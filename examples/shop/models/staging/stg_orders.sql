{%- set timestamps = {
    'order_purchase_timestamp': 'purchased_at',
    'order_approved_at': 'approved_at',
    'order_delivered_carrier_date': 'shipped_at',
    'order_delivered_customer_date': 'delivered_at',
} -%}

with

source as (
    select * from {{ source('raw', 'orders') }}
),

renamed as (
    select
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_code('order_status') }} as order_status,
        {%- for raw_name, name in timestamps.items() %}
        {{ parse_timestamp(raw_name) }} as {{ name }},
        {%- endfor %}
        cast({{ parse_timestamp('order_estimated_delivery_date') }} as date) as estimated_delivery_date,
        {{ parse_timestamp('exported_at') }} as exported_at
    from source
)

select * from renamed
