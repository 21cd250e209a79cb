{{ config(materialized='view', tags=['staging']) }}

with raw as (

    select * from {{ source('shop', 'order_items') }}

),

renamed as (

    select
        order_id,
        order_item_id as line_number,
        product_id,
        seller_id,
        cast(shipping_limit_date as timestamp) as ship_by,
        cast(price as decimal(18, 2)) as price,
        cast(freight_value as decimal(18, 2)) as freight
    from raw
    where order_id is not null

)

select * from renamed
