"""What the parts share: a project for weir, the venv of the peers, rows of the report."""
import json
import os
import shutil
import subprocess
import sys

from servers.process import Missing

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
PROJECT = "name: loads\nversion: '1.0'\nconfig-version: 2\nprofile: loads\n"
PROFILE = "loads:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, threads: 2}\n"


def folder(tools, *names):
    """An empty folder of this run."""
    path = os.path.join(tools.WORK, str(os.getpid()), "loads", *names)
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def project(tools, name, ingest):
    """A project with one file of declarations; its folder."""
    top = folder(tools, name)
    write(os.path.join(top, "dbt_project.yml"), PROJECT)
    write(os.path.join(top, "profiles.yml"), PROFILE)
    write(os.path.join(top, "ingest", "loads.yml"), ingest)
    return top


def weir(tools, options, top, resource, is_fresh=True):
    """One `weir ingest`; is_fresh: nothing is left of the runs before."""
    for name in ("warehouse.duckdb", ".weir", "lake", "target", "logs") if is_fresh else ():
        path = os.path.join(top, name)
        shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.unlink(path)
    return tools.run([options.weir, "ingest", "--quiet", "--select", resource], top)


def run_result(top):
    """adapter_response of the one node that ran."""
    with open(os.path.join(top, "target", "run_results.json"), encoding="utf-8") as file:
        return json.load(file)["results"][0]["adapter_response"]


def count_rows(tools, database, relation):
    """Rows of a relation of a DuckDB file, or of Parquet files (database None), by the engine itself."""
    code = ("import sys; sys.path.insert(0, %r); from suite import tables; c = tables.Connection(%r);"
            "print(c.rows(%r)[0][0])")
    sql = "select count(*) from " + relation
    attach = "c.rows(\"attach '%s' as warehouse (read_only)\");" % database if database else ""
    code = code.replace("print", attach + "print")
    tests = os.path.join(tools.ROOT, "tests")
    done = subprocess.run([sys.executable, "-c", code % (tests, tools.duckdb_library(), sql)], capture_output=True, text=True)
    if done.returncode:
        tools.die("cannot count %s: %s" % (relation, done.stderr[-500:]))
    return int(done.stdout)


def check_rows(tools, title, found, wanted):
    """A contestant that does not do its work is no contestant."""
    if found != wanted:
        tools.die("%s: %d rows came, %d were to" % (title, found, wanted))


def start(server, **arguments):
    """A server of tests/servers, running; None where the machine lacks it."""
    try:
        return server(**arguments).start()
    except Missing:
        return None


def venv(tools):
    """The Python of the peers (peers.txt beside this file), or None: BENCH_LOADS_VENV names one that is there."""
    top = os.environ.get("BENCH_LOADS_VENV") or tools.Peers.install(os.path.join(os.path.dirname(PEERS), "peers.txt"), "peers-loads")
    return os.path.join(top, "bin", "python")


def scaled(tools, sample, times):
    """A run of a part of the rows as if of all."""
    return tools.Sample(sample.wall_ms * times, sample.cpu_ms * times, sample.peak_mb, sample.output)


def add_peers(tools, report, title, samples, limits, memory_mb=None, marks=None):
    """Lines of one comparison: weir against each peer by wall and CPU, then memory.

    limits   {peer: least peer / weir by wall}; a peer without one is shown alone
    """
    for peer in samples:
        if peer == "weir":
            continue
        mark = (marks or {}).get(peer, "")
        for what, word in (("wall_ms", "wall"), ("cpu_ms", "CPU")):
            times = tools.ratio(samples, peer, what)
            least = limits.get(peer) if word == "wall" else None
            report.add("%s, %s, %s%s" % (title, word, peer, mark), tools.median(samples["weir"], what) / 1e3,
                       tools.median(samples[peer], what) / 1e3, times,
                       ">= %gx" % least if least else "", times >= least if least else None, unit="s")
    peers = ["%s %.0f" % (peer, tools.median(samples[peer], "peak_mb")) for peer in samples if peer != "weir"]
    peak = tools.median(samples["weir"], "peak_mb")
    report.add("%s, memory (%s)" % (title, ", ".join(peers)), peak, limit="<= %d MB" % memory_mb if memory_mb else "",
               passes=peak <= memory_mb if memory_mb else None, unit="MB")
