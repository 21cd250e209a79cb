"""DuckDB's C library through ctypes: statements without results."""
import ctypes


class Result(ctypes.Structure):
    _fields_ = [("columns", ctypes.c_uint64), ("rows", ctypes.c_uint64), ("changed", ctypes.c_uint64),
                ("column", ctypes.c_void_p), ("error", ctypes.c_char_p), ("internal", ctypes.c_void_p)]


class Duck:
    def __init__(self, library):
        self.lib = ctypes.CDLL(library)
        self.lib.duckdb_result_error.restype = ctypes.c_char_p
        self.database, self.connection = ctypes.c_void_p(), ctypes.c_void_p()
        assert self.lib.duckdb_open(None, ctypes.byref(self.database)) == 0
        assert self.lib.duckdb_connect(self.database, ctypes.byref(self.connection)) == 0
        self.run("set threads = 2")
        self.run("set preserve_insertion_order = false")

    def run(self, sql):
        result = Result()
        if self.lib.duckdb_query(self.connection, sql.encode(), ctypes.byref(result)) != 0:
            raise SystemExit("%s\n%s" % (sql, (self.lib.duckdb_result_error(ctypes.byref(result)) or b"?").decode()))
        self.lib.duckdb_destroy_result(ctypes.byref(result))

    def close(self):
        self.lib.duckdb_disconnect(ctypes.byref(self.connection))
        self.lib.duckdb_close(ctypes.byref(self.database))
