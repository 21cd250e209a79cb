select * from (values (1, 'red'), (2, 'blue'), (3, 'red')) t(id, kind)
