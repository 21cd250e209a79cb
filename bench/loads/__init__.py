"""`bench/run --only loads`: `weir ingest` against its peers, from real servers on loopback.

    databases.py   Postgres and MariaDB: full loads into a table and into Parquet, increments
    api.py         an HTTP API with a limit of requests; JSON records
    files.py       JSONL that lands
    peers/         what runs beside weir, each a process of its own

The servers are those of tests/servers. Wall and CPU time and peak memory are the client's alone: by wait4(), as in all of
bench/run. `tools` is bench/run itself.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests"))

from . import api, databases, files     # noqa: E402  (they import `servers` from tests/)

PARTS = {"databases": databases.measure, "api": api.measure, "files": files.measure}


def bench_loads(tools, options, report):
    for name, measure in PARTS.items():
        if not options.part or name in options.part.split(","):
            measure(tools, options, report)
