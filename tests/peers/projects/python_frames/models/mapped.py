


def model(dbt, session):
    session.create_function("plus", lambda x: x + 1, ["BIGINT"], "BIGINT")
    return session.sql("select id, plus(id::bigint) as more from base")
