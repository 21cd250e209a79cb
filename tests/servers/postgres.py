"""PostgreSQL of the machine's packages in a folder of its own: nothing of the system's cluster is touched.

A role `etl` with a password (SCRAM over TCP; any local user over the socket in the folder) owns the database `shop`.
fsync is off: it is about speed of the tests, not about power cuts.
"""
import csv
import glob
import io
import os
import signal

from .process import Server, ask, program


class Postgres(Server):
    name = "postgres"
    user = "postgres"
    stop_signal = signal.SIGINT                 # "fast": open sessions are ended

    @classmethod
    def find(cls):
        """The folder of its programs."""
        return os.path.dirname(program("postgres", *_bin_folders()))

    def __init__(self, folder=None, port=None, database="shop", login="etl", password="etl-secret-pg", settings=None):
        self.bin = self.find()
        super().__init__(folder, port)
        self.database, self.login, self.password = database, login, password
        self.settings = dict(settings or {})    # more lines of postgresql.conf

    def prepare(self):
        data = self.owned_folder("data")
        self.is_new = not os.path.exists(os.path.join(data, "PG_VERSION"))
        self.sockets = self.folder if len(self.folder) < 80 else "/tmp"
        if self.sockets == self.folder and self.account():
            os.chown(self.folder, self.account().pw_uid, -1)
        if self.is_new:
            self.run([self.bin + "/initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
                      "--auth-local=trust", "--auth-host=scram-sha-256"])
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.sockets,
                    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
                    "max_wal_senders": 0, "max_connections": 100, "timezone": "UTC", "log_timezone": "UTC",
                    "max_wal_size": "2GB", **self.settings}
        with open(os.path.join(data, "postgresql.auto.conf"), "w", encoding="utf-8") as file:
            file.writelines("%s = '%s'\n" % item for item in settings.items())

    def command(self):
        return [self.bin + "/postgres", "-D", self.path("data")]

    def is_ready(self):
        try:
            return self.sql("select 1", database="postgres") == "1"
        except RuntimeError:
            return False

    def after_start(self):
        if self.is_new:
            self.sql("create role %s login password '%s'; create database %s owner %s;" %
                     (self.login, self.password, self.database, self.login), database="postgres", is_split=True)

    def describe(self):
        return {**super().describe(), "user": self.login, "password": self.password, "database": self.database,
                "socket": self.sockets, "superuser": "postgres (by the socket)",
                "url": "postgresql://%s:%s@%s:%d/%s" % (self.login, self.password, self.host, self.port, self.database),
                "env": {"PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.login, "PGPASSWORD": self.password,
                        "PGDATABASE": self.database}}

    # ---- asking it ----

    def _psql(self, database, *options):
        return [program("psql", self.bin), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-h", self.sockets, "-p", str(self.port),
                "-U", "postgres", "-d", database or self.database, *options]

    def sql(self, text, database=None, is_split=False, as_etl=True):
        """Runs statements in one transaction (is_split: each in its own); gives the rows as lines, columns split by |.
        As the role etl, who then owns what is made, unless as_etl is off or the database is another."""
        if as_etl and database is None:
            text = "set role %s;\n%s" % (self.login, text)
        return ask(self._psql(database, "-A", "-t", *([] if is_split else ["-1"]), "-f", "-"), text, what="psql").strip("\n")

    def rows(self, query, database=None):
        """The rows of one query: lists of texts; NULL is None."""
        said = ask(self._psql(database, "--csv", "-t", "-P", "null=\\N", "-c", query), what="psql")
        return [[None if cell == "\\N" else cell for cell in row] for row in csv.reader(io.StringIO(said))]


def _bin_folders():
    found = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/usr/pgsql-*/bin")
    return sorted(found, key=lambda path: [int(n) for n in "".join(c if c.isdigit() else " " for c in path).split()],
                  reverse=True)
