select id, amount from {{ ref('base_orders') }}
