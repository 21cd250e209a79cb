"""What the parts share: the made-up input, a project for weir, runs of it, the rows that must come out."""
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "peers")
DATE, COMPACT = "2026-11-20", "20261120"
TABLES = ("orders", "customers", "payments", "events")
PROJECT = "name: drops\nversion: '1.0'\nconfig-version: 2\nprofile: drops\n"
PROFILE = "drops:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, threads: 2}\n"
LEFT = ("warehouse.duckdb", "warehouse.duckdb.wal", ".weir", "lake", "target", "logs")


def folder(tools, *names):
    """An empty folder of this run."""
    path = os.path.join(tools.WORK, str(os.getpid()), "drops", *names)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def size_of(text):
    """"1G" in bytes."""
    unit = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}.get(text[-1].upper(), 1)
    return int(float(text[:-1] if unit != 1 else text) * unit)


def generator(tools, options):
    built = os.path.join(os.path.dirname(options.weir), "examples", "drops", "drops-generate")
    if os.access(built, os.X_OK):
        return built
    path, source = os.path.join(tools.WORK, "drops-generate"), os.path.join(tools.ROOT, "examples", "drops")
    sources = [os.path.join(source, name) for name in sorted(os.listdir(source)) if name.endswith(".c")]
    subprocess.run(["cc", "-O3", "-std=gnu17", "-D_GNU_SOURCE", "-o", path, *sources, "-lz"], check=True)
    return path


def generate(tools, options, top, *args, tables=TABLES, date=DATE):
    """A day in top/in; gives what the generator says of it, and the bytes of its CSV."""
    subprocess.run([generator(tools, options), "--out", os.path.join(top, "in"), "--truth", os.path.join(top, "truth-" + date), "--date", date,
                    "--tables", ",".join(tables), *args], check=True)
    with open(os.path.join(top, "truth-" + date, date.replace("-", "") + ".json"), encoding="utf-8") as file:
        told = json.load(file)
    for table in tables:                                        # rows are counted, not compared: the tests do that
        os.unlink(os.path.join(top, "truth-" + date, "%s-%s.csv" % (date.replace("-", ""), table)))
    return told, sum(entry["bytes"] for archive in told["archives"] for entry in archive["files"])


def project(top, tables=TABLES, connections=None, path=None, **more):
    """A project in `top` with one drop."""
    resource = {"name": "partner_a", "type": "drop", "tables": list(tables), "members": "{table}_{date:%Y%m%d}_{batch_id}.csv",
                "path": path or os.path.join(top, "in") + "/{{ process_date | replace('-', '') }}/*.tar.gz",
                "to": {"layout": "lake/{table}/year={year}/month={month}/day={day}"}, **more}
    for name, text in (("dbt_project.yml", PROJECT), ("profiles.yml", PROFILE),
                       ("ingest/drops.yml", json.dumps({"connections": connections or {}, "ingest": [resource]}))):
        os.makedirs(os.path.dirname(os.path.join(top, name)), exist_ok=True)
        with open(os.path.join(top, name), "w", encoding="utf-8") as file:
            file.write(text)
    return top


def clean(top, names=LEFT):
    for name in names:
        path = os.path.join(top, name)
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)


def weir(tools, options, top, date=DATE, is_fresh=True):
    """One day by weir. is_fresh: nothing is left of runs before."""
    if is_fresh:
        clean(top)
    return tools.run([options.weir, "ingest", "--quiet", "--from", date], top, tools.environment(TZ="UTC"))


def count(tools, patterns):
    """Rows of Parquet files by table: {table: glob}."""
    code = ("import sys, json; sys.path.insert(0, %r); from suite import tables; c = tables.Connection(%r);"
            "print(json.dumps({t: int(c.rows(\"select count(*) from read_parquet('%%s', hive_partitioning = false)\" %% p)[0][0]) "
            "for t, p in %r.items()}))") % (os.path.join(tools.ROOT, "tests"), tools.duckdb_library(), patterns)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        tools.die("cannot count %s: %s" % (patterns, done.stderr[-800:]))
    return json.loads(done.stdout)


def check(tools, title, patterns, wanted):
    """A contestant that does not do its work is no contestant."""
    check_rows(tools, title, count(tools, patterns), wanted)


def check_rows(tools, title, found, wanted):
    if found != wanted:
        tools.die("%s: rows %s came, %s were to" % (title, found, wanted))


def lake(top, tables=TABLES, date=DATE):
    year, month, day = date.split("-")
    return {table: "%s/lake/%s/year=%s/month=%s/day=%s/*.parquet" % (top, table, year, month, day) for table in tables}
