import no_such_module


def model(dbt, session):
    return dbt.ref("numbers")
