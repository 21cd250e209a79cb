with

products as (
    select * from {{ ref('ods_products') }}
),

sales as (
    select
        product_id,
        count(*) as sold_count,
        sum(price) as revenue
    from {{ ref('ods_order_items') }}
    group by product_id
)

select
    products.product_id,
    products.category,
    products.department,
    products.photo_count,
    products.weight_g,
    products.volume_cm3,
    case
        when products.weight_g is null then 'unknown'
        when products.weight_g < 500 then 'letter'
        when products.weight_g < 5000 then 'parcel'
        else 'freight'
    end as shipping_class,
    coalesce(sales.sold_count, 0) as sold_count,
    coalesce(sales.revenue, 0) as revenue
from products
left join sales
    on products.product_id = sales.product_id
