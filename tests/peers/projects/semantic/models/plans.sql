select 1 as plan_id, 10 as customer_id, 99 as price, date '2024-01-01' as started_on, 'x' as kind
