with

products as (
    select * from {{ ref('stg_products') }}
),

translations as (
    select * from {{ ref('product_category_translation') }}
)

select
    products.product_id,
    coalesce(products.category_name, 'unknown') as category_name,
    -- a category that nobody has translated keeps its Portuguese name
    coalesce(
        translations.product_category_name_english, products.category_name, 'unknown'
    ) as category,
    coalesce(translations.department, 'other') as department,
    products.name_length,
    products.description_length,
    coalesce(products.photo_count, 0) as photo_count,
    nullif(products.weight_g, 0) as weight_g,
    products.length_cm * products.height_cm * products.width_cm as volume_cm3
from products
left join translations
    on products.category_name = translations.product_category_name
