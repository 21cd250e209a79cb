def model(dbt, session):
    return dbt.ref("numbered", version=2).union(dbt.ref("numbered"))
