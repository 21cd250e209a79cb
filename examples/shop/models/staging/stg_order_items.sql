with

source as (
    select * from {{ source('raw', 'order_items') }}
),

renamed as (
    select
        {{ clean_text('order_id') }} as order_id,
        try_cast(order_item_id as integer) as order_item_number,
        {{ clean_text('product_id') }} as product_id,
        {{ clean_text('seller_id') }} as seller_id,
        {{ parse_timestamp('shipping_limit_date') }} as shipping_limit_at,
        {{ parse_money('price') }} as price,
        {{ parse_money('freight_value') }} as freight_value
    from source
)

select * from renamed
