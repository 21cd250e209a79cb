import pyarrow as pa


def model(dbt, session):
    table = dbt.ref("base").to_arrow_table()
    return table.append_column("n", pa.array(range(table.num_rows), pa.int8()))
