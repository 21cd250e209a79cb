"""MariaDB of the machine's packages in a folder of its own.

The account `etl` with a password may do everything; the database `shop` is there. Times are UTC, texts utf8mb4.
"""
import os

from .process import Server, ask, has_account, program


class MariaDb(Server):
    name = "mariadb"
    user = "mysql" if has_account("mysql") else "nobody"     # only Debian's package of the service makes the account
    needs = ("mariadbd", "mariadb", "mariadb-install-db")

    def __init__(self, folder=None, port=None, database="shop", login="etl", password="etl-secret-my", settings=()):
        self.server, self.client = program("mariadbd"), program("mariadb")
        super().__init__(folder, port)
        self.database, self.login, self.password = database, login, password
        self.settings = list(settings)          # more options of the server, "--name=value"

    def prepare(self):
        data = self.owned_folder("data")
        self.socket = self.path("s") if len(self.folder) < 90 else "/tmp/weir-mariadb-%d" % self.port
        if self.account():
            os.chown(self.folder, self.account().pw_uid, -1)
        self.is_new = not os.path.isdir(os.path.join(data, "mysql"))
        temporary = "--tmpdir=" + self.owned_folder("tmp")       # each server clears its own at start, and nobody else's
        if self.is_new:
            self.run([program("mariadb-install-db"), "--no-defaults", "--datadir=" + data, temporary, "--skip-test-db",
                      "--auth-root-authentication-method=normal", "--innodb-flush-log-at-trx-commit=0",
                      "--skip-name-resolve"])

    def command(self):
        return [self.server, "--no-defaults", "--datadir=" + self.path("data"), "--port=%d" % self.port,
                "--bind-address=127.0.0.1", "--socket=" + self.socket, "--pid-file=" + self.path("data", "pid"), "--tmpdir=" + self.path("tmp"),
                "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=256M",
                "--character-set-server=utf8mb4", "--default-time-zone=+00:00", "--skip-name-resolve",
                "--local-infile=1", "--max-allowed-packet=256M", *self.settings]

    def is_ready(self):
        try:
            return self._ask("select 1", "mysql", "-N") == "1\n"
        except RuntimeError:
            return False

    def after_start(self):
        if self.is_new:
            self._ask("create database {0}; create user {1}@'%' identified by '{2}'; grant all on *.* to {1}@'%';"
                      .format(self.database, self.login, self.password), "mysql")

    def describe(self):
        return {**super().describe(), "user": self.login, "password": self.password, "database": self.database,
                "socket": self.socket, "superuser": "root (by the socket, no password)",
                "env": {"SHOP_HOST": self.host, "SHOP_PORT": str(self.port), "SHOP_USER": self.login,
                        "SHOP_PASSWORD": self.password, "SHOP_DATABASE": self.database}}

    # ---- asking it ----

    def _ask(self, text, database, *options):
        return ask([self.client, "--no-defaults", "--socket=" + self.socket, "--user=root", "--default-character-set=utf8mb4",
                    "--local-infile=1", "--batch", *options, database], text, what="mariadb")

    def sql(self, text, database=None):
        """Runs statements (each in its own transaction); gives the rows as lines, columns split by tabs."""
        return self._ask(text, database or self.database, "-N").strip("\n")

    def rows(self, query, database=None):
        """The rows of one query: lists of texts as the client prints them (\\n, \\t and \\\\ escaped); NULL is None."""
        said = self._ask(query, database or self.database, "-N")
        return [[None if cell == "NULL" else cell for cell in line.split("\t")] for line in said.split("\n")[:-1]]
