def model(dbt, session):
    return dbt.ref("base").to_arrow_reader(2)
