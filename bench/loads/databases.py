"""Postgres and MariaDB: the same table of twelve columns in both (tests/servers/mixed.py).

Full loads: into a table of a DuckDB file, and into Parquet alone. Peers: DuckDB's own scanner extension; the bare wire
(what the server's own client takes to throw the rows away); dlt and sling on a tenth of the rows, their times multiplied.
Increments: one row of a hundred changed, merged by key; peer: a MERGE written by hand over DuckDB's scanner.
"""
import glob
import os
import shutil

from servers import MariaDb, Postgres, mixed

from . import common

SCALE = 10          # dlt and sling read so many times fewer rows

INGEST = """connections:
  src: {{type: {type}, host: 127.0.0.1, port: {port}, user: {user}, password: {password}, database: {database}}}
ingest:
  - {{name: full, connection: src, source: raw.orders, table: orders, write_disposition: replace}}
  - {{name: land, connection: src, source: raw.landed, table: orders, write_disposition: replace, load: false,
     raw: {{location: "lake/orders-{{{{ batch }}}}.parquet", format: parquet}}}}
  - {{name: merged, connection: src, source: raw.merged, table: orders, write_disposition: merge, primary_key: id,
     cursor: {{field: updated_at}}}}
"""

ATTACH = {"postgres": "load postgres_scanner;\nattach 'host=127.0.0.1 port={port} user={user} password={password} "
                      "dbname={database}' as src (type postgres, read_only)",
          "mariadb": "load mysql_scanner;\nattach 'host=127.0.0.1 port={port} user={user} password={password} "
                     "database={database}' as src (type mysql, read_only)"}
SOURCE = {"postgres": "src.public.orders", "mariadb": "src.{database}.orders"}
TABLE = "create or replace table orders as select * from {source}"
PARQUET = "copy (select * from {source}) to '{out}' (format parquet, compression zstd)"
MERGE = """-- latest: select max(updated_at) from orders;
merge into orders as t using (select * from {source} where updated_at >= timestamp '{{latest}}') as s on t.id = s.id
    when matched then update when not matched then insert"""


class Place:
    """One server with the table, and what runs against it."""

    def __init__(self, tools, options, server):
        self.tools, self.options, self.server = tools, options, server
        self.said = server.describe()
        self.rows = options.rows or (200000 if options.quick else 5000000)
        self.fill("orders", self.rows)
        self.fill("orders_part", self.rows // SCALE)
        kind = "postgres" if server.name == "postgres" else "mysql"
        self.words = dict(type=kind, **{k: self.said[k] for k in ("port", "user", "password", "database")})
        self.top = common.project(tools, server.name, INGEST.format(**self.words))

    def fill(self, table, count):
        try:
            have = int(self.server.rows("select count(*) from " + table)[0][0])
        except RuntimeError:
            have = -1
        if have != count:
            self.server.sql("drop table if exists " + table)
            mixed.fill(self.server, table, count)

    # ---- contestants ----

    def weir(self, resource, is_fresh=True):
        return common.weir(self.tools, self.options, self.top, resource, is_fresh)

    def scanner(self, folder, statement, **more):
        words = {**self.words, **more}
        words["source"] = SOURCE[self.server.name].format(**words)
        text = ATTACH[self.server.name].format(**words) + ";\n" + statement.format(**words)
        path = common.write(os.path.join(folder, "statements.sql"), text)
        extensions = os.path.join(self.tools.ROOT, ".deps", "bench", "extensions")
        return self.tools.run(["python3", os.path.join(common.PEERS, "scanner.py"), self.tools.duckdb_library(), extensions,
                               os.path.join(folder, "scanner.duckdb"), path])

    def scan_table(self):
        return self.scanner(common.folder(self.tools, self.server.name + "-scanner"), TABLE)

    def scan_parquet(self):
        folder = common.folder(self.tools, self.server.name + "-scanner")
        return self.scanner(folder, PARQUET, out=os.path.join(folder, "orders.parquet"))

    def wire(self):
        if self.server.name == "postgres":
            command = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.said["port"]), "-U", self.said["user"],
                       "-c", "copy orders to stdout (format binary)", self.said["database"]]
            env = {"PGPASSWORD": self.said["password"]}
        else:
            command = ["mariadb", "--no-defaults", "-q", "-h", "127.0.0.1", "-P", str(self.said["port"]), "-u",
                       self.said["user"], "-e", "select * from orders", self.said["database"]]
            env = {"MYSQL_PWD": self.said["password"]}
        return self.tools.run(command, env=self.tools.environment(**env), out=os.devnull)

    def dlt(self, python, target):
        folder = common.folder(self.tools, "dlt")
        driver = "postgresql+psycopg2" if self.server.name == "postgres" else "mysql+pymysql"
        url = "%s://%s:%s@127.0.0.1:%d/%s" % (driver, self.said["user"], self.said["password"], self.said["port"], self.said["database"])
        sample = self.tools.run([python, os.path.join(common.PEERS, "dlt_tables.py"), url, "orders_part", target, folder], folder,
                                self.tools.environment(HOME=folder))
        return common.scaled(self.tools, sample, SCALE)

    def sling(self, python):
        """Into CSV, its quickest: for DuckDB and Parquet its program downloads another."""
        folder = common.folder(self.tools, "sling")
        program = glob.glob(os.path.join(os.path.dirname(python), "..", "lib", "python3*", "site-packages", "sling*", "bin", "sling*"))
        scheme = "postgres" if self.server.name == "postgres" else "mysql"
        url = "%s://%s:%s@127.0.0.1:%d/%s" % (scheme, self.said["user"], self.said["password"], self.said["port"], self.said["database"])
        url += "?sslmode=disable" if scheme == "postgres" else ""
        stream = "public.orders_part" if scheme == "postgres" else self.said["database"] + ".orders_part"
        sample = self.tools.run([program[0], "run", "--src-conn", url, "--src-stream", stream, "--tgt-object",
                                 "file://%s/orders.csv" % folder], folder,
                                self.tools.environment(HOME=folder, SLING_HOME_DIR=folder))
        return common.scaled(self.tools, sample, SCALE)


def turns(options):
    return 1 if options.quick else options.turns


def measure_full(place, options, report, peers):
    tools, name = place.tools, place.server.name
    for target, resource, scan in (("table", "full", place.scan_table), ("Parquet", "land", place.scan_parquet)):
        contestants = {"weir": lambda r=resource: place.weir(r), "scanner": scan, "wire": place.wire}
        counts = {"weir": turns(options), "scanner": turns(options), "wire": turns(options)}
        if peers:
            contestants["dlt"] = lambda t=target: place.dlt(peers, t)
            counts["dlt"] = 1
            if target == "Parquet":
                contestants["sling"] = lambda: place.sling(peers)
                counts["sling"] = 1
        samples = tools.rounds(contestants, counts)
        found = common.count_rows(tools, os.path.join(place.top, "warehouse.duckdb"), "warehouse.raw.orders") if target == "table" \
            else common.count_rows(tools, None, "'%s/lake/*.parquet'" % place.top)
        common.check_rows(tools, "weir", found, place.rows)
        title = "%s, %d rows to %s" % (name, place.rows, target)
        common.add_peers(tools, report, title, samples, {"scanner": 1, "wire": 0.5, "dlt": 5, "sling": 5}, 150,
                         {"dlt": " (1/%d of the rows)" % SCALE, "sling": " (1/%d of the rows, to CSV)" % SCALE})
        report.add(title + ", rows a second", place.rows / tools.median(samples["weir"], "wall_ms"), unit="k/s")


def measure_increments(place, options, report):
    """Both copies are made first; each turn changes other rows."""
    tools, name = place.tools, place.server.name
    folder = common.folder(tools, name + "-merge")
    place.weir("merged")
    place.scanner(folder, TABLE)
    samples = {"weir": [], "scanner": []}
    for turn in range(turns(options)):
        mixed.change(place.server, "orders", 0.01, rest=turn + 1)
        samples["weir"].append(place.weir("merged", is_fresh=False))
        samples["scanner"].append(place.scanner(folder, MERGE))
    said = common.run_result(place.top)
    common.check_rows(tools, "weir", said["rows_updated"] >= place.rows // 100, True)
    common.add_peers(tools, report, "%s, %d of %d rows merged" % (name, place.rows // 100, place.rows), samples, {"scanner": 0.5})
    shutil.rmtree(folder, ignore_errors=True)


def measure(tools, options, report):
    peers = None if options.quick else common.venv(tools)
    for server in (Postgres, MariaDb):
        data = os.environ.get("BENCH_LOADS_DATA")      # a folder that keeps the servers' data from run to run
        running = common.start(server, folder=os.path.join(data, server.name) if data else None)
        if not running:
            report.skip("%s: loads" % server.name, "it is not installed (tools/setup --bench)")
            continue
        try:
            place = Place(tools, options, running)
            measure_full(place, options, report, peers)
            measure_increments(place, options, report)
        finally:
            running.close()
