with

source as (
    select json as document from {{ source('raw', 'products') }}
),

renamed as (
    select
        {{ clean_text("document ->> 'product_id'") }} as product_id,
        {{ clean_code("document ->> 'product_category_name'") }} as category_name,
        try_cast(document ->> 'name_length' as integer) as name_length,
        try_cast(document ->> 'description_length' as integer) as description_length,
        try_cast(document ->> 'photos_qty' as integer) as photo_count,
        {%- for measure in ['weight_g', 'length_cm', 'height_cm', 'width_cm'] %}
        try_cast(document ->> '$.package.{{ measure }}' as integer) as {{ measure }}
            {{- ',' if not loop.last }}
        {%- endfor %}
    from source
)

select * from renamed
