select * from (values (1, 'ann', 'new', 10), (2, 'bob', 'old', 20), (3, null, 'odd', 30), (3, 'dan', 'new', -1))
    as t(id, name, kind, amount)
