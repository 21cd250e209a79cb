# Runs one model in the user's Python and talks with weir over a socket. Both sides send frames: a letter, a length
# (8 bytes), the payload.
#
#   to weir    D sql       what columns has it?            -> T types (JSON), then the schema as an Arrow message; E
#              O sql       its rows                        -> K number of the stream; E
#              N number    the next batch                  -> B, then the batch as an Arrow message; Z the end; E
#              C number    no more of them
#              W {name, statements}   rows follow          (A, A, ... then K or E)
#              A bytes     a piece of the stream of rows
#              X text      the model failed                Q    it is done
import json
import linecache
import os
import re
import struct
import sys
import threading
import traceback
import types

import weir_arrow as arrow

# Words of types that do not travel as they are: their text does, and the other side casts it back.
STRANGE = {"ENUM", "MAP", "UNION", "HUGEINT", "UHUGEINT", "BIT", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "BIGNUM",
           "VARIANT", "GEOMETRY", "TIME_NS", "TIMETZ"}
ROWS = "__weir_rows__"           # in a statement: the rows; and a select of none of them
NO_ROWS = "__weir_no_rows__"


class Refused(Exception):
    """weir's answer to a query that cannot be run."""


class Wire:
    """The socket. One question and its answer at a time, whichever thread asks."""

    def __init__(self, sock):
        self.sock, self.lock = sock, threading.RLock()

    def take(self, size):
        data = bytearray(size)
        view = memoryview(data)
        at = 0
        while at < size:
            got = self.sock.recv_into(view[at:])
            if not got:
                os._exit(1)                         # weir is no more: nobody would read what we print
            at += got
        return data

    def send(self, letter, *pieces):
        size = sum(len(piece) for piece in pieces)
        self.sock.sendall(struct.pack("<cQ", letter, size))
        for piece in pieces:
            if len(piece):
                self.sock.sendall(piece)

    def answer(self):
        letter, size = struct.unpack("<cQ", self.take(9))
        payload = bytes(self.take(size))
        if letter == b"E":
            raise Refused(payload.decode())
        return letter, payload

    def ask(self, letter, payload):
        with self.lock:
            self.send(letter, payload)
            return self.answer()


def quoted(name):
    return '"%s"' % name.replace('"', '""')


def words_of(kind):
    """The words of a type in SQL, without the names of a struct's members that are quoted."""
    kind = re.sub(r'"([^"]|"")*"|\'([^\']|\'\')*\'', " ", kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"))
    return set(re.findall(r"[A-Za-z_]\w*|\[\d+\]", kind.replace("TIME WITH TIME ZONE", "TIMETZ")))


def travels(kind):
    """Whether values of a type are sent as they are. Arrays of a fixed length are not."""
    words = words_of(kind)
    return not words & STRANGE and not any(word.startswith("[") for word in words)


def is_same(kind):
    """Whether they arrive as what they were: DuckDB hands over UUIDs and JSON as texts."""
    return travels(kind) and not words_of(kind) & {"UUID", "JSON"}


def alone(work):
    """Calls a function while what is not loaded cannot be: DuckDB would load pyarrow, numpy and pandas, a second's work,
    for what it does as well without them."""
    hidden = [name for name in ("numpy", "pandas", "polars", "pyarrow") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        return work()
    finally:
        for name in hidden:
            sys.modules.pop(name, None)


class Remote:
    """The rows of a query that weir runs. Each use asks for them anew; what is not used is never sent."""

    def __init__(self, wire, sql):
        self.wire, self.sql = wire, sql
        with wire.lock:
            wire.send(b"D", sql.encode())
            self.types = json.loads(wire.answer()[1])
            self.fields = arrow.read_schema(wire.take)

    def __arrow_c_stream__(self, requested_schema=None):
        return arrow.export(self.fields, self.batches)

    def batches(self):
        number = self.wire.ask(b"O", self.sql.encode())[1]
        try:
            while True:
                with self.wire.lock:
                    self.wire.send(b"N", number)
                    if self.wire.answer()[0] == b"Z":
                        return
                    batch = arrow.read_batch(self.fields, self.wire.take)
                yield batch
        finally:
            with self.wire.lock:
                self.wire.send(b"C", number)

    def select(self, source):
        """A query that gives the columns their own types back."""
        columns = []
        for field, kind in zip(self.fields, self.types):
            name = quoted(field.name)
            columns.append(name if is_same(kind) else "cast(%s as %s) as %s" % (name, kind, name))
        return "select %s from %s" % (", ".join(columns), source)


# --- rows without DuckDB --------------------------------------------------------------------------

class Rows:
    """What dbt.ref() gives where Python has no duckdb: the names of a DuckDB relation that need none."""

    def __init__(self, remote):
        self._remote = remote

    def __getattr__(self, name):
        raise AttributeError("dbt.ref() and session.sql() give relations of duckdb, with .%s, where Python has duckdb; "
                             "%s has not: `pip install duckdb`" % (name, sys.executable))

    @property
    def columns(self):
        return [field.name for field in self._remote.fields]

    @property
    def types(self):
        return list(self._remote.types)

    def __arrow_c_stream__(self, requested_schema=None):
        return self._remote.__arrow_c_stream__(requested_schema)

    def __iter__(self):
        for _, arrays in self._remote.batches():
            columns = [arrow.values_of(field, array) for field, array in zip(self._remote.fields, arrays)]
            yield from zip(*columns)

    def fetchall(self):
        return list(self)

    def fetchone(self):
        return next(iter(self), None)

    def to_pydict(self):
        rows = self.fetchall()
        return {name: [row[i] for row in rows] for i, name in enumerate(self.columns)}

    def to_pylist(self):
        return [dict(zip(self.columns, row)) for row in self]

    to_dicts = to_pylist

    def to_df(self):
        import pandas
        return pandas.DataFrame(self.to_pydict(), columns=self.columns)

    df = fetchdf = to_pandas = to_df

    def pl(self):
        import polars
        return polars.DataFrame(self)

    to_polars = pl

    def to_arrow_table(self):
        import pyarrow
        return pyarrow.table(self)

    arrow = fetch_arrow_table = to_arrow_table

    def to_arrow_reader(self, *_):
        import pyarrow
        return pyarrow.RecordBatchReader.from_stream(self)

    fetch_record_batch = to_arrow_reader


class PlainSession:
    """`session` where Python has no duckdb: queries run in weir."""

    def __init__(self, wire, _settings):
        self._wire = wire

    def sql(self, query, *_, **__):
        return Rows(Remote(self._wire, query))

    query = execute = from_query = sql

    def table(self, name):
        return self.sql("select * from " + name)

    view = table

    def weir_columns(self, rows):
        """(fields, generator of batches, types to cast to or None) of what a model has returned."""
        if isinstance(rows, Rows):
            return rows._remote.fields, rows._remote.batches(), rows._remote.types
        columns = columns_of(rows)
        pairs = [arrow.listed(name, values) for name, values in columns.items()]
        count = len(next(iter(columns.values()), ()))
        batch = (count, [array for _, array in pairs])
        return [field for field, _ in pairs], iter([batch] if count else []), None

    def close(self):
        pass


def _known(value):
    """NaN of floats stays; pandas' NaT and NA are no values."""
    return None if value is None or type(value).__name__ in ("NaTType", "NAType") else value


def columns_of(rows):
    """{name: list} of a table of any of the known kinds."""
    if hasattr(rows, "collect") and hasattr(rows, "collect_schema"):        # polars, lazy
        rows = rows.collect()
    if hasattr(rows, "read_all"):                                           # pyarrow's readers
        rows = rows.read_all()
    if hasattr(rows, "to_table"):                                           # and data sets
        rows = rows.to_table()
    if hasattr(rows, "to_pydict"):                                          # pyarrow
        return dict(rows.to_pydict())
    if hasattr(rows, "to_dicts") and hasattr(rows, "columns"):              # polars
        return {name: rows[name].to_list() for name in rows.columns}
    if hasattr(rows, "iloc"):                                               # pandas
        return {str(name): [_blank(rows[name], value) for value in rows[name].tolist()] for name in rows.columns}
    if isinstance(rows, dict):
        lengths = {len(values) for values in rows.values()}
        if len(lengths) > 1:
            raise TypeError("the lists of a dict differ in length: %s" % sorted(lengths))
        return {str(name): list(values) for name, values in rows.items()}
    if isinstance(rows, (list, tuple)) and all(isinstance(row, dict) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return {str(name): [row.get(name) for row in rows] for name in names}
    raise TypeError("a model returns a DataFrame of pandas or polars, a table of pyarrow, a relation of duckdb, a dict "
                    "of lists or a list of dicts; this one returned %s" % type(rows).__name__)


def _blank(series, value):
    """pandas writes NULLs of texts and the like as NaN."""
    value = _known(value)
    if isinstance(value, float) and value != value and str(series.dtype) in ("object", "str", "string"):
        return None
    return value.to_pydatetime() if hasattr(value, "to_pydatetime") else value


# --- rows with DuckDB -----------------------------------------------------------------------------

TABLES = r'(?i)\b(from|join|into|update)\s+((?:"[^"]+"|\w+)(?:\.(?:"[^"]+"|\w+))*)'


class Session:
    """A DuckDB connection of this process that also knows weir's database.

    A query over tables of that database alone runs in weir, and only its result is sent. In any other query they are
    views over their rows, which are sent when they are read.
    """

    def __init__(self, wire, settings):
        import duckdb
        self._weir_duckdb, self._weir_wire = duckdb, wire
        self._weir_con = con = duckdb.connect()
        self._weir_reader = duckdb.connect(config={"threads": 1})       # finds names in queries, and nothing else
        self._weir_reader.execute("set python_enable_replacements = false")
        self._weir_count, self._weir_mounted, self._weir_kept = 0, {}, []
        folder = settings["scratch"]
        con.execute("set temp_directory = '%s'" % folder.replace("'", "''"))
        con.execute("set python_scan_all_frames = true")    # this class stands between the user's frame and DuckDB
        self._weir_database, self._weir_schema = settings["database"], settings["schema"]
        self._weir_add_schema(self._weir_database, self._weir_schema)
        con.execute("use %s.%s" % (quoted(self._weir_database), quoted(self._weir_schema)))

    def __getattr__(self, name):
        return getattr(self._weir_con, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return False

    def _weir_add_schema(self, database, schema):
        con = self._weir_con
        known = [row[0].lower() for row in con.sql("select database_name from duckdb_databases()").fetchall()]
        if database.lower() not in known:
            con.execute("attach ':memory:' as %s" % quoted(database))
        con.execute("create schema if not exists %s.%s" % (quoted(database), quoted(schema)))

    def _weir_register(self, remote):
        """A name under which this connection sees a Remote."""
        self._weir_count += 1
        name = "__weir_%d" % self._weir_count
        alone(lambda: self._weir_con.register(name, remote))
        self._weir_kept.append(remote)
        return name

    def _weir_is_local(self, name):
        text = name.rsplit(".", 1)[-1].strip('"')
        if name.lower() in self._weir_mounted:
            return False
        found = self._weir_con.sql(
            "select count(*) from (select table_name as n from duckdb_tables() union all "
            "select view_name from duckdb_views() where not internal) where lower(n) = lower('%s')"
            % text.replace("'", "''")).fetchone()[0]
        mounted = sum(1 for other in self._weir_mounted if other.rsplit(".", 1)[-1].strip('"') == text.lower())
        return found > mounted

    def _weir_names(self, sql):
        """The tables of a query that are not this connection's own; None: it is no plain query."""
        duckdb = self._weir_duckdb
        try:
            statements = self._weir_reader.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                return None, set()
            names = self._weir_reader.get_table_names(sql, qualified=True)
        except duckdb.Error:
            return None, set()
        return names, {name for name in names if self._weir_is_local(name)}

    def _weir_remote(self, sql):
        """The query as one that weir runs, or None."""
        names, local = self._weir_names(sql)
        if not names or local:
            return None
        try:
            return Remote(self._weir_wire, sql)
        except Refused:
            return None

    def _weir_mount(self, name):
        """Makes a view of a table of weir's database, unless there is none."""
        if name.lower() in self._weir_mounted or self._weir_is_local(name):
            return
        try:
            remote = Remote(self._weir_wire, "select * from " + name)
        except Refused:
            return
        parts = [part.strip('"') for part in split_name(name)]
        parts = [self._weir_database, self._weir_schema][:3 - len(parts)] + parts if len(parts) < 3 else parts
        if len(parts) == 3:
            self._weir_add_schema(parts[0], parts[1])
            view = ".".join(quoted(part) for part in parts)
            source = "temp.main.%s" % self._weir_register(remote)
            self._weir_con.execute("create or replace view %s as %s" % (view, remote.select(source)))
            self._weir_mounted[name.lower()] = remote

    def _weir_mount_all(self, sql):
        names = self._weir_names(sql)[0]
        if names is None:                       # no select alone: what stands where tables stand
            names = {name for _, name in re.findall(TABLES, sql)}
        for name in sorted(names):
            self._weir_mount(name)

    def _weir_prepare(self, sql, params):
        """What this connection runs for a query of the user's."""
        if not isinstance(sql, str):
            return sql
        if params is None:
            remote = self._weir_remote(sql)
            if remote is not None:
                return remote.select("temp.main.%s" % self._weir_register(remote))
        self._weir_mount_all(sql)
        return sql

    def sql(self, query, *args, **kwargs):
        return self._weir_con.sql(self._weir_prepare(query, kwargs.get("params")), *args, **kwargs)

    def query(self, query, *args, **kwargs):
        return self._weir_con.query(self._weir_prepare(query, kwargs.get("params")), *args, **kwargs)

    def from_query(self, query, *args, **kwargs):
        return self._weir_con.from_query(self._weir_prepare(query, kwargs.get("params")), *args, **kwargs)

    def execute(self, query, parameters=None, **kwargs):
        prepared = self._weir_prepare(query, parameters)
        if parameters is None:
            self._weir_con.execute(prepared, **kwargs)
        else:
            self._weir_con.execute(prepared, parameters, **kwargs)
        return self

    def executemany(self, query, parameters=None, **kwargs):
        self._weir_mount_all(query)
        self._weir_con.executemany(query, parameters, **kwargs)
        return self

    def table(self, name):
        self._weir_mount(name)
        return self._weir_con.table(name)

    def view(self, name):
        self._weir_mount(name)
        return self._weir_con.view(name)

    def cursor(self):
        return self

    def weir_columns(self, rows):
        duckdb = self._weir_duckdb
        if isinstance(rows, Session):                       # session.execute(...) itself
            rows = rows._weir_con.fetch_arrow_table()
        if not isinstance(rows, duckdb.DuckDBPyRelation):
            if type(rows).__module__.startswith("pyarrow"):
                import pyarrow.dataset                      # duckdb does not load it, but needs it
            name = "__weir_result"
            own = self._weir_con.cursor()       # the rows may come from a query that runs on the connection itself
            try:
                own.register(name, rows)
            except (duckdb.Error, ImportError):
                if not hasattr(rows, "__arrow_c_stream__"):
                    raise
                own.register(name, Foreign(rows))
            self._weir_kept.append(own)
            rows = own.sql("select * from temp.main." + name)
        types = [str(kind) for kind in rows.types]
        columns = []
        for name, kind in zip(rows.columns, types):
            columns.append(quoted(name) if travels(kind) else "cast(%s as varchar) as %s" % (quoted(name), quoted(name)))
        if any(column.startswith("cast(") for column in columns):
            rows = rows.project(", ".join(columns))
        source = alone(lambda: arrow.Imported(rows))
        return source.fields, source.batches(), types

    def close(self):
        self._weir_con.close()


class Foreign:
    """Only the capsule of something, so that DuckDB does not take it for what it does not know."""

    def __init__(self, source):
        self.source = source

    def __arrow_c_stream__(self, requested_schema=None):
        return self.source.__arrow_c_stream__()


def split_name(name):
    """Parts of a dotted name, quotes kept."""
    parts, part, inside = [], "", False
    for letter in name:
        inside ^= letter == '"'
        if letter == "." and not inside:
            parts.append(part)
            part = ""
        else:
            part += letter
    return parts + [part]


# --- writing --------------------------------------------------------------------------------------

class Database:
    """What `materialize` of the model's code gets: writes rows to the table that weir is to build."""

    def __init__(self, wire, session):
        self.wire, self.session = wire, session

    def write(self, rows, statements):
        fields, batches, types = self.session.weir_columns(rows)
        if not fields:
            raise TypeError("the model has returned a table without columns")
        name = "__weir_python_rows"
        casts, nulls = [], []
        for field, kind in zip(fields, types or [None] * len(fields)):
            column = quoted(field.name)
            casts.append(column if not kind or is_same(kind) else "cast(%s as %s) as %s" % (column, kind, column))
            nulls.append("cast(null as %s) as %s" % (kind or "varchar", column))
        some = "(select %s from %s)" % (", ".join(casts), name)
        none = "(select %s where false)" % ", ".join(nulls)
        job = {"name": name, "statements": [text.replace(ROWS, some).replace(NO_ROWS, none) for text in statements]}
        with self.wire.lock:
            self.wire.send(b"W", json.dumps(job).encode())
            self.wire.send(b"A", arrow.schema_message(fields))
        for count, arrays in batches:
            pieces = list(arrow.batch_messages(count, arrays))
            with self.wire.lock:
                self.wire.send(b"A", *pieces)
        with self.wire.lock:
            self.wire.send(b"A", arrow.END)
            self.wire.answer()


# --- running --------------------------------------------------------------------------------------

def users_frames(report, path, last_line):
    """The report without the frames of weir's own code."""
    while report is not None:
        kept = [frame for frame in report.stack
                if not frame.filename.startswith("<weir") and not (frame.filename == path and frame.lineno > last_line)]
        report.stack[:] = kept
        users_frames(report.__context__, path, last_line)
        report = report.__cause__


def explain(error, path, last_line):
    report = traceback.TracebackException.from_exception(error)
    users_frames(report, path, last_line)
    return "".join(report.format()).rstrip("\n")


def load_module(job):
    """The user's code as a module: its lines are those of the user's file."""
    path, first = job["file"], job["first_line"]
    text = "\n" * (first - 1) + job["code"]
    linecache.cache[path] = (len(text), None, [line + "\n" for line in text.split("\n")[:job["last_line"]]], path)
    module = types.ModuleType(job["name"])
    module.__file__ = path
    exec(compile(text, path, "exec"), module.__dict__)
    return module


def work(wire, job):
    try:
        import duckdb                                       # noqa: F401
        session = Session(wire, job["settings"])
    except ImportError:
        session = PlainSession(wire, job["settings"])
    if "asyncio" in job["code"]:
        import asyncio
        asyncio.set_event_loop(asyncio.new_event_loop())
    module = load_module(job)
    dbt = module.dbtObj(lambda name: session.query("select * from %s" % name))
    rows = module.model(dbt, session)
    module.materialize(rows, Database(wire, session))
    session.close()


def die_with_parent():
    """The kernel ends us when weir goes, however it goes."""
    try:
        import ctypes
        import signal
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    except (OSError, AttributeError):
        pass


def run(sock, job):
    die_with_parent()
    sys.path[1:1] = job["settings"].get("module_paths") or []
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
    wire = Wire(sock)
    try:
        work(wire, job)
        end = (b"Q", b"")
    except BaseException as error:                          # SystemExit and the like end the model, not us
        end = (b"X", explain(error, job["file"], job["last_line"]).encode(errors="replace"))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    wire.send(*end)
    os._exit(0)                                             # threads and finalizers of libraries may wait for ever
