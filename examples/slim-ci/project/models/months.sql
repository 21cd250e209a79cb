select date_trunc('month', placed_on) as month, sum(amount) as revenue
from {{ ref('stg_orders') }}
group by 1
