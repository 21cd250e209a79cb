#!/usr/bin/env python3
"""What one writes by hand: tar (or igzip and tar) to a folder, then one COPY a table by DuckDB. The peer of bench/run's drops.

    duckdb_drop.py INBOX OUT LIBRARY tar|igzip

DuckDB is called through its C library: nothing of Python takes part in the work but one call a table.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from duck import Duck  # noqa: E402

COPY = ("copy (select * from read_csv('%s/%s_*.csv', union_by_name = true, sample_size = -1)) to '%s/%s.parquet' "
        "(format parquet, compression zstd, compression_level 1, parquet_version v2)")


def main():
    inbox, out, library, way = sys.argv[1:5]
    plain = tempfile.mkdtemp(dir=os.path.dirname(out))
    try:
        for name in sorted(os.listdir(inbox)):
            path = os.path.join(inbox, name)
            if way == "tar":
                subprocess.run(["tar", "-xzf", path, "-C", plain], check=True)
            else:
                inflate = subprocess.Popen(["igzip", "-dc", path], stdout=subprocess.PIPE)
                subprocess.run(["tar", "-xf", "-", "-C", plain], stdin=inflate.stdout, check=True)
                inflate.wait()
        duck = Duck(library)
        for table in sorted({name.split("_")[0] for name in os.listdir(plain)}):
            duck.run(COPY % (plain, table, out, table))
        duck.close()
    finally:
        shutil.rmtree(plain, ignore_errors=True)


main()
