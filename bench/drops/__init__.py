"""`bench/run --only drops`: partner drops, archives of CSV into Parquet, beside what one would write by hand.

    speed.py    one input, every contestant in turn: MB of CSV a CPU second, peak memory; the limits of the same machine
    bounds.py   memory at 1, 10 and 100 GB; 20,000 small archives; 2,000 columns
    common.py   the input, the project, the runs
    peers/      what runs beside weir, each a process of its own

CPU time and peak memory come from wait4(), as in all of bench/run, children counted. `tools` is bench/run itself.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tests"))

from . import bounds, speed     # noqa: E402  (they import `servers` from tests/)

PARTS = {"speed": speed.measure, "memory": bounds.measure_memory, "small": bounds.measure_small, "wide": bounds.measure_wide}


def bench_drops(tools, options, report):
    for name, measure in PARTS.items():
        if not options.part or name in options.part.split(","):
            measure(tools, options, report)
