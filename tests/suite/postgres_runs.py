"""Suite: builds on a Postgres that are cut short: Ctrl-C, a server that stops, a lost connection, a wrong password.

What was done stays, nothing runs on in the server, the next build finds a sound database, and no password is shown.
"""
import os
import signal
import subprocess
import threading
import time

import servers

from . import commands, observe, postgres, projects

SECRET = "pw-of-no-one-94"
SLOW = ("{{ config(materialized='table') }}\nselect {{ var('v', 1) }} as v"
        "{% if var('slow', true) %} from pg_sleep(120){% endif %}\n")
RUNNING = "select count(*) from pg_stat_activity where datname = '%s' and state = 'active' and query like '%%pg_sleep(120)%%'" \
          " and pid <> pg_backend_pid()"


def _profile(server, **changes):
    keys = {"type": "postgres", "host": server.host, "port": server.port, "user": server.login, "password": server.password,
            "dbname": server.database, "schema": "main", "threads": 2, "retries": 0, **changes}
    return "long:\n  target: dev\n  outputs:\n    dev: {%s}\n" % ", ".join("%s: %s" % item for item in keys.items())


def _files(server):
    return {**projects.frame("long"), "profiles.yml": _profile(server),
            "models/quick.sql": "{{ config(materialized='table') }}\nselect {{ var('v', 1) }} as v\n",
            "models/slow.sql": SLOW, "models/slow_too.sql": SLOW,
            "models/after.sql": "select * from {{ ref('slow') }}\n"}


def _start(world, server):
    """A build whose two slow models have reached the server."""
    process = subprocess.Popen([*world.program, "build", "--vars", "{v: 5}"], cwd=world.project, stdout=subprocess.PIPE,
                               env=observe.clean_environment(world.home), stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while server.sql(RUNNING % server.database, database="postgres") != "2":
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise AssertionError("the slow models never ran:\n" + process.communicate()[0].decode(errors="replace"))
        time.sleep(0.05)
    return process


def _finish(process, seconds):
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise AssertionError("still running after %d s" % seconds) from None
    return process.returncode, out.decode(errors="replace")


def _sound(world, server, quick):
    """What was there before, or was done, is there; then a whole build."""
    assert server.sql("select v from main.quick") == str(quick)
    assert server.sql("select v from main.slow") == "1", "the cut off model's old table is gone"
    world.run("build", "--vars", "{slow: false, v: 2}")
    assert server.sql("select sum(v) from (select v from main.quick union all select v from main.after) x") == "4"
    left = server.sql("select relname from pg_class where relnamespace = 'main'::regnamespace and relname like '%dbt%'")
    assert not left, "left over: " + left


def ctrl_c(world, server):
    process = _start(world, server)
    process.send_signal(signal.SIGINT)
    code, out = _finish(process, 10)
    assert code == 2, "exit %d, want 2\n%s" % (code, out[-1500:])
    assert "Exited because of keyboard interrupt" in out, out[-1500:]
    assert server.sql(RUNNING % server.database, database="postgres") == "0", "statements run on in the server"
    _sound(world, server, 5)


def lost_connection(world, server):
    process = _start(world, server)
    server.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s' and query like '%%pg_sleep(120)%%'"
               " and pid <> pg_backend_pid()" % server.database, database="postgres")
    code, out = _finish(process, 20)
    assert code == 1, "exit %d, want 1\n%s" % (code, out[-1500:])
    assert "terminating connection due to administrator command" in out, out[-1500:]
    statuses = {result["unique_id"]: result["status"] for result in world.json("target", "run_results.json")["results"]}
    assert statuses == {"model.long.quick": "success", "model.long.slow": "error", "model.long.slow_too": "error",
                        "model.long.after": "skipped"}, statuses
    _sound(world, server, 5)


def stopped_server(world, server):
    process = _start(world, server)
    server.stop()
    code, out = _finish(process, 20)
    server.start()
    assert code in (1, 2), "exit %d\n%s" % (code, out[-1500:])
    assert "Database Error" in out, out[-1500:]
    _sound(world, server, 5)


def comes_back(world, server):
    """`retries`: a server that is away when the build begins and there soon after."""
    with open(world.path("profiles.yml"), "w", encoding="utf-8") as file:
        file.write(_profile(server, retries=3))
    server.stop()
    back = threading.Timer(1.5, server.start)
    back.start()
    out, _ = world.run("build", "--vars", "{slow: false, v: 3}", code=None)
    back.join()
    assert "Completed successfully" in out, out[-1500:]


def refused(world, server):
    for changes, words in (({"password": SECRET}, "password authentication failed"), ({"port": 1}, "Connection refused"),
                           ({"dbname": "no_such_db"}, "no_such_db"), ({"sslmode": "require"}, "SSL")):
        with open(world.path("profiles.yml"), "w", encoding="utf-8") as file:
            file.write(_profile(server, **changes))
        out, err = world.run("build", "--log-level-file", "debug", code=None)
        said = out + err
        with open(world.path("logs", "dbt.log"), encoding="utf-8") as file:
            logged = file.read()
        assert words in said and "Database Error" in said, said[-1500:]
        for secret in (SECRET, server.password):
            assert secret not in said and secret not in logged, "a password is shown"


def cases(options):
    missing = postgres.missing()

    def case(function):
        def check():
            with servers.Postgres() as server, commands.World(options.program, _files(server)) as world:
                world.run("build", "--vars", "{slow: false}")
                function(world, server)
        return check
    return [("postgres-runs/" + function.__name__, case(function), missing)
            for function in (ctrl_c, lost_connection, stopped_server, comes_back, refused)]
