def model(dbt, session):
    return 5
