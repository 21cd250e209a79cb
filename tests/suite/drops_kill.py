"""Partner drops: kill -9 at random moments, then a run: row for row the truth. Workers side by side, one lost: file for file one worker's."""
import json
import os
import random
import re
import shutil
import tempfile
import threading
import time

from servers import S3

from . import sources
from .drops_world import LAYOUT, TABLES, Drop, World, settings, stop
from .ingest_api import require
from .ingest_files import _lacks

MAPPING = ("version: 1\npartner: partner_a\ntables:\n  orders: {primary_key: [order_id], duplicates: last}\n"
           "  customers: {}\n  payments: {}\n  events: {}\n")
LAST = "select * from {truth} qualify row_number() over (partition by order_id order by _archive desc, _file desc, _line::bigint desc) = 1"
MADE = ("--drift", "all", "--duplicates", "0.02", "--bad", "truncated=0.05,quote=0.05")
SIZE = {"rows": 60000, "archives": 60}


def spec(**more):
    return settings(**{"mapping": "partners/partner_a.yml", "raw": {"keep": "raw/{date}/", "format": "csv.zst"}, "quarantine": "bad",
                       "to": {"layout": "lake/" + LAYOUT, "file_size": "1MB"}, **more})


FILES = {"partners/partner_a.yml": MAPPING}


def check_rows(made, what):
    for table in TABLES:
        made.same(table, query=LAST if table == "orders" else None, what=what)


class Base:
    """The drop, how long a run takes, and the files of an undisturbed one; made once."""

    def __init__(self, options):
        self.options, self.lock, self.top = options, threading.Lock(), None

    def get(self):
        with self.lock:
            if self.top is None:
                self.top = tempfile.TemporaryDirectory(prefix="weir-drops-kill-")
                self.drop = Drop(self.options, self.top.name).generate(*MADE, **SIZE)
                with World(self.options, spec(), files=FILES) as made:
                    self.lend(made)
                    began = time.monotonic()
                    made.ingest()
                    self.seconds = time.monotonic() - began
                    check_rows(made, "undisturbed")
                    self.digests = made.digests()
            return self

    def lend(self, made):
        """The drop's inbox and truth, as if they were made's."""
        os.symlink(self.drop.inbox, made.path("in"))
        made.drop = self.drop


def _left_over(made):
    """Files of attempts that came to nothing."""
    return [name for name in made.files("lake") if os.path.basename(name).startswith((".", "tmp")) or name.endswith((".weir-tmp", ".tmp"))]


def _kill(base, number, seed):
    def check():
        world = base.get()
        chance = random.Random("%d-%d" % (seed, number))
        with World(world.options, spec(), files=FILES) as made:
            world.lend(made)
            moments = []
            for _ in range(chance.choice((1, 1, 2, 3))):
                wait = chance.uniform(0.01, world.seconds * 1.05)
                child = made.start()
                time.sleep(wait)
                stop(child)
                moments.append("%.0f" % (wait * 1000))
            what = "killed after %s ms of %.0f (seed %d)" % (", ".join(moments), world.seconds * 1000, seed)
            made.ingest()
            check_rows(made, what)
            require(made.digests() == world.digests, what + ": other files than an undisturbed run's",
                    _difference(made.digests(), world.digests))
            require(not _left_over(made), what + ": left over", _left_over(made))
            before = made.digests()
            made.ingest()
            require(made.digests() == before, what + ": the next run changed files")
    return check


def _difference(found, wanted):
    return json.dumps({"missing": sorted(set(wanted) - set(found)), "too many": sorted(set(found) - set(wanted)),
                       "other bytes": [name for name in wanted if name in found and found[name] != wanted[name]]}, indent=1)


# ---- workers side by side ----

def _workers(options, env, prefix, count):
    """Projects on machines of their own that share inbox, work folder and target in a bucket."""
    base = "s3://lake/%s/" % prefix
    shared = {**spec(), "work": base + "work", "to": {"layout": base + "lake/" + LAYOUT, "file_size": "1MB"},
              "raw": {"keep": base + "raw/{date}/", "format": "csv.zst"}, "quarantine": base + "bad", "lost_after": "2s"}
    return [World(options, shared, None, env, FILES) for _ in range(count)]


def _objects(server, prefix):
    """{key below the prefix: bytes} of what holds rows."""
    return {key[len(prefix) + 1:]: server.get("lake", key) for key in server.keys("lake", prefix) if key.endswith((".parquet", ".csv"))}


def shards(options, base, kills):
    """Three workers on one day; with `kills`, one of them is killed and never comes back."""
    world = base.get()
    server, env = sources.lake()
    prefix = "shards-%d-%d" % (os.getpid(), kills)
    alone, made = _workers(options, env, prefix + "-one", 1), _workers(options, env, prefix + "-three", 3)
    try:
        for one in (*alone, *made):
            world.lend(one)
        alone[0].ingest()
        wanted = _objects(server, prefix + "-one/lake")
        children = [one.start("--shard", "%d/3" % (n + 1)) for n, one in enumerate(made)]
        if kills:
            time.sleep(world.seconds * 0.4)
            stop(children[1])
        for n, child in enumerate(children):
            if not (kills and n == 1):
                out = child.communicate(timeout=120)[0].decode()
                require(child.returncode == 0, "worker %d: exit %d" % (n + 1, child.returncode), out)
        found = _objects(server, prefix + "-three/lake")
        require(found == wanted, "other files than one worker's", _difference(found, wanted))
        top = made[0].path("copy")
        for key in server.keys("lake", prefix + "-three/lake"):
            path = os.path.join(top, key[len(prefix + "-three/lake") + 1:])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(server.get("lake", key))
        made[0].root = top
        check_rows(made[0], "three workers")
    finally:
        for one in (*alone, *made):
            one.__exit__()


def local_shards(options, base):
    """Two workers on one machine's folders: the same files again."""
    world = base.get()
    with World(options, spec(work="shared-work", lost_after="2s"), files=FILES) as made:
        world.lend(made)
        with World(options, spec(work=made.path("shared-work"), lost_after="2s",
                                 to={"layout": made.path("lake") + "/" + LAYOUT, "file_size": "1MB"}), files=FILES) as second:
            world.lend(second)
            children = [made.start("--shard", "1/2"), second.start("--shard", "2/2")]
            for child in children:
                out = child.communicate(timeout=120)[0].decode()
                require(child.returncode == 0, "exit %d" % child.returncode, out)
        require(made.digests() == world.digests, "other files than one worker's", _difference(made.digests(), world.digests))
        check_rows(made, "two workers")


def kill_while_resent(options, seed):
    """Archives come again while runs are killed; in the end the rows are those of the newest."""
    chance = random.Random(seed)
    with World(options, settings(tables=["orders"])) as made:
        made.drop.generate("--tables", "orders", rows=30000, archives=20)
        other = Drop(options, made.path("other"))
        os.mkdir(other.folder)
        other.generate("--tables", "orders", "--seed", "8", rows=30000, archives=20)
        made.ingest()
        sent = set()
        for _ in range(4):
            number = chance.randrange(20)
            sent.add(number)
            shutil.copy(other.archive(number), made.path("next"))
            os.replace(made.path("next"), made.drop.archive(number))
            child = made.start()
            time.sleep(chance.uniform(0.05, 0.6))
            stop(child)
        made.ingest()
        marks = " or ".join("contains(_archive, '_%05d.')" % number for number in sent)
        parts = []
        for path, where in ((made.drop.csv("orders"), "not (%s)" % marks), (other.csv("orders"), marks)):
            parts.append(path + "-part.csv")
            made.query("copy (select * from read_csv('%s', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
                       "nullstr = '', parallel = false) where %s) to '%s' (header, delimiter ',')" % (path, where, parts[-1]))
        made.same("orders", truths=parts, what="re-sent and killed")


def cases(options):
    base = Base(options)
    found = [("drops_kill/%03d" % number, _kill(base, number, options.seed), None) for number in range(1, options.kills + 1)]
    lacks = _lacks((S3,))
    found += [("drops_kill/three_workers", lambda: shards(options, base, 0), lacks),
              ("drops_kill/lost_worker", lambda: shards(options, base, 1), lacks),
              ("drops_kill/two_workers_here", lambda: local_shards(options, base), None),
              ("drops_kill/while_resent", lambda: kill_while_resent(options, options.seed), None)]
    return found
