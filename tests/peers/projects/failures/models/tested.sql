select * from (values (1), (1), (null)) t(id)
