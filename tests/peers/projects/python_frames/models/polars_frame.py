def model(dbt, session):
    return dbt.ref("base").pl().with_columns(twice=2 * __import__("polars").col("id"))
