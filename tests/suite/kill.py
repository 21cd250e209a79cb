"""Suite (iii): kill -9 at random moments of a build, each followed by a build.

A project is built with v=1; then again with v=2, and killed after a random time. At that moment every
relation must hold all of v=1 or all of v=2. The next build with v=2 must give exactly what an undisturbed
one gives: the same relations (none left over), the same rows (none lost, none twice), the same files.
A microbatch model changes a batch at a time: each batch is of v=1 or of v=2, so its rows never become fewer or more.
"""
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from . import compare, observe, projects, tables

ROWS = 30000
WINDOW = ["--event-time-start", "2024-01-01", "--event-time-end", "2024-01-09"]
WIDE = "select {{ var('v') }} as v, range as id, md5(range::varchar || '{{ var('v') }}') as h from range(%d)\n" % ROWS


def files():
    out = {**projects.frame("killed", threads=2),
           "out/keep.txt": "keeps the folder\n",
           "seeds/small.csv": "id,word\n" + "".join("%d,word%d\n" % (n, n) for n in range(500)),
           "models/whole.sql": "{{ config(materialized='table') }}\n" + WIDE,
           "models/seen.sql": "{{ config(materialized='view') }}\nselect {{ var('v') }} as v, count(*) as n from {{ ref('whole') }}\n",
           "models/merged.sql": "{{ config(materialized='incremental', unique_key='id') }}\n" + WIDE,
           "models/appended.sql": "{{ config(materialized='incremental', incremental_strategy='append') }}\n" + WIDE +
                                  "{% if is_incremental() %}where {{ var('v') }} > (select max(v) from {{ this }}){% endif %}\n",
           "models/file.sql": "{{ config(materialized='external', location='out/file.parquet') }}\n" + WIDE,
           "models/last.sql": "{{ config(materialized='table') }}\nselect {{ var('v') }} as v, (select count(*) from {{ ref('merged') }}) as m, "
                              "(select count(*) from {{ ref('appended') }}) as a, (select count(*) from {{ ref('small') }}) as s\n",
           "models/days.sql": "{{ config(materialized='view', event_time='day') }}\nselect range as id, timestamp '2024-01-01' + to_days((range % 8)::int) as day "
                              "from range(8000)\n",
           "models/batched.sql": "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='day', batch_size='day', "
                                 "begin='2024-01-01') }}\nselect {{ var('v') }} as v, id, day, md5(id::varchar) as h from {{ ref('days') }}\n",
           "models/schema.yml": "models: [{name: whole, columns: [{name: id, data_tests: [unique, not_null]}]}]\n"}
    return out


def look(project):
    """A digest that fits in a message: relation -> (count of rows, values of v, checksum of all rows)."""
    out = {}
    for name, relation in tables.read(project, ["out/*.parquet"]).items():
        if not isinstance(relation, dict) or "rows" not in relation:
            out[name] = relation
            continue
        columns = [column[0] for column in relation["columns"]]
        versions = sorted({row[columns.index("v")] for row in relation["rows"]}) if "v" in columns else []
        out[name] = [relation["kind"] if "kind" in relation else "file", len(relation["rows"]), versions,
                     hash(tuple(tuple(row) for row in relation["rows"]))]
    return out


def list_files(project):
    out = []
    for folder, _, names in os.walk(project):
        out += [os.path.relpath(os.path.join(folder, name), project) for name in names]
    return sorted(name for name in out if not name.startswith("logs/"))


class Base:
    """The project after v=1, what v=2 must look like, and how long a build takes; made once."""

    def __init__(self, options):
        self.options, self.lock, self.top = options, threading.Lock(), None

    def get(self):
        with self.lock:
            if self.top is None:
                self.top = tempfile.TemporaryDirectory(prefix="weir-kill-")
                home = os.path.join(self.top.name, "home")
                os.mkdir(home)
                self.old = projects.write(os.path.join(self.top.name, "old"), files())
                self._build(self.old, home, 1)
                new = os.path.join(self.top.name, "new")
                shutil.copytree(self.old, new)
                began = time.monotonic()
                self._build(new, home, 2)
                self.seconds = time.monotonic() - began
                self.before, self.after = look(self.old), look(new)
                self.left = list_files(new)
                assert self.before["warehouse.main.whole"][2] == ["1"] and self.after["warehouse.main.whole"][2] == ["2"]
                assert self.after["warehouse.main.appended"][1] == 2 * ROWS and self.after["warehouse.main.merged"][1] == ROWS
            return self

    def _build(self, project, home, version):
        code, out, err = observe.run_program(self.options.program, ["build", "--vars", "{v: %d}" % version, *WINDOW], project, home)
        assert code == 0, "build of v=%d: exit %d\n%s" % (version, code, (out + err)[-2000:])

    def again(self, project, home):
        self._build(project, home, 2)


def _mixed(base, found):
    """Relations that are neither wholly old nor wholly new."""
    out = []
    for name in set(base.before) | set(base.after):
        if name == "warehouse.main.batched" and found.get(name, [0, 0])[1] == base.before[name][1]:
            continue
        if name == "!schemas" or name == "warehouse.main.seen":          # a view shows whichever table is there
            continue
        if found.get(name) not in (base.before.get(name), base.after.get(name)):
            out.append("%s: %s is neither %s nor %s" % (name, found.get(name), base.before.get(name), base.after.get(name)))
    return out


def _check(base, number, seed):
    def check():
        world = base.get()
        wait = random.Random("%d-%d" % (seed, number)).uniform(0, world.seconds * 1.1)
        with tempfile.TemporaryDirectory(prefix="weir-kill-") as top:
            project, home = os.path.join(top, "p"), os.path.join(top, "home")
            shutil.copytree(world.old, project)
            os.mkdir(home)
            process = subprocess.Popen([*base.options.program, "build", "--vars", "{v: 2}", *WINDOW], cwd=project,
                                       env=observe.clean_environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(wait)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
            moment = "killed after %.0f ms of %.0f (seed %d)" % (wait * 1000, world.seconds * 1000, seed)
            found = _mixed(world, look(project))
            assert not found, "%s: %s" % (moment, "\n".join(found))
            world.again(project, home)
            wrong = compare.differences(world.after, look(project))
            assert not wrong, "%s, after the next build: %s" % (moment, "\n".join(wrong))
            left = [name for name in list_files(project) if name not in world.left]
            assert not left, "%s: left over: %s" % (moment, ", ".join(left))
    return check


def cases(options):
    base = Base(options)
    return [("kill/%03d" % number, _check(base, number, options.seed), None) for number in range(1, options.kills + 1)]
