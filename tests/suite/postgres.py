"""A Postgres for the corpus: one server for all cases, a database of its own for each.

`Place` is what observe.observe() runs a case in when the case is not run on DuckDB: it makes the database, writes the
profile, names what the program's environment has, and reads the tables. The server is started by the first case that
needs it and ends with this process.

Tables are read by libpq, called through ctypes: no module needs to be installed, and neither program is asked to judge
its own work. Every value is cast to text by the server.
"""
import atexit
import ctypes
import ctypes.util
import json
import os
import re
import threading

import servers

# What a profile of the corpus says of DuckDB, in one line or several.
FLOW = re.compile(r"\{type: duckdb, path: [^,}]*,?\s*([^}]*)\}")
TOP = re.compile(r"^\w", re.M)
OUTPUT = ("{type: postgres, host: \"{{ env_var('PGHOST') }}\", port: \"{{ env_var('PGPORT') | as_number }}\", "
          "user: \"{{ env_var('PGUSER') }}\", password: \"{{ env_var('PGPASSWORD') }}\", "
          "dbname: \"{{ env_var('PGDATABASE') }}\", %s}")

_lock = threading.Lock()
_server = None


def missing():
    """Why there is no Postgres here, or None."""
    return servers.missing(servers.Postgres) or (None if _library_name() else "libpq is not installed")


def server():
    """The one server, started when first asked for."""
    global _server
    with _lock:
        if _server is None:
            one = servers.Postgres(settings={"autovacuum": "off", "shared_buffers": "64MB"})
            one.__enter__()
            atexit.register(one.close)
            one.sql("alter role %s createrole createdb" % one.login, database="postgres")
            _server = one
        return _server


def profile(text):
    """The profiles.yml of a DuckDB project with Postgres in the place of DuckDB."""
    def output(found):
        rest = found.group(1)
        return OUTPUT % (rest if "schema:" in rest else ("schema: main, " + rest).rstrip(", "))
    out, count = FLOW.subn(output, text)
    assert count and "duckdb" not in out, "a profile of this form needs one in on_postgres/:\n" + text
    return out


class Place:
    """Where a case runs: a database with the case's name."""
    name = "postgres"

    def __init__(self, case):
        self.server = server()
        self.database = "case_" + case
        self.server.sql("drop database if exists %s with (force)" % self.database, database="postgres", is_split=True)
        self.server.sql("create database %s owner %s" % (self.database, self.server.login), database="postgres",
                        is_split=True)
        self.env = {**self.server.describe()["env"], "PGDATABASE": self.database}

    def prepare(self, project):
        """Changes the profile of the copy, unless it is for Postgres as it stands."""
        path = os.path.join(project, "profiles.yml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(profile(text) if "duckdb" in text else text)

    def read(self, project, patterns=()):
        """What tables.read() gives for DuckDB: {relation: {kind, columns, rows, ...}}; `patterns` have no meaning here."""
        try:
            connection = Connection(self.server.host, self.server.port, self.database, self.server.login,
                                    self.server.password)
            try:
                return _all(connection, self.database)
            finally:
                connection.close()
        except RuntimeError as problem:
            return {"!error": str(problem)}

    def close(self):
        self.server.sql("drop database if exists %s with (force)" % self.database, database="postgres", is_split=True)


# ---- libpq ----

def _library_name():
    return ctypes.util.find_library("pq")


_libpq = None


def _load():
    global _libpq
    with _lock:
        if _libpq is None:
            lib = ctypes.CDLL(_library_name())
            for name, result, arguments in (
                    ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]), ("PQstatus", ctypes.c_int, [ctypes.c_void_p]),
                    ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]), ("PQfinish", None, [ctypes.c_void_p]),
                    ("PQexec", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p]),
                    ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]), ("PQclear", None, [ctypes.c_void_p]),
                    ("PQntuples", ctypes.c_int, [ctypes.c_void_p]), ("PQnfields", ctypes.c_int, [ctypes.c_void_p]),
                    ("PQgetisnull", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
                    ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int])):
                function = getattr(lib, name)
                function.restype, function.argtypes = result, arguments
            _libpq = lib
        return _libpq


class Connection:
    """One connection; rows() gives a query's rows as lists of texts, NULL as None."""

    def __init__(self, host, port, database, user, password):
        self.lib = _load()
        words = "host=%s port=%d dbname=%s user=%s password=%s options='-c timezone=UTC -c datestyle=ISO'" % (
            host, port, database, user, password)
        self.connection = self.lib.PQconnectdb(words.encode())
        if self.lib.PQstatus(self.connection) != 0:
            problem = self.lib.PQerrorMessage(self.connection).decode(errors="replace")
            self.close()
            raise RuntimeError(problem)

    def close(self):
        self.lib.PQfinish(self.connection)

    def rows(self, sql):
        lib = self.lib
        result = lib.PQexec(self.connection, sql.encode())
        try:
            if lib.PQresultStatus(result) not in (1, 2):
                raise RuntimeError(lib.PQerrorMessage(self.connection).decode(errors="replace"))
            return [[None if lib.PQgetisnull(result, row, column)
                     else lib.PQgetvalue(result, row, column).decode(errors="replace")
                     for column in range(lib.PQnfields(result))] for row in range(lib.PQntuples(result))]
        finally:
            lib.PQclear(result)


# ---- relations ----

RELATIONS = """
select c.oid, n.nspname, c.relname,
       case c.relkind when 'r' then 'table' when 'p' then 'table' when 'v' then 'view' else 'materialized view' end,
       c.relpersistence = 'u', pg_catalog.obj_description(c.oid, 'pg_class'),
       (select pg_catalog.json_agg(pg_catalog.json_build_array(a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                                   order by a.attnum)
        from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
       (select pg_catalog.json_object_agg(a.attname, pg_catalog.col_description(c.oid, a.attnum) order by a.attnum)
        from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and pg_catalog.col_description(c.oid, a.attnum) is not null),
       (select pg_catalog.json_agg(a.attname order by a.attname) from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and a.attnotnull and not a.attisdropped),
       (select pg_catalog.json_agg(definition order by definition)
        from (select pg_catalog.regexp_replace(pg_catalog.pg_get_indexdef(i.indexrelid), 'INDEX .* ON', 'INDEX ON')
              from pg_catalog.pg_index i where i.indrelid = c.oid) as x (definition)),
       (select pg_catalog.json_agg(definition order by definition)
        from (select pg_catalog.pg_get_constraintdef(o.oid) from pg_catalog.pg_constraint o where o.conrelid = c.oid)
             as x (definition)),
       (select pg_catalog.json_agg(g order by g)
        from (select pg_catalog.format('%s to %s', x.privilege_type, x.grantee::pg_catalog.regrole)
              from pg_catalog.aclexplode(c.relacl) x where x.grantee <> c.relowner) as y (g))
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema'
order by n.nspname, c.relname
"""
SCHEMAS = ("select nspname from pg_catalog.pg_namespace where nspname not like 'pg\\_%' "
           "and nspname <> 'information_schema' order by 1")


def _name(*parts):
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def _all(connection, database):
    out = {"!schemas": ["%s.%s" % (database, row[0]) for row in connection.rows(SCHEMAS)]}
    for (_, schema, name, kind, is_unlogged, comment, columns, comments, required, indexes, constraints,
         grants) in connection.rows(RELATIONS):
        columns = json.loads(columns or "[]")
        one = {"kind": kind, "columns": columns}
        more = {"comment": comment, "is_unlogged": is_unlogged == "t" or None,
                **{key: json.loads(text) if text else None for key, text in (
                    ("comments", comments), ("not_null", required), ("indexes", indexes), ("constraints", constraints),
                    ("grants", grants))}}
        one.update({key: value for key, value in more.items() if value})
        texts = ", ".join("%s::pg_catalog.text" % _name(column) for column, _ in columns)
        try:
            rows = connection.rows("select %s from %s" % (texts, _name(schema, name)))
            one["rows"] = sorted(rows, key=json.dumps)
        except RuntimeError as problem:
            one["error"] = str(problem).split("\n")[0]
        out["%s.%s.%s" % (database, schema, name)] = one
    return out
