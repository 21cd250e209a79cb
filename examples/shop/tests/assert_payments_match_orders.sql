-- What was paid equals products and freight. Terminals that charge a real too much and reversed bookings
-- break this for a few orders: worth a look each morning, no reason to stop.
{{ config(severity='warn', tags=['finance'], meta={'owner': 'finance'}) }}

select
    order_id,
    order_total,
    payment_total,
    payment_total - order_total as difference
from {{ ref('fct_orders') }}
where
    item_count > 0
    and abs(payment_total - order_total) >= 0.01
