def model(dbt, session):
    return dbt.ref("numbered", v=1).project("version + 1 as version")
