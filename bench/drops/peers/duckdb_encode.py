#!/usr/bin/env python3
"""DuckDB's Parquet encoder alone: CPU seconds of COPY from tables that lie in memory, typed and whole.

    duckdb_encode.py LIBRARY '{"orders": "glob", ...}' OUT
"""
import json
import os
import resource
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from duck import Duck  # noqa: E402


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main():
    library, tables, out = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
    os.makedirs(out, exist_ok=True)
    duck, seconds = Duck(library), 0.0
    for table, files in tables.items():
        duck.run("create temp table t as select * exclude (_archive, _file) from read_parquet('%s', hive_partitioning = false)" % files)
        began = cpu()
        duck.run("copy t to '%s/%s.parquet' (format parquet, compression zstd, compression_level 1, parquet_version v2)" % (out, table))
        seconds += cpu() - began
        duck.run("drop table t")
    duck.close()
    print("%.3f" % seconds)


main()
