def model(dbt, session):
    dbt.config(materialized="incremental", unique_key="id")
    frame = dbt.ref("base").df()[["id", "word"]]
    if dbt.is_incremental:
        frame["word"] = frame["word"] + "!"
        frame = frame[frame["id"] > session.sql(f"select avg(id) from {dbt.this}").fetchone()[0]]
    return frame
