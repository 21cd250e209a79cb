select id, country from {{ ref('base_orders') }}
