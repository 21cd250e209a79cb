select
    partner,
    (select count(*) from {{ ref('stg_orders') }} as o where o.partner = p.partner) as orders,
    (select count(*) from {{ ref('stg_customers') }} as c where c.partner = p.partner) as customers,
    count(*) as payments,
    sum(amount) as paid,
    sum(fee) as fees
from {{ ref('stg_payments') }} as p
group by all
