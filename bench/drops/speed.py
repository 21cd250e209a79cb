"""One input, every contestant in turn: MB of CSV a CPU second, wall time, peak memory; and the limits, measured in the same run."""
import glob
import json
import os
import shutil
import subprocess
import sys

from . import common

BEFORE = "2026-11-19"


def venv(tools, options):
    """The peers' Python (peers.txt beside this file), or None: BENCH_DROPS_VENV names one that is there."""
    if options.quick and not os.environ.get("BENCH_DROPS_VENV"):
        return None
    top = os.environ.get("BENCH_DROPS_VENV")
    if not top:
        text = ""
        for name in ("peers.txt", "peers-spark.txt")[:2 if options.spark else 1]:
            with open(os.path.join(common.HERE, name), encoding="utf-8") as file:
                text += file.read()
        path = os.path.join(tools.WORK, "drops-peers.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        top = tools.Peers.install(path, "peers-drops-spark" if options.spark else "peers-drops")
    return os.path.join(top, "bin", "python")


class Place:
    """The input and the folders of the contestants."""

    def __init__(self, tools, options):
        self.tools, self.options = tools, options
        self.top = common.folder(tools, "speed")
        size = options.size or ("100M" if options.quick else "1G")
        archives = max(4, min(200, common.size_of(size) // 25_000_000))
        self.told, self.bytes = common.generate(tools, options, self.top, "--size", size, "--archives", str(archives), "--drift", "columns")
        common.generate(tools, options, self.top, "--rows", "4000", "--archives", "4", "--drift", "columns", date=BEFORE)
        self.inbox = os.path.join(self.top, "in", common.COMPACT)
        self.out = os.path.join(self.top, "out")
        self.project = common.project(self.top)
        self.library = tools.duckdb_library()

    def first_day(self):
        return common.weir(self.tools, self.options, self.top)

    def known_types(self):
        """The day before has been loaded: columns and types stand in the registry."""
        common.weir(self.tools, self.options, self.top, BEFORE)
        return common.weir(self.tools, self.options, self.top, is_fresh=False)

    def peer(self, python, script, *args):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        sample = self.tools.run([python, os.path.join(common.PEERS, script), self.inbox, self.out, *args])
        common.check(self.tools, script, {table: "%s/%s*.parquet" % (self.out, table) if script != "spark_drop.py" else
                                          "%s/%s/*.parquet" % (self.out, table) for table in common.TABLES}, self.told["rows"])
        return sample


def contestants(place, python):
    options = place.options
    found = {"weir": place.known_types, "weir, first day": place.first_day,
             "tar + DuckDB": lambda: place.peer(sys.executable, "duckdb_drop.py", place.library, "tar")}
    if shutil.which("igzip"):
        found["igzip + tar + DuckDB"] = lambda: place.peer(sys.executable, "duckdb_drop.py", place.library, "igzip")
    if python:
        found["pandas"] = lambda: place.peer(python, "pandas_drop.py")
        found["polars"] = lambda: place.peer(python, "polars_drop.py")
    if python and options.spark:
        found["Spark"] = lambda: place.peer(python, "spark_drop.py")
    return found


def run_all(place, found, counts, report):
    """As tools.rounds(), but a contestant that dies is told and left out (pandas, for want of memory)."""
    samples = {name: [] for name in found}
    dead = {}
    for number in range(max(counts.values())):
        for name, start in found.items():
            if number >= counts[name] or name in dead:
                continue
            try:
                samples[name].append(start())
            except SystemExit as problem:
                if name.startswith("weir"):
                    raise
                dead[name] = str(problem)[-300:]
                report.skip("drops: " + name, "it died: " + dead[name].strip().split("\n")[-1])
    return {name: runs for name, runs in samples.items() if runs}


def igzip_alone(place):
    """Inflating alone: CPU seconds."""
    files = sorted(os.path.join(place.inbox, name) for name in os.listdir(place.inbox))
    script = "for file in \"$@\"; do igzip -dc \"$file\"; done"
    return place.tools.run(["sh", "-c", script, "igzip", *files], out=os.devnull)


def encoder_alone(place):
    """MB of CSV a CPU second of Parquet encoders on the tables of this input, typed and in memory: ours on Arrow batches (encode.c),
    DuckDB's on its own tables."""
    tools, build = place.tools, os.path.dirname(place.options.weir)
    rooms = ("engine", "parquet", "codec", "arrow", "sql", "base")
    libraries = [os.path.join(build, "src", room, "lib%s.a" % room) for room in rooms]
    yaml = "-l:libyaml.a" if glob.glob("/usr/lib/*/libyaml.a") else "-lyaml"
    os.makedirs(os.path.join(tools.WORK, "drops"), exist_ok=True)
    program = tools.compile_c("drops/encode", "-I" + os.path.join(tools.ROOT, "src"), *libraries, os.path.join(build, "src", "libassets.a"), yaml)
    common.weir(tools, place.options, place.top)
    lake = common.lake(place.top)
    told = json.loads(tools.run([program, *lake.values()]).output)
    common.check_rows(tools, "encode", told["rows"], sum(place.told["rows"].values()))
    done = subprocess.run([sys.executable, os.path.join(common.PEERS, "duckdb_encode.py"), place.library, json.dumps(lake), place.out],
                          capture_output=True, text=True)
    if done.returncode:
        tools.die("duckdb_encode.py: " + done.stderr[-800:])
    return {"weir": place.bytes / 1e6 / told["cpu"], "DuckDB": place.bytes / 1e6 / float(done.stdout)}


def measure(tools, options, report):
    place = Place(tools, options)
    python = venv(tools, options)
    found = contestants(place, python)
    turns = 1 if options.quick else options.turns
    counts = {name: turns if name.startswith("weir") or "DuckDB" in name else min(turns, 1) for name in found}
    samples = run_all(place, found, counts, report)
    common.check(tools, "weir", common.lake(place.top), place.told["rows"])
    megabytes = place.bytes / 1e6
    speed = {name: megabytes / (tools.median(runs, "cpu_ms") / 1e3) for name, runs in samples.items()}
    title = "drops: %.0f MB of CSV in %d archives, " % (megabytes, len(place.told["archives"]))
    report.add(title + "MB a CPU second", speed["weir"], limit=">= 110", passes=speed["weir"] >= 110, unit="MB/s")
    report.add(title + "first day, types found", speed["weir, first day"], unit="MB/s")
    for name in samples:
        if not name.startswith("weir"):
            times = speed["weir"] / speed[name]
            limit = 2 if name == "tar + DuckDB" else None
            report.add(title + name, speed["weir"], speed[name], times, ">= 2x" if limit else "", times >= limit if limit else None, "MB/s")
    for name, runs in samples.items():
        peak = tools.median(runs, "peak_mb")
        report.add(title + name + ", memory", peak, limit="<= 256 MB" if name.startswith("weir") else "",
                   passes=peak <= 256 if name.startswith("weir") else None, unit="MB")
        report.add(title + name + ", wall", tools.median(runs, "wall_ms") / 1e3, unit="s")
    limits(place, tools, report, title, speed["weir"], megabytes)


def limits(place, tools, report, title, mine, megabytes):
    """igzip alone, an encoder alone, and both one after the other: what nobody can beat who does both."""
    if not shutil.which("igzip"):
        report.skip(title + "limits", "igzip is not installed (apt: isal)")
        return
    inflate = megabytes / (igzip_alone(place).cpu_ms / 1e3)
    report.add(title + "igzip alone", mine, inflate, mine / inflate, unit="MB/s")
    for name, encode in encoder_alone(place).items():
        both = 1 / (1 / inflate + 1 / encode)
        report.add(title + "%s's Parquet encoder alone" % name, mine, encode, mine / encode, unit="MB/s")
        report.add(title + "igzip and %s's encoder" % name, mine, both, mine / both, ">= 0.7x", mine / both >= 0.7, "MB/s")
