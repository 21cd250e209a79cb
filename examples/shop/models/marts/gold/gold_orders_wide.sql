{{
    config(
        location=gold_location('gold_orders_wide'),
        options={'compression': 'zstd'}
    )
}}

-- Orders with everything a notebook asks for, sorted by day so that readers can skip what they do not need.
select
    orders.order_id,
    orders.customer_unique_id,
    orders.purchase_date,
    dates.is_weekend,
    dates.is_black_friday,
    orders.order_status,
    orders.order_total,
    orders.main_payment_type,
    orders.delivery_days,
    orders.is_late,
    orders.review_score,
    orders.state_code,
    geography.city_name,
    geography.region,
    geography.latitude,
    geography.longitude
from {{ ref('fct_orders') }} as orders
inner join {{ ref('dim_dates') }} as dates
    on orders.purchase_date = dates.date_day
left join {{ ref('dim_geography') }} as geography
    on orders.zip_code_prefix = geography.zip_code_prefix
order by orders.purchase_date, orders.order_id
