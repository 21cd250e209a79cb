select id, amount * 2 as twice from {{ ref('sales') }}
