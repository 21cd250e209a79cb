select * from {{ ref('order_report') }} where total > 100
