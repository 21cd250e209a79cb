import pandas as pd


def model(dbt, session):
    dbt.config(tags=["x"])
    return session.from_df(pd.DataFrame({"k": [1, 2]})).filter("k > 1")
