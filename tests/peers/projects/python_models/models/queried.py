def model(dbt, session):
    found = dbt.ref("numbers").order("id")
    top = session.sql("select max(square) as top from numbers where is_even").fetchone()[0]
    session.execute("create temp table mine as select id from numbers where id > ?", [1])
    count = session.execute("select count(*) from mine").fetchone()[0]
    return session.sql(f"select *, {top} as top, {count} as many from found")
