#!/usr/bin/env python3
"""What one writes with pandas: tarfile, read_csv, concat, to_parquet. The peer of bench/run's drops.

    pandas_drop.py INBOX OUT
"""
import os
import sys
import tarfile

import pandas


def main():
    inbox, out = sys.argv[1:3]
    frames = {}
    for name in sorted(os.listdir(inbox)):
        with tarfile.open(os.path.join(inbox, name), "r|gz") as tar:
            for member in tar:
                table = member.name.split("_")[0]
                frames.setdefault(table, []).append(pandas.read_csv(tar.extractfile(member), low_memory=False))
    for table in list(frames):
        whole = pandas.concat(frames.pop(table), ignore_index=True)
        for column in whole.columns[whole.dtypes == object]:
            whole[column] = whole[column].map(lambda value: value if isinstance(value, str) or value != value else str(value))
        whole.to_parquet(os.path.join(out, table + ".parquet"), compression="zstd", index=False)


main()
