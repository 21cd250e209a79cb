def model(dbt, session):
    return dbt.ref("odd_types").project("* exclude (n), typeof(e) as te, typeof(m) as tm2, typeof(h) as th, typeof(j) as tj")
