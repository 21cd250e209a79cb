import pyarrow as pa


def model(dbt, session):
    return pa.table({
        "ns": pa.array([1, None], pa.timestamp("ns")), "s": pa.array([1, 2], pa.timestamp("s")),
        "large": pa.array(["x", None], pa.large_string()), "view": pa.array(["y", "z"], pa.string_view()),
        "coded": pa.array(["a", "b"]).dictionary_encode(), "small": pa.array([1, 2], pa.int8()),
        "items": pa.array([[1], None], pa.large_list(pa.int32())), "pair": pa.array([{"k": 1}, {"k": None}]),
        "span": pa.array([1, 2], pa.duration("us")), "day": pa.array([0, 1], pa.date32()),
    })
