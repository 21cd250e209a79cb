select * from {{ ref('orders') }} where id = {{ var('which', 1) }}
