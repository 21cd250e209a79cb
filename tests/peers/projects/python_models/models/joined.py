def words(dbt):
    return dbt.source("shop", "words")


def model(dbt, session):
    dbt.config(materialized="table", tags=["python", 'joined'])
    numbers = dbt.ref("python_models", "numbers")
    return numbers.set_alias("n").join(words(dbt).set_alias("w"), "n.id = w.id", how="left").project("n.id, w.word")
