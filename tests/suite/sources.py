"""What the suites about databases share: servers that stand for the whole run, a database for each case, and the differential.

    place = database("postgres")              a database of its own on the server that all cases share
    same(made, place, "orders", "shop.orders") counts and checksums of every column in every range of the key, on both sides
"""
import atexit
import copy
import itertools
import threading

from servers import MariaDb, Postgres, S3, mixed

KINDS = {"postgres": Postgres, "mysql": MariaDb}
CONNECTION = """connections:
  src: {type: %s, host: "{{ env_var('SRC_HOST') }}", port: "{{ env_var('SRC_PORT') }}", user: "{{ env_var('SRC_USER') }}",
        password: "{{ env_var('SRC_PASSWORD') }}", database: "{{ env_var('SRC_DATABASE') }}"}
"""
_shared, _lock, _number = {}, threading.Lock(), itertools.count(1)


def shared(make):
    """The one server of its kind that the cases share."""
    with _lock:
        if make not in _shared:
            server = make()
            atexit.register(server.close)
            _shared[make] = server.start()
        return _shared[make]


def database(kind):
    """A database of its own on the shared server: sql(), rows() and describe() are about it."""
    return inside(shared(KINDS[kind]))


def inside(server):
    place = copy.copy(server)
    place.database = "case_%d" % next(_number)
    if isinstance(server, Postgres):
        server.sql("create database %s owner %s" % (place.database, server.login), database="postgres", is_split=True)
    else:
        server.sql("create database " + place.database)
    return place


def lake():
    """The shared S3 server and its environment."""
    server = shared(S3)
    return server, server.describe()["env"]


def environment(place, prefix="SRC"):
    return {prefix + "_HOST": place.host, prefix + "_PORT": str(place.port), prefix + "_USER": place.login,
            prefix + "_PASSWORD": place.password, prefix + "_DATABASE": place.database}


def kind_of(place):
    return "postgres" if isinstance(place, Postgres) else "mysql"


# ---- the differential ----

# Each column as the same text on the three sides; {c} is the column.
_MIXED = {
    "id": ("{c}::text", "cast({c} as char)", "{c}::varchar"),
    "small": ("{c}::text", "cast({c} as char)", "{c}::varchar"),
    "amount": ("{c}::text", "cast({c} as char)", "{c}::decimal(18,2)::varchar"),
    "ratio": ("({c} * 64)::bigint::text", "cast(cast({c} * 64 as signed) as char)", "({c} * 64)::bigint::varchar"),
    "is_paid": ("{c}::int::text", "cast({c} as char)", "{c}::int::varchar"),
    "code": ("{c}", "{c}", "{c}"),
    "note": ("{c}", "{c}", "{c}"),
    "created_at": ("to_char({c}, 'YYYY-MM-DD HH24:MI:SS.US')", "date_format({c}, '%Y-%m-%d %H:%i:%s.%f')",
                   "strftime({c}, '%Y-%m-%d %H:%M:%S.%f')"),
    "updated_at": ("to_char({c}, 'YYYY-MM-DD HH24:MI:SS.US')", "date_format({c}, '%Y-%m-%d %H:%i:%s.%f')",
                   "strftime({c}, '%Y-%m-%d %H:%M:%S.%f')"),
    "day": ("{c}::text", "cast({c} as char)", "{c}::varchar"),
    "tags": ("({c} ->> 'k') || '/' || ({c} -> 'list' ->> 0)", "concat(json_value({c}, '$.k'), '/', json_value({c}, '$.list[0]'))",
             "({c}::json ->> '$.k') || '/' || ({c}::json ->> '$.list[0]')"),
    "ref": ("{c}::text", "{c}", "{c}::varchar"),
}
_HASH = ("('x' || substr(md5({0}), 1, 8))::bit(32)::bigint", "cast(conv(substr(md5({0}), 1, 8), 16, 10) as unsigned)",
         "('0x' || substr(md5({0}), 1, 8))::bigint")
_RANGE = ("({key} - 1) / {width}", "({key} - 1) div {width}", "({key} - 1) // {width}")


def _sums(side, table, key, casts, width, where):
    parts = []
    for column, cast in casts.items():
        text = cast[side].format(c=column)
        parts += ["count(%s)" % text, "coalesce(sum(%s), 0)" % _HASH[side].format(text)]
    return "select %s as r, count(*), %s from %s%s group by 1 order by 1" % (
        _RANGE[side].format(key=key, width=width), ", ".join(parts), table, " where " + where if where else "")


def same(made, place, table="orders", target="shop.orders", casts=None, key="id", where=None, what="", target_where=None, ask=None):
    """The copy in the warehouse equals the source: rows, values and checksums of every column in every tenth of the keys."""
    casts = casts or _MIXED
    side = 0 if isinstance(place, Postgres) else 1
    most = int(place.rows("select coalesce(max(%s), 0) from %s" % (key, table))[0][0])
    width = max(most // 10, 1)
    truth = place.rows(_sums(side, table, key, casts, width, where))
    found = (ask or made.query)(_sums(2, "warehouse." + target, key, casts, width, target_where))
    names = ["range", "rows"] + [text for column in casts for text in ("count of " + column, "checksum of " + column)]
    by_range, wanted = {row[0]: row for row in found}, {row[0]: row for row in truth}
    wrong = []
    for number in sorted(set(by_range) | set(wanted), key=int):
        got, want = by_range.get(number, [number, "0"]), wanted.get(number, [number, "0"])
        wrong += ["range %s (keys from %d): %s is %s, the source has %s" % (number, int(number) * width + 1, name, a, b)
                  for name, a, b in zip(names, got, want) if _number_text(a) != _number_text(b)]
    assert not wrong, "%s: %s differs from %s:\n%s" % (what or target, target, table, "\n".join(wrong[:8]))


def _number_text(text):
    return text.split(".")[0]


def rows_of(made, target, key="id"):
    """One text a row of a copy of mixed's table, as mixed.lines() gives the source's."""
    return [row[0] for row in made.query(mixed.DUCKDB.format(table="warehouse." + target).replace("order by id", "order by " + key))]
