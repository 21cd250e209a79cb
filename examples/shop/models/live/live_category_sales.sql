-- What each category of goods and each state sold, by the shop's database.
select
    coalesce(products.category, 'unknown') as category,
    customers.state,
    count(distinct items.order_id) as order_count,
    sum(items.price) as revenue
from {{ source('shop_db', 'order_items') }} as items
inner join {{ source('shop_db', 'orders') }} as orders
    on items.order_id = orders.order_id
inner join {{ source('shop_db', 'customers') }} as customers
    on orders.customer_id = customers.customer_id
left join {{ source('shop_db', 'products') }} as products
    on items.product_id = products.product_id
group by all
