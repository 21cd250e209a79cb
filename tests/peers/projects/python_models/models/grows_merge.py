def model(dbt, session):
    dbt.config(materialized="incremental", unique_key="id", incremental_strategy="merge")
    new = dbt.ref("numbers")
    if dbt.is_incremental:
        newest = session.sql(f"select max(id) from {dbt.this}").fetchone()[0]
        return new.filter(f"id >= {newest}").project("id, square + 1000 as square")
    return new.project("id, square")
