"""What the suites of partner drops share: made-up drops, a project that takes them, and the comparison with the truth.

    drop = Drop(options)                     a folder with inbox and truth, made by examples/drops' generator
    drop.generate("--archives", "12")
    made = World(options, drop, settings)    a project with one resource `partner_a`
    made.ingest()
    made.same("orders")                      row for row what the generator says, by the engine's EXCEPT ALL
"""
import atexit
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading

from . import observe
from .ingest_api import require
from .loads import Loads

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "examples", "drops")
DATE = "2026-11-20"
TABLES = ("orders", "customers", "payments", "events")
PATH = "in/{{ process_date | replace('-', '') }}/*.tar.gz"
MEMBERS = "{table}_{date:%Y%m%d}_{batch_id}.csv"
LAYOUT = "{table}/year={year}/month={month}/day={day}"
ORIGIN = ("_archive", "_file", "_line")
_made, _lock = {}, threading.Lock()


def generator(options):
    """The generator's path: from the build of the program under test, else compiled once."""
    built = os.path.join(os.path.dirname(options.program[0]), "examples", "drops", "drops-generate")
    with _lock:
        if os.access(built, os.X_OK):
            return built
        if "path" not in _made:
            folder = tempfile.mkdtemp(prefix="weir-drops-generate-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            path = os.path.join(folder, "drops-generate")
            sources = [os.path.join(SOURCE, name) for name in sorted(os.listdir(SOURCE)) if name.endswith(".c")]
            subprocess.run(["cc", "-O2", "-std=gnu17", "-D_GNU_SOURCE", "-o", path, *sources, "-lz"], check=True)
            _made["path"] = path
        return _made["path"]


class Drop:
    """Archives of some days and what they hold. `folder/in` is the inbox, `folder/truth` the truth."""

    def __init__(self, options, folder):
        self.program, self.folder = generator(options), folder
        self.inbox, self.truth = os.path.join(folder, "in"), os.path.join(folder, "truth")

    def generate(self, *args, date=DATE, rows=4000, archives=8):
        subprocess.run([self.program, "--out", self.inbox, "--truth", self.truth, "--date", date, "--rows", str(rows),
                        "--archives", str(archives), *args], check=True)
        return self

    def told(self, date=DATE):
        """The truth's JSON: archives with defect, loads, files; rows by table."""
        with open(os.path.join(self.truth, date.replace("-", "") + ".json"), encoding="utf-8") as file:
            return json.load(file)

    def csv(self, table, date=DATE):
        return os.path.join(self.truth, "%s-%s.csv" % (date.replace("-", ""), table))

    def archive(self, number, date=DATE, partner="partner_a"):
        day = date.replace("-", "")
        return os.path.join(self.inbox, day, "%s_%s_%05d.tar.gz" % (partner, day, number))

    def archives(self, date=DATE):
        folder = os.path.join(self.inbox, date.replace("-", ""))
        return sorted(name for name in os.listdir(folder) if name.endswith(".tar.gz"))


def settings(**more):
    return {"name": "partner_a", "type": "drop", "path": PATH, "members": MEMBERS, "tables": list(TABLES),
            "to": {"layout": "lake/" + LAYOUT}, "ready": {"poll": "100ms"}, **more}


class World(Loads):
    """A project with resources of type drop; the inbox is its folder `in` unless a connection says otherwise."""

    def __init__(self, options, resources=None, connections=None, env=None, files=None):
        resources = resources if isinstance(resources, list) else [resources or settings()]
        super().__init__(options.program, {**(files or {}), "ingest/drops.yml": self.declare(resources, connections)}, env)
        self.options, self.root = options, self.path("lake")
        self.drop = Drop(options, self.project)

    @staticmethod
    def declare(resources, connections=None):
        return json.dumps({"connections": connections or {}, "ingest": resources}, indent=1)         # JSON is YAML

    def change(self, resources, connections=None):
        resources = resources if isinstance(resources, list) else [resources]
        with open(self.path("ingest/drops.yml"), "w", encoding="utf-8") as file:
            file.write(self.declare(resources, connections))

    def ingest(self, *args, date=DATE, **more):
        return self.run("ingest", *(["--from", date] if date else []), *args, **more)

    def start(self, *args, date=DATE):
        """A run in the background, in a process group of its own."""
        return subprocess.Popen([*self.program, "ingest", *(["--from", date] if date else []), *args], cwd=self.project,
                                env=observe.clean_environment(self.home, self.env), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)

    # ---- what a run left ----

    def statuses(self):
        """{node's name: status} of the last run: "merge_orders": "success"."""
        results = self.json("target", "run_results.json")["results"]
        return {result["unique_id"].split(".")[-1]: result["status"] for result in results}

    def response(self, node):
        for result in self.json("target", "run_results.json")["results"]:
            if result["unique_id"].endswith("." + node):
                return result["adapter_response"]
        raise AssertionError("no node %s ran" % node)

    def summary(self, date=DATE, ending="json"):
        path = self.path("logs", "summary", *date.split("-"), "merge_summary_%s.%s" % (date, ending))
        require(os.path.exists(path), "no summary at %s" % path, "\n".join(self.files("logs")))
        with open(path, encoding="utf-8") as file:
            return json.load(file) if ending == "json" else file.read()

    def partition(self, table, date=DATE, root=None):
        year, month, day = date.split("-")
        return os.path.join(root or self.root, table, "year=" + year, "month=" + month, "day=" + day)

    def published(self, table, date=DATE, root=None):
        folder = self.partition(table, date, root)
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def digests(self, root=None):
        """{path below the lake: checksum} of all files that hold rows."""
        out, top = {}, root or self.root
        for folder, _, names in os.walk(top):
            for name in names:
                if name.endswith((".parquet", ".csv")):
                    with open(os.path.join(folder, name), "rb") as file:
                        out[os.path.relpath(os.path.join(folder, name), top)] = hashlib.sha256(file.read()).hexdigest()
        return out

    def types_of(self, table, date=DATE, root=None):
        return {row[0]: row[1] for row in self.query("describe select * from " + self._dataset(table, date, root))}

    def _dataset(self, table, date, root):
        """The rows as a reader sees them: the files that the index names."""
        folder = self.partition(table, date, root)
        parquet = [name for name in self.published(table, date, root) if name.endswith(".parquet")]
        require(parquet, "%s has no Parquet files in %s" % (table, folder), str(self.published(table, date, root)))
        require("_SUCCESS" in self.published(table, date, root), "no _SUCCESS", str(self.published(table, date, root)))
        index = json.load(open(os.path.join(folder, "_index.json"), encoding="utf-8"))
        named = sorted(os.path.basename(entry["path"]) for entry in index["files"])
        require(named == parquet, "the index names other files than there are", "%s\n%s" % (named, parquet))
        return "read_parquet([%s], union_by_name = true, hive_partitioning = false)" % ", ".join(
            "'%s/%s'" % (folder, name) for name in parquet)

    def same(self, table, date=DATE, truths=None, where="true", query=None, what="", root=None, ignore=()):
        """The dataset equals the truth, row for row, each as often.

        truths  CSV files (default: this drop's); query: what the rows should be, in SQL over {truth}
        ignore  columns that are not compared
        """
        dataset = self._dataset(table, date, root)
        files = ", ".join("'%s'" % path for path in (truths or [self.drop.csv(table, date)]))
        truth = ("read_csv([%s], all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', nullstr = '', "
                 "union_by_name = true, parallel = false, max_line_size = 10000000, null_padding = false)" % files)
        truth = "(select * from (%s) where %s)" % ((query or "select * from {truth}").format(truth=truth), where)
        types = {row[0]: row[1] for row in self.query("describe select * from " + dataset)}
        wanted = [row[0] for row in self.query("describe select * from " + truth)]
        names = [name for name in wanted if name not in ignore]
        surplus = sorted(set(types) - set(wanted) - set(ignore))
        missing = [name for name in names if name not in types]
        assert not surplus and not missing, "%s %s: columns: %s are missing, %s too many" % (what, table, missing, surplus)
        shown, read = [], []
        for name in names:
            shown.append('cast("%s" as %s) as "%s"' % (name, types[name], name))
            read.append("parse_filename(\"%s\") as \"%s\"" % (name, name) if name in ("_archive", "_file") else '"%s"' % name)
        left = "(select %s from %s)" % (", ".join(shown), truth)
        right = "(select %s from %s)" % (", ".join(read), dataset)
        sql = ("with t as materialized %s, d as materialized %s select (select count(*) from t), (select count(*) from d), "
               "(select count(*) from (from t except all from d)), (select count(*) from (from d except all from t))")
        found = [int(n) for n in self.query(sql % (left, right))[0]]
        if found[0] != found[1] or found[2] or found[3]:
            pick = "select * from (from %s except all from %s) order by all limit 3"
            raise AssertionError("%s %s of %s: the truth has %d rows, the dataset %d; %d are missing, such as\n%s\n%d too many, such "
                                 "as\n%s" % (what, table, date, *found[:3], self.query(pick % (left, right)), found[3],
                                             self.query(pick % (right, left))))
        return found[0]

    def all_same(self, date=DATE, **more):
        return {table: self.same(table, date, **more) for table in TABLES}


def stop(child):
    """kill -9 of a run and all that it began."""
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
    child.communicate()
