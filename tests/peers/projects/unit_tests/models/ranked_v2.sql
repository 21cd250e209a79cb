select id, amount, 2 as version from {{ ref('base_orders') }}
