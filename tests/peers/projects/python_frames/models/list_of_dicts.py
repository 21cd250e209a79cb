def model(dbt, session):
    return [{"a": 1}]
