#!/usr/bin/env python3
"""DuckDB's own scanner extensions, through the C library: the peer of bench/run's loads.

    scanner.py LIBRARY EXTENSIONS DATABASE.duckdb STATEMENTS.sql

Runs the statements, one after the other. "-- NAME: select ..." keeps one value, which stands for {NAME} later: a bound
that the scanner can hand to the server. Nothing of Python takes part in the work but the one call a statement.
"""
import ctypes
import sys


class Result(ctypes.Structure):
    _fields_ = [("columns", ctypes.c_uint64), ("rows", ctypes.c_uint64), ("changed", ctypes.c_uint64),
                ("column", ctypes.c_void_p), ("error", ctypes.c_char_p), ("internal", ctypes.c_void_p)]


def main():
    library, extensions, database, path = sys.argv[1:]
    duck = ctypes.CDLL(library)
    duck.duckdb_result_error.restype = duck.duckdb_value_varchar.restype = ctypes.c_char_p
    duck.duckdb_value_varchar.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64]
    values = {}
    handle, connection, result = ctypes.c_void_p(), ctypes.c_void_p(), Result()
    assert duck.duckdb_open(database.encode(), ctypes.byref(handle)) == 0, "cannot open " + database
    assert duck.duckdb_connect(handle, ctypes.byref(connection)) == 0
    with open(path, encoding="utf-8") as file:
        statements = ["set extension_directory = '%s'" % extensions] + file.read().split(";\n")
    for text in statements:
        if not text.strip():
            continue
        name, _, rest = text.strip().partition(":")
        is_value = name.startswith("-- ")
        text = rest if is_value else text
        for key, value in values.items():
            text = text.replace("{%s}" % key, value)
        if duck.duckdb_query(connection, text.encode(), ctypes.byref(result)) != 0:
            sys.exit("%s\n%s" % (text, (duck.duckdb_result_error(ctypes.byref(result)) or b"?").decode()))
        if is_value:
            values[name[3:]] = duck.duckdb_value_varchar(ctypes.byref(result), 0, 0).decode()
        duck.duckdb_destroy_result(ctypes.byref(result))
    duck.duckdb_disconnect(ctypes.byref(connection))
    duck.duckdb_close(ctypes.byref(handle))


if __name__ == "__main__":
    main()
