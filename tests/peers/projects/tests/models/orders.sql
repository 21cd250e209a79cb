select * from (values (1, 1, 5.0), (2, 2, 7.5), (3, 9, 1.0), (4, null, 2.0)) as t(id, customer_id, total)
