select 1 as visit_id, 10 as customer_id, timestamp '2024-01-02 10:00:00' as visited_at, 'home' as page
