"""Suite (vii): Ctrl-C and SIGTERM in the middle of a long build.

The running queries are cancelled, what was done is reported and written to run_results.json, the program
ends soon with dbt's exit code 2, and the next build finds a sound database.
"""
import os
import select
import signal
import subprocess
import time

from . import commands, observe, projects, tables

SOON = 10
LONG = "select sum(a.range * b.range) as n from {{ ref('quick') }}, range(1000000) a, range(100000000) b\n"


def long_project():
    return {**projects.frame("long", threads=2),
            "models/quick.sql": "{{ config(materialized='table') }}\nselect {{ var('v', 1) }} as v\n",
            "models/slow.sql": "{{ config(materialized='table') }}\n{% if var('slow', true) %}" + LONG + "{% else %}select 1 as n{% endif %}\n",
            "models/slow_too.sql": "{{ config(materialized='table') }}\n{% if var('slow', true) %}" + LONG + "{% else %}select 2 as n{% endif %}\n",
            "models/after.sql": "select * from {{ ref('slow') }}\n"}


def start(world, *args):
    """Starts a build and returns it when its slow model runs: (process, printed so far)."""
    process = subprocess.Popen([*world.program, *args], cwd=world.project, env=observe.clean_environment(world.home),
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    printed, end = b"", time.monotonic() + 30
    while printed.count(b"START sql table model main.slow") < 2:
        ready, _, _ = select.select([process.stdout], [], [], max(0, end - time.monotonic()))
        some = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not some:
            process.kill()
            process.wait()
            raise AssertionError("the slow models never started:\n" + printed.decode(errors="replace"))
        printed += some
    time.sleep(0.3)
    return process, printed


def finish(process, printed, seconds=SOON):
    began = time.monotonic()
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError("still running %d s after the signal" % seconds) from None
    return process.returncode, (printed + out).decode(errors="replace"), time.monotonic() - began


def _sound_afterwards(world):
    world.run("build", "--vars", "{slow: false, v: 2}")
    got = tables.read(world.project)
    names = sorted(name for name in got if not name.startswith("!"))
    assert names == ["warehouse.main." + name for name in ("after", "quick", "slow", "slow_too")], names
    assert got["warehouse.main.quick"]["rows"] == [["2"]], got["warehouse.main.quick"]


def ctrl_c(world, is_peer):
    world.run("build", "--vars", "{slow: false, v: 1}")
    process, printed = start(world, "build", "--vars", "{v: 5}")
    process.send_signal(signal.SIGINT)
    code, out, _ = finish(process, printed)
    assert code == 2, "exit %d, want 2\n%s" % (code, out[-1500:])
    for text in ("CANCEL query model.long.slow", "[CANCEL]", "Exited because of keyboard interrupt", "Done. PASS=1"):
        assert text in out, "not printed: %s\n%s" % (text, out[-2000:])
    results = {result["unique_id"]: result["status"] for result in world.json("target", "run_results.json")["results"]}
    assert results.get("model.long.quick") == "success", results
    assert "success" not in [results.get("model.long.slow"), results.get("model.long.after")], results
    got = tables.read(world.project)
    assert got["warehouse.main.quick"]["rows"] == [["5"]], "what was done is gone"
    assert got["warehouse.main.slow"]["rows"] == [["1"]], "the cancelled model's old table is gone"
    _sound_afterwards(world)


def ctrl_c_twice(world, is_peer):
    process, printed = start(world, "build")
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    code, out, _ = finish(process, printed)
    assert code != 0, "exit 0\n%s" % out[-1500:]
    _sound_afterwards(world)


def terminated(world, is_peer):
    process, printed = start(world, "build")
    process.send_signal(signal.SIGTERM)
    code, out, _ = finish(process, printed)
    assert code != 0, "exit 0\n%s" % out[-1500:]
    _sound_afterwards(world)


def hung_up(world, is_peer):
    process, printed = start(world, "build")
    process.send_signal(signal.SIGHUP)
    code, out, _ = finish(process, printed)
    assert code != 0, "exit 0\n%s" % out[-1500:]
    _sound_afterwards(world)


def cases(options):
    def case(function):
        def check():
            with commands.World(options.program, long_project()) as world:
                function(world, options.slow_peer)
        return check
    return [("interrupt/" + function.__name__, case(function), None) for function in (ctrl_c, ctrl_c_twice, terminated, hung_up)]
