"""All rows of all relations of the DuckDB files in a folder.

Used two ways: `read(folder)` starts this file as a child process, so that a crash in the engine is a
failed case and not a dead runner; as a program, `tables.py ENGINE FOLDER`, it prints JSON.
The engine is DuckDB's own C library, called through ctypes: no module needs to be installed, and
weir is not asked to judge its own work. Every value is cast to text by the engine.
"""
import ctypes
import glob
import json
import os
import subprocess
import sys

_engine = None


def find_engine(weir=None, given=None):
    """Path of libduckdb.so: given, $WEIR_ENGINE_LIBRARY, beside the program, or in its parents."""
    global _engine
    if given:
        _engine = os.path.abspath(given)
    if _engine:
        return _engine
    places = [os.environ.get("WEIR_ENGINE_LIBRARY", "")]
    folder = os.path.dirname(os.path.abspath(weir)) if weir else os.getcwd()
    for top in (folder, os.path.dirname(folder)):
        places += sorted(glob.glob(top + "/libduckdb.so"))
        places += sorted(glob.glob(top + "/*/libduckdb.so"))
        places += sorted(glob.glob(top + "/*/*/libduckdb.so"))
        places += sorted(glob.glob(top + "/*/*/*/libduckdb.so"))
    for place in places:
        if place and os.path.exists(place):
            _engine = os.path.abspath(place)
            return _engine
    raise SystemExit("tests: libduckdb.so not found; name it by --engine or $WEIR_ENGINE_LIBRARY")


def read(folder, patterns=()):
    """{relation: {kind, columns: [[name, type]], rows: [[text or None]]}} of folder/*.duckdb,
    and of the files that `patterns` name. On failure {"!error": text}."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), find_engine(), folder, *patterns],
                          capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        return {"!error": "reading tables failed (%d): %s" % (done.returncode, done.stderr[-2000:])}
    return json.loads(done.stdout)


def query(folder, sql):
    """Rows of a query over all databases of a folder, as texts; the files are attached by their stems."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), find_engine(), folder, "--query", sql],
                          capture_output=True, text=True, timeout=300, cwd=folder)
    assert done.returncode == 0, "query failed: %s\n%s" % (sql, done.stderr[-2000:])
    return json.loads(done.stdout)


class _Result(ctypes.Structure):
    _fields_ = [("columns", ctypes.c_uint64), ("rows", ctypes.c_uint64), ("changed", ctypes.c_uint64),
                ("column", ctypes.c_void_p), ("error", ctypes.c_char_p), ("internal", ctypes.c_void_p)]


class Connection:
    """One in-memory DuckDB with the files of a folder attached read-only."""

    def __init__(self, engine):
        lib = ctypes.CDLL(engine)
        lib.duckdb_value_varchar.restype = ctypes.c_void_p
        lib.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
        lib.duckdb_column_count.restype = ctypes.c_uint64
        lib.duckdb_row_count.restype = ctypes.c_uint64
        lib.duckdb_result_error.restype = ctypes.c_char_p
        lib.duckdb_free.argtypes = [ctypes.c_void_p]
        self.lib = lib
        self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()
        assert lib.duckdb_open(None, ctypes.byref(self.database)) == 0
        assert lib.duckdb_connect(self.database, ctypes.byref(self.connection)) == 0

    def rows(self, sql):
        result = _Result()
        lib = self.lib
        if lib.duckdb_query(self.connection, sql.encode(), ctypes.byref(result)) != 0:
            raise RuntimeError((lib.duckdb_result_error(ctypes.byref(result)) or b"?").decode(errors="replace"))
        out = []
        width = lib.duckdb_column_count(ctypes.byref(result))
        for row in range(lib.duckdb_row_count(ctypes.byref(result))):
            line = []
            for column in range(width):
                at = lib.duckdb_value_varchar(ctypes.byref(result), column, row)
                line.append(ctypes.string_at(at).decode(errors="replace") if at else None)
                lib.duckdb_free(at)
            out.append(line)
        lib.duckdb_destroy_result(ctypes.byref(result))
        return out


def _name(*parts):
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def _relation(connection, source):
    columns = [[row[0], row[1]] for row in connection.rows("describe select * from " + source)]
    texts = ", ".join("cast(%s as varchar)" % _name(column) for column, _ in columns)
    rows = connection.rows("select %s from %s" % (texts, source))
    return {"columns": columns, "rows": sorted(rows, key=lambda row: json.dumps(row))}


def _open(engine, folder):
    connection = Connection(engine)
    connection.rows("set TimeZone = 'UTC'")
    for path in sorted(glob.glob(os.path.join(folder, "*.duckdb"))):
        stem = os.path.basename(path)[:-len(".duckdb")]
        connection.rows("attach '%s' as %s (read_only)" % (path.replace("'", "''"), _name(stem)))
    return connection


def _all(engine, folder, patterns):
    connection = _open(engine, folder)
    out = {}
    found = connection.rows(
        "select database_name, schema_name, table_name, 'table' from duckdb_tables() where not internal union all "
        "select database_name, schema_name, view_name, 'view' from duckdb_views() where not internal order by all")
    for database, schema, name, kind in found:
        try:
            got = _relation(connection, _name(database, schema, name))
        except RuntimeError as problem:
            got = {"error": str(problem).split("\n")[0]}
        out["%s.%s.%s" % (database, schema, name)] = dict(got, kind=kind)
    for schema in connection.rows("select database_name || '.' || schema_name from duckdb_schemas() "
                                  "where not internal and database_name <> 'memory' order by 1"):
        out.setdefault("!schemas", []).append(schema[0])
    for pattern in patterns:
        for path in sorted(glob.glob(os.path.join(folder, pattern))):
            if os.path.basename(path).startswith("tmp_"):   # where COPY writes before it renames; a kill leaves it
                continue                                     # to the next COPY, as kill.py checks by list_files()
            name = os.path.relpath(path, folder)
            if path.endswith(".parquet"):
                out["file:" + name] = _relation(connection, "'%s'" % path.replace("'", "''"))
            else:
                with open(path, encoding="utf-8", errors="replace") as file:
                    out["file:" + name] = {"text": file.read()}
    return out


if __name__ == "__main__":
    if sys.argv[3:4] == ["--query"]:
        json.dump(_open(sys.argv[1], sys.argv[2]).rows(sys.argv[4]), sys.stdout)
        sys.exit()
    json.dump(_all(sys.argv[1], sys.argv[2], sys.argv[3:]), sys.stdout)
