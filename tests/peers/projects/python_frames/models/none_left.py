def model(dbt, session):
    frame = dbt.ref("base").df()
    return frame[frame["id"] > 100]
