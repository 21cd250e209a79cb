import polars as pl


def model(dbt, session):
    return dbt.ref("base").pl().lazy().filter(pl.col("id") > 2).select("id", "word")
