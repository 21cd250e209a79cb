#!/usr/bin/env python3
"""dlt reads a table of a database: the peer of bench/run's loads.

    dlt_tables.py URL TABLE table|Parquet FOLDER

Its sql_database source with the backend pyarrow, the quicker of its own; into DuckDB or into Parquet files.
"""
import sys

import dlt
from dlt.sources.sql_database import sql_table


def main():
    url, table, target, folder = sys.argv[1:]
    if target == "table":
        destination, form = dlt.destinations.duckdb(folder + "/dlt.duckdb"), None
    else:
        destination, form = dlt.destinations.filesystem("file://" + folder + "/out"), "parquet"
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="raw", pipelines_dir=folder + "/pipelines")
    source = sql_table(url, table=table, backend="pyarrow", chunk_size=50000)
    pipeline.run(source, write_disposition="replace", loader_file_format=form or "parquet").raise_on_failed_jobs()


if __name__ == "__main__":
    main()
