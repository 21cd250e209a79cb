def model(dbt, session):
    frame = dbt.ref("base").df()
    frame = frame[frame["id"] < 4]
    return session.sql("select id, count(*) over () as n from frame join base using (id)")
