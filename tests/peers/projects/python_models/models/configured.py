def model(dbt, session):
    dbt.config(meta={"unit": "kg"}, alias="as_configured")
    rows = [
        ("materialized", str(dbt.config.get("materialized"))),
        ("missing", str(dbt.config.get("missing", "default"))),
        ("meta limit", str(dbt.config.meta_get("limit"))),
        ("meta none", str(dbt.config.meta_get("none", [1, "a"]))),
        ("this", str(dbt.this)),
        ("identifier", dbt.this.identifier),
        ("schema", dbt.this.schema),
        ("incremental", str(dbt.is_incremental)),
    ]
    values = ", ".join("('%s', '%s')" % (key, value.replace("'", "''")) for key, value in rows)
    return session.sql(f"select * from (values {values}) as t(key, value) order by key")
