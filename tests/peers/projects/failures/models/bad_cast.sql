select cast(v as integer) as v from (values ('1'), ('x')) t(v)
