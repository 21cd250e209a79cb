select customer, count(*) as orders, sum(amount) as spent
from {{ ref('stg_orders') }}
group by customer
