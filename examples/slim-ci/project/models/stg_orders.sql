select id as order_id, customer, placed_on, amount from {{ ref('raw_orders') }}
