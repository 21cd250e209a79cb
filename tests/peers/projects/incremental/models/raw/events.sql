select * from (values (1, 1, 'a', 10), (2, 1, 'b', 20), (3, 1, 'c', 30),
    (2, 2, 'b', 21), (4, 2, 'd', 40), (1, 3, 'a', 12), (5, 3, 'e', 50)) as t(id, batch, name, amount)
where batch <= {{ var('batch') }}
