#!/usr/bin/env python3
"""What one writes with polars: tarfile, read_csv, concat, write_parquet. The peer of bench/run's drops.

    polars_drop.py INBOX OUT
"""
import os
import sys
import tarfile

import polars


def read(content):
    """By the first 100 rows, as is its default; by all where later ones do not fit (ten times the work)."""
    try:
        return polars.read_csv(content, try_parse_dates=True)
    except polars.exceptions.ComputeError:
        return polars.read_csv(content, try_parse_dates=True, infer_schema_length=None)


def main():
    inbox, out = sys.argv[1:3]
    frames = {}
    for name in sorted(os.listdir(inbox)):
        with tarfile.open(os.path.join(inbox, name), "r|gz") as tar:
            for member in tar:
                table = member.name.split("_")[0]
                frames.setdefault(table, []).append(read(tar.extractfile(member).read()))
    for table in list(frames):
        polars.concat(frames.pop(table), how="diagonal_relaxed").write_parquet(os.path.join(out, table + ".parquet"), compression="zstd",
                                                                              compression_level=1)


main()
