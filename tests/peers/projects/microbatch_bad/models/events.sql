select 1 as id, timestamp '2024-01-01 05:00:00' as seen
