import pandas as pd


def model(dbt, session):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "c": [1.5, None, 2.0]})
    frame["d"] = pd.to_datetime(["2020-01-01", None, "2020-01-03"])
    frame["e"] = pd.Categorical(["u", "v", "u"])
    frame["f"] = [True, None, False]
    frame["g"] = frame["a"].astype("Int64").shift()
    return frame
