select
    partner,
    ordered_on,
    currency,
    count(*) as orders,
    sum(amount) as revenue,
    sum(tax) as tax,
    count(*) filter (status = 'returned') as returned
from {{ ref('stg_orders') }}
group by all
