def model(dbt, session):
    frame = dbt.ref("base").df()
    return frame.groupby("flag", as_index=False).agg(n=("id", "count"), total=("half", "sum"))
