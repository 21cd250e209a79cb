select 1 as id, 'ann' as name, 2.5::decimal(10,2) as amount, date '2020-01-01' as born
