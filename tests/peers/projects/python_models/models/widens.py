def model(dbt, session):
    dbt.config(materialized="incremental", on_schema_change="append_new_columns")
    new = dbt.ref("numbers")
    return new.project("id, name") if dbt.is_incremental else new.project("id")
