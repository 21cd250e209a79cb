select 1 as id, 'se' as country, 10.50::decimal(10,2) as amount, date '2024-01-02' as ordered,
       timestamp '2024-01-02 03:04:05' as stamp, true as is_paid
