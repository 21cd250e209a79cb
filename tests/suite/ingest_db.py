"""Loads from Postgres and MariaDB and publishing to Postgres and files: after every scenario the copy is compared with the
source by counts and checksums per column and per range."""
import contextlib
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import threading
import time

from servers import MariaDb, Postgres, Proxy, mixed
from servers.process import Missing

from . import sources
from .ingest_api import require, start
from .loads import Loads
from .sources import CONNECTION, database, environment, inside, kind_of, same

TESTS = []


def test(function):
    TESTS.append((function.__name__, function))
    return function


def both(function):
    """A case for each kind of database: function(options, kind)."""
    for kind in sources.KINDS:
        TESTS.append(("%s_%s" % (function.__name__, "mariadb" if kind == "mysql" else kind),
                      lambda options, kind=kind: function(options, kind)))
    return function


def resource(more="", name="orders", source=None):
    return "  - name: %s\n    connection: src\n    source: %s\n%s" % (
        name, source or "shop." + name, "".join("    %s\n" % line for line in more.strip().split("\n") if line))


def world(options, place, resources, files=None, env=None, frame=None):
    text = (frame or CONNECTION) % kind_of(place) + "ingest:\n" + resources
    return Loads(options.program, {"ingest/db.yml": text, **(files or {})}, {**environment(place), **(env or {})})


def rewrite(made, place, resources):
    with open(made.path("ingest", "db.yml"), "w", encoding="utf-8") as file:
        file.write(CONNECTION % kind_of(place) + "ingest:\n" + resources)


MERGED = resource("table: orders\nprimary_key: id\ncursor: {field: updated_at, lag: 30s}\nwrite_disposition: merge")


def rows_in(made, name="orders"):
    for row in made.json("target", "run_results.json")["results"]:
        if row["unique_id"].endswith("." + name):
            return row["adapter_response"]["rows_in"]
    raise AssertionError("no result of " + name)


def tidy(made):
    """Nothing half done is left: no staging tables, no temporary files, an empty spool."""
    require(not [n for n in made.relations() if "stag" in n.lower() or "__tmp" in n], "staging tables left", made.relations())
    require(not made.files(".weir/spool"), "the spool is empty", made.files(".weir/spool"))


# ---- whole tables and increments ----

@both
def full_replace(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 3000)
    with world(options, place, resource("table: orders\nwrite_disposition: replace")) as made:
        out, _ = made.run("ingest")
        require("REPLACE 3000 rows" in out, "the line of the load", out)
        same(made, place)
        mixed.change(place, "orders", 0.1)
        place.sql("delete from orders where id % 7 = 0")
        made.run("ingest")
        same(made, place, what="second")
        tidy(made)


@both
def merge_increment(options, kind):
    """All, then 1 % changed and some new; a row that was written late, within the lag, comes too."""
    place = database(kind)
    mixed.fill(place, "orders", 3000)
    with world(options, place, MERGED) as made:
        made.run("ingest")
        same(made, place, what="first")
        mixed.change(place, "orders", 0.01)
        mixed.add(place, "orders", 3001, 3040)
        made.run("ingest")
        same(made, place, what="second")
        require(rows_in(made) < 600, "only what changed was read: %d rows" % rows_in(made))
        place.sql("update orders set code = 'late', updated_at = (select max_at from (select max(updated_at) as max_at from "
                  "orders) as newest) - interval %s where id = 5" % ("'20 seconds'" if kind == "postgres" else "20 second"))
        made.run("ingest")
        same(made, place, what="late row")
        made.run("ingest", "--full-refresh")
        same(made, place, what="anew")
        require(rows_in(made) == 3040, "a full refresh reads all")
        tidy(made)


@both
def append_by_cursor(options, kind):
    """Equal cursor values on both sides of a run's end: none is lost, none is doubled."""
    place = database(kind)
    mixed.fill(place, "orders", 1002)           # 1000 to 1004 share an updated_at
    with world(options, place, resource("table: orders\ncursor: updated_at\nwrite_disposition: append")) as made:
        made.run("ingest")
        same(made, place, what="first")
        mixed.add(place, "orders", 1003, 1100)
        made.run("ingest")
        same(made, place, what="second")
        out, _ = made.run("ingest")
        same(made, place, what="nothing new")
        require(rows_in(made) <= 10, "the bound alone comes again", out)


@both
def append_with_lag(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 500)
    with world(options, place, resource("table: orders\ncursor: {field: updated_at, lag: 20s}\nwrite_disposition: append")) as made:
        for last in (700, 731):
            made.run("ingest")
            same(made, place, what="up to %d" % last)
            mixed.add(place, "orders", last - 200 + 1 if last == 700 else 701, last)
        made.run("ingest")
        same(made, place, what="end")


@both
def number_cursor(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 400)
    with world(options, place, resource("table: orders\ncursor: {field: id, start: 101}\nwrite_disposition: append")) as made:
        made.run("ingest")
        same(made, place, where="id >= 101")
        mixed.add(place, "orders", 401, 450)
        made.run("ingest")
        same(made, place, where="id >= 101", what="second")
        require(rows_in(made) == 51, "the bound and what is new: %d" % rows_in(made))


@both
def one_cursor_value(options, kind):
    """All rows share one cursor value, more of them than a batch holds."""
    place = database(kind)
    mixed.fill(place, "orders", 2500)
    place.sql("update orders set updated_at = '2025-03-01 00:00:00'")
    with world(options, place, resource("table: orders\ncursor: updated_at\nwrite_disposition: append")) as made:
        for _ in range(2):
            made.run("ingest")
            same(made, place)
        place.sql("update orders set code = 'twin' where id = 9")       # another row for append
        made.run("ingest")
        require(made.query("select count(*) from warehouse.shop.orders") == [["2501"]], "one more")


@both
def null_cursors(options, kind):
    place = database(kind)
    place.sql("create table events (id int primary key, at timestamp null, v int);"
              "insert into events values (1, '2025-01-01 00:00:00', 1), (2, null, 2), (3, '2025-01-02 00:00:00', 3), (4, null, 4)")
    for word, wanted in (("include", "1 2 3 4"), ("exclude", "1 3"), ("fail", None), (None, "1 2 3 4")):
        text = resource("table: events\nprimary_key: id\ncursor: {field: at%s}\nwrite_disposition: merge" %
                        (", nulls: " + word if word else ""), "events")
        with world(options, place, text) as made:
            out, err = made.run("ingest", code=0 if wanted else 1)
            if not wanted:
                require("null" in (out + err).lower() and "'at'" in out + err and "ingest/db.yml" in out + err,
                        "what is wrong and where", out + err)
                continue
            ids = " ".join(row[0] for row in made.query("select id from warehouse.shop.events order by 1"))
            require(ids == wanted, "nulls: %s gives %s" % (word, ids), out)
            place.sql("update events set v = v + 10 where at is null")
            made.run("ingest")
            found = made.query("select sum(v) from warehouse.shop.events")
            require(found == place.rows("select sum(v) from events where %s" % ("at is not null" if word == "exclude" else "1 = 1")),
                    "nulls: %s, again" % word, found)


@both
def several_tables(options, kind):
    """Keys given for some, taken from the catalogue for others; one left out."""
    place = database(kind)
    for table in ("orders", "payments", "refunds"):
        mixed.fill(place, table, 400)
    place.sql("create table order_items (order_id int, line int, v varchar(20), updated_at timestamp, primary key (order_id, line));"
              "insert into order_items select id, 1, code, updated_at from orders; "
              "insert into order_items select id, 2, code, updated_at from orders where id % 2 = 0")
    text = resource("tables: {include: [orders, order_items, payments, refunds], exclude: [refunds]}\ncursor: {field: updated_at, lag: 1s}\n"
                    "primary_key: {orders: id, order_items: [order_id, line]}\nwrite_disposition: merge", "shop_tables", "shop")
    items = {"order_id": ("{c}::text", "cast({c} as char)", "{c}::varchar"), "line": ("{c}::text", "cast({c} as char)", "{c}::varchar"),
             "v": ("{c}", "{c}", "{c}")}
    with world(options, place, text) as made:
        for round_ in range(2):
            out, _ = made.run("ingest")
            same(made, place, what="orders")
            same(made, place, "payments", "shop.payments")
            same(made, place, "order_items", "shop.order_items", items, "order_id")
            require("refunds" not in out, "left out", out)
            mixed.change(place, "payments", 0.05)
            place.sql("update order_items set v = 'x%d', updated_at = '2026-01-0%d 00:00:00' where order_id < 20" % (round_, round_ + 1))
        made.run("ingest", "-s", "shop_tables.payments")
        same(made, place, "payments", "shop.payments", what="one alone")


@both
def table_entries(options, kind):
    """An entry of `tables` may say more; a table without any key is replaced."""
    place = database(kind)
    mixed.fill(place, "orders", 300)
    place.sql("create table rates (day date, rate decimal(10,4)); insert into rates values ('2025-01-01', 1.5), ('2025-01-02', 1.25)")
    text = resource("tables:\n  - name: orders\n    primary_key: id\n    write_disposition: merge\n    cursor: updated_at\n"
                    "  - {name: rates, write_disposition: replace}", "all", "shop")
    with world(options, place, text) as made:
        for _ in range(2):
            made.run("ingest")
            same(made, place)
            found = made.query("select day::varchar, rate::varchar from warehouse.shop.rates order by 1")
            require(found == place.rows("select day, rate from rates order by 1"), "rates", found)


@both
def query_and_schema(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 600)
    if kind == "postgres":
        place.sql("create schema sales; create table sales.orders as select * from orders where id <= 50")
        other = "sales"
    else:
        other = place.database + "_sales"
        place.sql("create database %s; create table %s.orders as select * from orders where id <= 50" % (other, other))
    casts = {name: sources._MIXED[name] for name in ("id", "code", "amount")}
    text = (resource("query: \"select id, code, amount, updated_at from orders where small > {{ var('least', 100) }}\"\n"
                     "primary_key: id\ncursor: updated_at\nwrite_disposition: merge", "some") +
            resource("schema: %s\ntable: orders\nwrite_disposition: replace" % other, "few"))
    with world(options, place, text) as made:
        made.run("ingest")
        same(made, place, "orders", "shop.some", casts, where="small > 100")
        same(made, place, other + ".orders", "shop.few")
        mixed.change(place, "orders", 0.05)
        made.run("ingest", "-s", "some")
        same(made, place, "orders", "shop.some", casts, where="small > 100", what="second")
        require(rows_in(made, "some") < 60, "the query's rows since the cursor: %d" % rows_in(made, "some"))


@both
def hints(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 200)
    text = resource("table: orders\nwrite_disposition: replace\ncolumns: {small: {type: BIGINT}, amount: {type: \"DECIMAL(20,4)\"}, "
                    "code: {type: VARCHAR}}")
    with world(options, place, text) as made:
        made.run("ingest")
        types = made.types("shop.orders")
        require(types["small"] == "BIGINT" and types["amount"] == "DECIMAL(20,4)", "the hinted types", types)
        same(made, place)


# ---- raw first ----

def _raw(options, kind, location, env, look):
    place = database(kind)
    mixed.fill(place, "orders", 1200)
    text = MERGED + "    raw: \"%s/raw/shop/{{ table }}/dt={{ run_date }}/batch-{{ batch }}.parquet\"\n" % location
    with world(options, place, text, env=env) as made:
        made.run("ingest")
        same(made, place, what="first")
        require(len(look(made)) == 1, "one bronze file", look(made))
        mixed.change(place, "orders", 0.02)
        made.run("ingest")
        same(made, place, what="second")
        names = look(made)
        require(len(names) == 2 and names[0].endswith("batch-001.parquet") and names[1].endswith("batch-002.parquet"), "bronze", names)
        tidy(made)
        return made.query("select count(*) from '%s'" % made.path(names[0])) if "://" not in location else [["1200"]]


@both
def raw_local(options, kind):
    rows = _raw(options, kind, "lake", {}, lambda made: made.files("lake/raw"))
    require(rows == [["1200"]], "bronze holds all rows", rows)


@both
def raw_s3(options, kind):
    server, env = sources.lake()
    prefix = "case-%s-%d" % (kind, os.getpid())
    _raw(options, kind, "s3://lake/" + prefix, env, lambda made: sorted(server.keys("lake", prefix)))
    require(not server.uploads("lake"), "uploads left")


@test
def raw_alone(options):
    """load: false lands the file, fills no table, and refuses what could not be kept."""
    place = database("postgres")
    mixed.fill(place, "orders", 1200)
    text = resource("table: orders\nwrite_disposition: replace\nload: false\n"
                    "raw: \"lake/raw/orders/batch-{{ batch }}.parquet\"")
    with world(options, place, text) as made:
        made.run("ingest")
        names = made.files("lake/raw")
        require(len(names) == 1 and rows_in(made) == 1200, "one file of all rows", names)
        require(made.query("select count(*), sum(id) from '%s'" % made.path(names[0])) == [["1200", "720600"]], "its rows")
        require("warehouse.shop.orders" not in made.relations(), "no table", made.relations())
        rewrite(made, place, text + "    cursor: updated_at\n")
        out, err = made.run("ingest", code=1)
        require("leave out one of the two" in out + err, "a cursor is refused", out + err)


@test
def memory_limited(options):
    """`weir ingest` alone limits the engine's memory for a new table, unless the profile says what it may take; a merge is not limited."""
    place = database("postgres")
    mixed.fill(place, "orders", 60000)
    with world(options, place, MERGED) as made:
        for limit in ("", ", settings: {memory_limit: 3GB}"):
            made.run("ingest", "--full-refresh", env={"WEIR_TRACE_SQL": made.path("trace.txt")})
            with open(made.path("trace.txt"), encoding="utf-8") as file:
                trace = file.read()
            require(bool(re.search(r"set memory_limit = '\d+MB'", trace)) == (not limit), "the limit is ours: " + str(not limit), trace)
            mixed.change(place, "orders", 0.5)
            made.run("ingest")
            same(made, place, what="after a merge of half of it")
            with open(made.path("profiles.yml"), encoding="utf-8") as file:
                text = file.read().replace("threads: 2}", "threads: 2, settings: {memory_limit: 3GB}}")
            with open(made.path("profiles.yml"), "w", encoding="utf-8") as file:
                file.write(text)
            os.unlink(made.path("trace.txt"))


@test
def memory_short(options):
    """Values larger than the limit: it rises, the file is read again, nothing is lost or doubled."""
    lines = [json.dumps({"id": number, "text": str(number) * 40000000}) for number in (1, 2, 3)]
    files = {"ingest/big.yml": "ingest:\n  - {name: big, source: shop.big, path: in/*.jsonl, write_disposition: replace}\n",
             "in/big.jsonl": "\n".join(lines) + "\n"}
    with Loads(options.program, files) as made:
        made.run("ingest", env={"WEIR_TRACE_SQL": made.path("trace.txt")})
        with open(made.path("trace.txt"), encoding="utf-8") as file:
            limits = re.findall(r"set memory_limit = '(\d+)MB'|(reset memory_limit)", file.read())
        require(len(limits) > 1, "the limit rose", str(limits))
        rows = made.query("select id, length(text) from warehouse.shop.big order by 1")
        require(rows == [["1", "40000000"], ["2", "40000000"], ["3", "40000000"]], "all rows", str(rows))


# ---- deletes, history ----

@both
def deletes_without_cursor(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 800)
    with world(options, place, resource("table: orders\nprimary_key: id\nwrite_disposition: merge\ndeletes: full_keys")) as made:
        made.run("ingest")
        place.sql("delete from orders where id % 5 = 0")
        mixed.add(place, "orders", 801, 820)
        out, _ = made.run("ingest")
        same(made, place, what="deleted")


@both
def deletes_with_cursor(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 800)
    with world(options, place, MERGED + "    deletes: full_keys\n") as made:
        made.run("ingest")
        place.sql("delete from orders where id % 5 = 0 or id < 10")
        mixed.change(place, "orders", 0.02, rest=1)
        made.run("ingest")
        same(made, place, what="deleted")
        require(rows_in(made) < 400, "only what changed and the keys were read: %d" % rows_in(made))
        place.sql("delete from orders")
        made.run("ingest")
        require(made.query("select count(*) from warehouse.shop.orders") == [["0"]], "all gone")


@both
def kept_when_deleted(options, kind):
    """Without `deletes` a merged table keeps what the source removed."""
    place = database(kind)
    mixed.fill(place, "orders", 100)
    with world(options, place, MERGED) as made:
        made.run("ingest")
        place.sql("delete from orders where id = 50")
        made.run("ingest")
        require(made.query("select count(*) from warehouse.shop.orders") == [["100"]], "kept")


@both
def history(options, kind):
    """scd2: each version of a row with its times; the current ones equal the source."""
    place = database(kind)
    mixed.fill(place, "orders", 300)
    text = resource("table: orders\nprimary_key: id\nwrite_disposition: scd2\ndeletes: full_keys")
    with world(options, place, text) as made:
        made.run("ingest")
        same(made, place, target_where="_weir_valid_to is null", what="first")
        mixed.change(place, "orders", 0.1)
        place.sql("delete from orders where id = 7")
        made.run("ingest")
        same(made, place, target_where="_weir_valid_to is null", what="second")
        versions = made.query("select count(*) from warehouse.shop.orders")
        require(versions == [["330"]], "a version for each change: %s" % versions)
        gone = made.query("select count(*) from warehouse.shop.orders where id = 7 and _weir_valid_to is not null")
        require(gone == [["1"]], "the deleted row is retired")
        made.run("ingest")
        require(made.query("select count(*) from warehouse.shop.orders") == [["330"]], "no change, no version")


# ---- intervals, full refresh ----

@both
def interval_by_hand(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 2000)
    low, high = "2025-01-01 00:01:40", "2025-01-01 00:03:20"
    between = "updated_at >= '%s' and updated_at < '%s'" % (low, high)
    with world(options, place, MERGED) as made:
        made.run("ingest", "--from", low, "--to", high)
        same(made, place, where=between)
        made.run("ingest")
        same(made, place, what="a piece by hand leaves no hole")
        place.sql("update orders set code = 'mended' where id in (600, 601)")       # behind the cursor
        made.run("ingest")
        require(made.query("select count(*) from warehouse.shop.orders where code = 'mended'") == [["0"]], "the cursor has passed it")
        made.run("ingest", "--from", low, "--to", high)
        same(made, place, what="mended by hand")


@both
def full_refresh_by_append(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 500)
    with world(options, place, resource("table: orders\ncursor: id\nwrite_disposition: append")) as made:
        made.run("ingest")
        mixed.change(place, "orders", 0.5)
        made.run("ingest", "--full-refresh")
        same(made, place)
        mixed.add(place, "orders", 501, 510)
        made.run("ingest")
        same(made, place, what="the cursor went along")


# ---- outages ----

GRAPH = {"models/totals.sql": "select count(*) as n from {{ source('shop', 'orders') }}\n",
         "models/other.sql": "{{ config(materialized='table') }}\nselect 1 as x\n"}


@both
def down_and_filled(options, kind):
    with sources.KINDS[kind]() as server:
        place = inside(server)
        mixed.fill(place, "orders", 500)
        with world(options, place, MERGED + "    on_unavailable: skip_and_fill\n", GRAPH) as made:
            made.run("build")
            server.stop()
            out, _ = made.run("build", code=0)
            require("SKIP load of shop.orders" in out and "SKIP relation main.totals" in out, "skipped", out)
            require("OK created sql table model main.other" in out, "the rest runs", out)
            results = {row["unique_id"]: row for row in made.json("target", "run_results.json")["results"]}
            require(results["ingest.made.orders"]["status"] == "skipped", "result", results["ingest.made.orders"])
            require(results["ingest.made.orders"]["message"], "with the reason", results["ingest.made.orders"])
            require(place.password not in out, "no password", out)
            server.start()
            mixed.change(place, "orders", 0.05)
            mixed.add(place, "orders", 501, 540)
            out, _ = made.run("build")
            same(made, place, what="the gap is filled")
            server.stop()
            rewrite(made, place, MERGED + "    on_unavailable: fail\n")
            out, err = made.run("build", code=1)
            require("ERROR" in out and "OK created sql table model main.other" in out, "failed alone", out)
            server.start()
            made.run("build")
            same(made, place, what="after the failure")


@both
def cut_in_mid_read(options, kind):
    """The connection breaks while rows are on their way: the table is as before, the next run is whole."""
    place = database(kind)
    mixed.fill(place, "orders", 20000)
    with Proxy(place, [{"action": "cut", "bytes": 600000}], is_http=False) as proxy, world(options, place, MERGED) as made:
        for raw in ("", "    raw: \"lake/raw/orders/batch-{{ batch }}.parquet\"\n"):
            rewrite(made, place, MERGED + raw)
            out, err = made.run("ingest", env={"SRC_PORT": str(proxy.port)}, code=1)
            require("ERROR" in out and place.password not in out + err, "says so", out + err)
            require("warehouse.shop.orders" not in made.relations(), "half a table", made.relations())
            require(not made.files("lake"), "half a file", made.files("lake"))
        made.run("ingest")
        same(made, place)
        tidy(made)


@both
def killed_server(options, kind):
    with sources.KINDS[kind]() as server:
        place = inside(server)
        mixed.fill(place, "orders", 60000)
        server.stop()       # what it holds is on disk: it runs without fsync, and a kill would lose it
        server.start()
        with world(options, place, MERGED) as made:
            child = start(made, "ingest")
            time.sleep(0.25)
            server.kill()
            said = child.communicate(timeout=60)[0].decode(errors="replace")
            require(child.returncode in (0, 1), "an orderly end", said)
            require(place.password not in said, "no password", said)
            server.start()
            made.run("ingest")
            same(made, place)


# ---- the source changes ----

@both
def new_and_wider_columns(options, kind):
    place = database(kind)
    mixed.fill(place, "orders", 300)
    with world(options, place, MERGED) as made:
        made.run("ingest")
        place.sql("alter table orders add column channel varchar(20)")
        place.sql("alter table orders %s; alter table orders %s" %
                  (("alter column small type bigint", "alter column amount type numeric(22,2)") if kind == "postgres" else
                   ("modify small bigint not null", "modify amount decimal(22,2)")))
        place.sql("update orders set channel = 'web', small = 5000000000, amount = 12345678901234567890.12, "
                  "updated_at = '2026-01-01 00:00:00' where id = 17")
        out, _ = made.run("ingest")
        casts = {**sources._MIXED, "channel": ("{c}", "{c}", "{c}"),
                 "amount": ("{c}::text", "cast({c} as char)", "{c}::varchar")}
        same(made, place, casts=casts)
        require("channel" in out, "the new column is said", out)
        shown, _ = made.run("schema", "diff", "shop.orders")
        require("+ channel" in shown and "small" in shown, "schema diff", shown)


@both
def dropped_column(options, kind):
    """A column that is gone stays in the copy; new rows have null there."""
    place = database(kind)
    mixed.fill(place, "orders", 100)
    with world(options, place, MERGED.replace(", lag: 30s", "")) as made:
        made.run("ingest")
        place.sql("alter table orders drop column note")
        mixed_more = "insert into orders (id, small, is_paid, code, created_at, updated_at, tags) values (101, 1, %s, 'new', " \
                     "'2026-01-01 00:00:00', '2026-01-01 00:00:00', '{\"k\": 1, \"list\": [1]}')" % ("true" if kind == "postgres" else "1")
        place.sql(mixed_more)
        made.run("ingest")
        found = made.query("select count(*), count(note) from warehouse.shop.orders")
        require(found[0][0] == "101" and int(found[0][1]) > 50, "kept", found)


# ---- mistakes ----

def _bad(name, env=None, text=None, wanted=(), code=1, place_needed=True):
    def check(options, kind):
        place = database(kind)
        mixed.fill(place, "orders", 20)
        with world(options, place, text or MERGED, env=env) as made:
            out, err = made.run("ingest", code=code)
            said = out + err
            for word in wanted:
                require(word in said, "no word of it: %s" % word, said)
            require(not place_needed or "ingest/db.yml" in said, "no place", said)
            for secret in (place.password, "wrong-secret-value"):
                require(secret not in said, "a secret was printed", said)
                for file in made.files("logs") + made.files("target"):
                    with open(made.path(file), encoding="utf-8", errors="replace") as opened:
                        require(secret not in opened.read(), "a secret is in " + file)
    check.__name__ = "bad_" + name
    both(check)


_bad("password", {"SRC_PASSWORD": "wrong-secret-value"}, wanted=("etl",))
_bad("host", {"SRC_HOST": "no-such-host.invalid"}, wanted=("no-such-host.invalid",))
_bad("port", {"SRC_PORT": "1"}, wanted=("127.0.0.1",))
_bad("database", {"SRC_DATABASE": "shopp_not_there"}, wanted=("shopp_not_there",))
_bad("table", text=MERGED.replace("table: orders", "table: ordersx"), wanted=("ordersx", "nearest: orders"))
_bad("cursor", text=MERGED.replace("field: updated_at", "field: updatedat"), wanted=("updatedat", "'updated_at'"))
_bad("key", text=MERGED.replace("primary_key: id", "primary_key: idd"), wanted=("idd", "'id'"))
_bad("query", text=resource("query: select nothing from nowhere\nwrite_disposition: replace"), wanted=("nowhere",))
_bad("no_key", text=resource("query: select * from orders\nwrite_disposition: merge"), wanted=("primary_key",))
_bad("hint", text=resource("table: orders\nwrite_disposition: replace\ncolumns: {small: {type: BIGINTT}}"), wanted=("BIGINTT",))
_bad("setting", text=MERGED.replace("table: orders", "tabel: orders"), wanted=("Did you mean 'table'?",), code=2)


# ---- types ----

PG_TYPES = [  # name, type, values, text there, text here
    ("i2", "smallint", ["-32768", "32767"], "{c}::text", "{c}::varchar"),
    ("i8", "bigint", ["-9223372036854775808", "9223372036854775807"], "{c}::text", "{c}::varchar"),
    ("dec", "numeric(38,10)", ["'-1234567890123456789012345678.0123456789'", "'0.0000000001'"], "{c}::text", "{c}::varchar"),
    ("f4", "real", ["'1.5'", "'-3.4e38'"], "{c}::float8::text", "{c}::double::varchar"),
    ("f8", "double precision", ["'NaN'", "'-Infinity'"], "{c} = 'NaN'::float8 or {c} < -1", "isnan({c}) or {c} < -1"),
    ("b", "boolean", ["true", "false"], "{c}::text", "{c}::varchar"),
    ("c", "char(5)", ["'ab'", "'abcde'"], "rpad({c}::text, 5)", "rpad({c}, 5, ' ')"),
    ("t", "text", ["''", "E'a\\tb\\n\"\\\\'"], "{c}", "{c}"),
    ("y", "bytea", ["'\\x00ff10'", "''"], "encode({c}, 'hex')", "lower(hex({c}))"),
    ("d", "date", ["'0001-01-01'", "'9999-12-31'"], "{c}::text", "{c}::varchar"),
    ("ti", "time", ["'00:00:00'", "'23:59:59.999999'"], "to_char({c}, 'HH24:MI:SS.US')", "strftime('2000-01-01'::date + {c}, '%H:%M:%S.%f')"),
    ("ts", "timestamp", ["'1969-12-31 23:59:59.999999'", "'2262-01-01 00:00:00.000001'"],
     "to_char({c}, 'YYYY-MM-DD HH24:MI:SS.US')", "strftime({c}, '%Y-%m-%d %H:%M:%S.%f')"),
    ("tz", "timestamptz", ["'2025-06-01 12:00:00+09'", "'2025-06-01 12:00:00-03:30'"],
     "to_char({c} at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "strftime({c} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f')"),
    ("u", "uuid", ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"], "{c}::text", "{c}::varchar"),
    ("j", "json", ["'{\"b\": 1, \"a\":  [1, null]}'", "'\"x\"'"], "{c}::text", "{c}::varchar"),
    ("jb", "jsonb", ["'{\"b\": 12345678901234567890, \"a\": []}'", "'null'"], "{c}::text", "{c}::varchar"),
    ("ia", "int[]", ["'{1,null,3}'", "'{}'"], "array_to_string({c}, ',', 'N')", "case when {c} is not null then coalesce(array_to_string(list_transform({c}, x -> coalesce(x::varchar, 'N')), ','), '') end"),
    ("ta", "text[]", ["array['a,b', '\"q\"', '']", "array[null]::text[]"], "array_to_string({c}, '|', 'N')",
     "array_to_string(list_transform({c}, x -> coalesce(x, 'N')), '|')"),
    ("e", "mood", ["'sad'", "'happy one'"], "{c}::text", "{c}::varchar"),
]
MY_TYPES = [
    ("i1", "tinyint", ["-128", "127"], "{c}", "{c}::varchar"),
    ("u1", "tinyint unsigned", ["0", "255"], "{c}", "{c}::varchar"),
    ("u4", "int unsigned", ["0", "4294967295"], "{c}", "{c}::varchar"),
    ("i8", "bigint", ["-9223372036854775808", "9223372036854775807"], "{c}", "{c}::varchar"),
    ("u8", "bigint unsigned", ["0", "18446744073709551615"], "{c}", "{c}::varchar"),
    ("dec1", "decimal(38,10)", ["-1234567890123456789012345678.0123456789", "0.0000000001"], "{c}", "{c}::varchar"),
    ("f4", "float", ["1.5", "-0.25"], "cast({c} as double)", "{c}::double::varchar"),
    ("f8", "double", ["1.25e100", "-0.5"], "if({c} * 2 = 2.5e100, 'true', if({c} is null, null, 'false'))", "{c} * 2 = 2.5e100"),
    ("bo", "boolean", ["1", "0"], "{c}", "{c}::int::varchar"),
    ("bi", "bit(10)", ["b'1010101010'", "b'0'"], "bin({c})", "bin({c}::bigint)"),
    ("c", "char(5)", ["'ab'", "'abcde'"], "{c}", "{c}"),
    ("t", "longtext", ["''", "'a\\tb\\n\"\\\\ 주문 🎮'"], "{c}", "{c}"),
    ("l1", "varchar(20) character set latin1", ["'é'", "''"], "{c}", "{c}"),
    ("y", "varbinary(20)", ["x'00ff10'", "''"], "lower(hex({c}))", "lower(hex({c}))"),
    ("d", "date", ["'1000-01-01'", "'9999-12-31'"], "{c}", "{c}::varchar"),
    ("ti", "time(6)", ["'00:00:00'", "'23:59:59.999999'"], "date_format({c}, '%H:%i:%s.%f')", "strftime('2000-01-01'::date + {c}, '%H:%M:%S.%f')"),
    ("ts", "datetime(6)", ["'1969-12-31 23:59:59.999999'", "'2262-01-01 00:00:00.000001'"], "date_format({c}, '%Y-%m-%d %H:%i:%s.%f')",
     "strftime({c}, '%Y-%m-%d %H:%M:%S.%f')"),
    ("tz", "timestamp(6) null", ["'2025-06-01 12:00:00.5'", "'2037-01-01 00:00:00'"], "date_format({c}, '%Y-%m-%d %H:%i:%s.%f')",
     "strftime({c} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f')"),
    ("yr", "year", ["1901", "2155"], "{c}", "{c}::varchar"),
    ("j", "json", ["'{\"b\": 1, \"a\":  [1, null]}'", "'\"x\"'"], "{c}", "{c}::varchar"),
    ("e", "enum('sad', 'happy one')", ["'sad'", "'happy one'"], "{c}", "{c}::varchar"),
    ("s", "set('a', 'b', 'c')", ["'a,c'", "''"], "{c}", "{c}::varchar"),
    ("g", "point", ["point(1.5, -2)", "point(0, 0)"], "lower(hex(st_aswkb({c})))", "lower(hex({c}))"),
]


def _types(options, kind, types):
    place = database(kind)
    side = 0 if kind == "postgres" else 1
    place.sql("%screate table orders (id int primary key, %s)" % (
        "create type mood as enum ('sad', 'happy one'); " if side == 0 else "", ", ".join("%s %s" % row[:2] for row in types)))
    for number in (1, 2, 3):
        place.sql("insert into orders values (%d, %s)" % (
            number, ", ".join("null" if number == 3 else values[number - 1] for _, _, values, _, _ in types)))
    text, direct = resource("table: orders\nwrite_disposition: replace"), None
    for raw in ("", "    raw: \"lake/raw/orders/batch-{{ batch }}.parquet\"\n"):
        with world(options, place, text + raw) as made:
            made.run("ingest")
            there = place.rows("select %s from orders order by id" % ", ".join(t.format(c=n) for n, _, _, t, _ in types))
            here = made.query("select %s from warehouse.shop.orders order by id" % ", ".join(
                "(%s)::varchar" % t.format(c=n) for n, _, _, _, t in types))
            kinds = made.types("shop.orders")
            wrong = ["%s %s -> %s: row %d is %r, the source has %r" % (*types[c][:2], kinds[types[c][0]], r + 1, got, want)
                     for r in range(3) for c, (got, want) in enumerate(zip(here[r], there[r])) if _plain(got) != _plain(want)]
            require(not wrong, "values differ", "\n".join(wrong))
            direct = direct or kinds
            require(kinds == direct, "types by way of Parquet differ", sorted(set(kinds.items()) ^ set(direct.items())))


def _plain(text):
    """What the clients print in their own ways."""
    if text is None:
        return None
    text = {"t": "true", "f": "false"}.get(text, text)
    text = text.replace("\\\\", "\\").replace("\\t", "\t").replace("\\n", "\n")
    with contextlib.suppress(ValueError):
        return float(text) if "e" in text.lower() or text.endswith(".0") else text
    return text


@test
def types_postgres(options):
    _types(options, "postgres", PG_TYPES)


@test
def types_mariadb(options):
    _types(options, "mysql", MY_TYPES)


@both
def types_refused(options, kind):
    """A value that cannot be carried exactly is an error that names it, never another value."""
    place = database(kind)
    if kind == "postgres":
        place.sql("create table orders (id int primary key, v numeric); insert into orders values (1, 1e60), (2, 0.5)")
    else:
        place.sql("set sql_mode = ''; create table orders (id int primary key, v date); insert into orders values (1, '0000-00-00')")
    with world(options, place, resource("table: orders\nwrite_disposition: replace")) as made:
        out, err = made.run("ingest", code=None)
        if "OK" in out and "ERROR" not in out:
            found = made.query("select v::varchar from warehouse.shop.orders order by id")
            require(kind == "postgres" and found[0][0] == "1" + "0" * 60, "exact or refused", found)
        else:
            require("'v'" in out + err or " v" in out + err, "names the column", out + err)


# ---- kills, side by side ----

@both
def kills(options, kind):
    """kill -9 at random moments, the source changing in between; in the end the tables equal it."""
    chance = random.Random(options.seed)
    place = database(kind)
    for table in ("orders", "payments"):
        mixed.fill(place, table, 8000)
    last = 8000
    text = (MERGED + resource("table: payments\ncursor: id\nwrite_disposition: append\n"
                              "raw: \"lake/raw/payments/batch-{{ batch }}.parquet\"", "payments"))
    with world(options, place, text) as made:
        begun = time.monotonic()
        made.run("ingest")
        whole = time.monotonic() - begun
        for _ in range(max(options.kills, 10)):
            mixed.change(place, "orders", 0.02, rest=chance.randrange(50))
            mixed.add(place, "payments", last + 1, last + 25)
            last += 25
            child = start(made, "ingest", *(["--full-refresh"] if chance.random() < 0.3 else []))
            time.sleep(chance.random() * whole * 1.1)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        made.run("ingest")
        same(made, place, what="merged, after the kills")
        same(made, place, "payments", "shop.payments", what="appended, after the kills")
        tidy(made)
        rows = made.query("select count(*) from '%s'" % made.path("lake/raw/payments/*.parquet"))
        require(int(rows[0][0]) >= last, "bronze holds all", rows)


@both
def killed_behind_the_commit(options, kind):
    """What a kill leaves in the state: a raw file of a committed load stays, one of a load that was not goes."""
    place = database(kind)
    mixed.fill(place, "orders", 300)
    with world(options, place, MERGED + "    raw: \"lake/raw/orders/batch-{{ batch }}.parquet\"\n") as made:
        made.run("ingest")
        stray = made.path("lake/raw/orders/batch-007.parquet")
        with open(stray, "wb") as file:
            file.write(b"half")
        loaded = made.query("select load_id from warehouse.shop._weir_loads")[0][0]
        with contextlib.closing(sqlite3.connect(made.path(".weir/state.db"))) as state:
            for load_id, name in ((loaded, made.path("lake/raw/orders/batch-001.parquet")), ("never-committed", stray)):
                state.execute("insert into landing (resource, load_id, uri) values ('ingest.made.orders', ?, ?)", (load_id, name))
            state.commit()
        mixed.change(place, "orders", 0.05)
        made.run("ingest")
        same(made, place)
        require(made.files("lake") == ["lake/raw/orders/batch-001.parquet", "lake/raw/orders/batch-002.parquet"], "bronze", made.files("lake"))
        made.run("ingest")
        require(len(made.files("lake")) == 3, "forgotten for good", made.files("lake"))


@both
def side_by_side(options, kind):
    """Six tables at once, read in ranges, into one database; twice."""
    place = database(kind)
    names = ["t%d" % n for n in range(6)]
    for name in names:
        mixed.fill(place, name, 2000)
    text = resource("tables: [%s]\nprimary_key: id\ncursor: {field: updated_at, lag: 1s}\nwrite_disposition: merge\nstreams: 3" %
                    ", ".join(names), "all", "shop")
    with world(options, place, text) as made:
        for _ in range(2):
            made.run("ingest", "--threads", "4")
            for name in names:
                same(made, place, name, "shop." + name)
                mixed.change(place, name, 0.03)


# ---- publishing to Postgres ----

DESTINATION = """connections:
  dst: {type: postgres, host: "{{ env_var('DST_HOST') }}", port: "{{ env_var('DST_PORT') }}", user: "{{ env_var('DST_USER') }}",
        password: "{{ env_var('DST_PASSWORD') }}", database: "{{ env_var('DST_DATABASE') }}"}
publish:
"""
MODEL = ("{{ config(materialized='table') }}\nselect range + {{ var('first', 1) }} as id, {{ var('v', 1) }} as v, 'x' || range as name,\n"
         "  (range / 64)::double as ratio, case when range % 7 = 0 then null else (range % 1000)::decimal(12,2) end as amount,\n"
         "  timestamp '2025-01-01' + range * interval 1 second as made_at, date '2025-01-01' + (range % 300)::int as day, range % 2 = 0 as flag\n"
         "from range({{ var('rows', 1000) }})\n")
OUT_CASTS = {"id": ("{c}::text", "", "{c}::varchar"), "v": ("{c}::text", "", "{c}::varchar"), "name": ("{c}", "", "{c}"),
             "amount": ("{c}::text", "", "{c}::varchar"), "made_at": ("to_char({c}, 'YYYY-MM-DD HH24:MI:SS')", "", "strftime({c}, '%Y-%m-%d %H:%M:%S')"),
             "day": ("{c}::text", "", "{c}::varchar"), "flag": ("{c}::text", "", "{c}::varchar"),
             "ratio": ("({c} * 64)::bigint::text", "", "({c} * 64)::bigint::varchar")}


def publication(options, place, lines, model=MODEL, env=None):
    text = (DESTINATION if place else "publish:\n") + "  - name: out\n    model: m\n" + "".join("    %s\n" % line for line in lines)
    return Loads(options.program, {"publish/out.yml": text, "models/m.sql": model},
                 {**(environment(place, "DST") if place else {}), **(env or {})})


def variables(**values):
    return ["--vars", json.dumps(values)]


def published(made, place, what=""):
    same(made, place, "out_m", "main.m", OUT_CASTS, what=what)
    left = place.rows("select relname from pg_class join pg_namespace n on n.oid = relnamespace where nspname = 'public' "
                      "and relkind = 'r' and relname <> 'out_m'")
    require(not left, "tables left behind", left)


TABLE = ["connection: dst", "to: {table: out_m}", "primary_key: id", "indexes:", "  - {columns: [name], unique: true}", "  - {columns: [day, v]}"]


@test
def publish_replace(options):
    """Swapped in one transaction: a reader sees one whole version or the next; rights, key and indexes stay."""
    place = database("postgres")
    with publication(options, place, TABLE) as made:
        made.run("build", *variables(v=1))
        published(made, place, "first")
        reader = "reader_" + place.database
        place.sql("create role %s; grant select on out_m to %s" % (reader, reader), database=place.database, as_etl=False)
        place.sql("comment on table out_m is 'what is served'")
        seen, ended = [], threading.Event()

        def read():
            while not ended.is_set():
                try:
                    seen.append(tuple(place.rows("select count(*), min(v), max(v) from out_m")[0]))
                except RuntimeError as problem:
                    seen.append(str(problem))
        thread = threading.Thread(target=read)
        thread.start()
        try:
            for v in range(2, 6):
                made.run("build", *variables(v=v, rows=1000 * v))
                published(made, place, "version %d" % v)
        finally:
            ended.set()
            thread.join()
        whole = {(str(1000 * v), str(v), str(v)) for v in range(1, 6)}
        require(len(seen) > 10 and set(seen) <= whole, "a reader saw something else", [s for s in seen if s not in whole][:3])
        require(place.rows("select has_table_privilege('%s', 'out_m', 'select'), obj_description('out_m'::regclass)" % reader)
                == [["t", "what is served"]], "rights and comment")
        indexes = [row[0] for row in place.rows("select indexdef from pg_indexes where tablename = 'out_m' order by 1")]
        require(len(indexes) == 3 and sum("UNIQUE" in text for text in indexes) == 2, "key and indexes", indexes)
        require(place.rows("select count(*) from pg_constraint where conrelid = 'out_m'::regclass and contype = 'p'") == [["1"]], "primary key")


@test
def publish_with_view(options):
    """A view over the published table survives."""
    place = database("postgres")
    with publication(options, place, TABLE) as made:
        made.run("build", *variables(v=1))
        place.sql("create view over_it as select v, count(*) as n from out_m group by v")
        made.run("build", *variables(v=2, rows=30))
        require(place.rows("select * from over_it") == [["2", "30"]], "the view shows the new rows")
        published(made, place)


@test
def publish_merge(options):
    place = database("postgres")
    lines = ["connection: dst", "to: {table: out_m}", "primary_key: id", "write_disposition: merge"]
    with publication(options, place, lines) as made:
        made.run("build", *variables(v=1, rows=100))
        made.run("build", *variables(v=2, rows=100, first=51))
        found = place.rows("select v, count(*), min(id), max(id) from out_m group by v order by v")
        require(found == [["1", "50", "1", "50"], ["2", "100", "51", "150"]], "upserted", found)


@test
def publish_kills(options):
    chance = random.Random(options.seed)
    place = database("postgres")
    with publication(options, place, TABLE) as made:
        begun = time.monotonic()
        made.run("build", *variables(v=1, rows=5000))
        whole = time.monotonic() - begun
        for v in range(2, 2 + max(options.kills, 10)):
            child = start(made, "build", *variables(v=v, rows=5000 + v))
            time.sleep(chance.random() * whole * 1.1)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            found = place.rows("select count(*) - case when min(v) = 1 then 0 else min(v) end, min(v) = max(v) from out_m")
            require(found == [["5000", "t"]], "half a table after a kill", found)
        made.run("build", *variables(v=99, rows=3000))
        published(made, place, "after the kills")


@test
def publish_bad(options):
    place = database("postgres")
    for lines, wanted in ((["connection: dst", "to: {table: out_m}", "primary_key: name_of"], "name_of"),
                          (["connection: dst", "to: {table: out_m}", "write_disposition: merge"], "primary_key"),
                          (["connection: dst", "to: {table: out_m}", "indexes:", "  - {columns: [nam]}"], "nam")):
        with publication(options, place, lines) as made:
            out, err = made.run("build", code=1)
            require(wanted in out + err and "publish/out.yml" in out + err, "what and where: %s" % wanted, out + err)
            require(place.password not in out + err, "a secret", out)
            require(not place.rows("select relname from pg_class where relname like 'out_m%'"), "nothing is left behind")


# ---- publishing files ----

def _index(text):
    index = json.loads(text)
    return index, [file["path"] for file in index["files"]]


@test
def publish_parquet_local(options):
    lines = ["to: {location: lake/out, format: parquet, partition_by: [flag]}"]
    with publication(options, None, lines) as made:
        for v, rows in ((1, 500), (2, 700)):
            made.run("build", *variables(v=v, rows=rows))
            with open(made.path("lake/out/_index.json"), encoding="utf-8") as file:
                index, files = _index(file.read())
            require(index["rows"] == rows and all("flag=" in path for path in files), "index", index)
            names = ", ".join("'%s'" % made.path("lake/out", path) for path in files)
            found = made.query("select count(*), min(v), max(v), sum(id) from read_parquet([%s])" % names)
            require(found == [[str(rows), str(v), str(v), str(rows * (rows + 1) // 2)]], "rows", found)
            there = [name for name in made.files("lake/out") if name.endswith(".parquet")]
            require(len(there) == len(files), "files of the former version went", there)


@test
def publish_keep_and_append(options):
    with publication(options, None, ["to: {location: lake/out, keep: 7d}"]) as made:
        made.run("build", *variables(rows=10))
        made.run("build", *variables(rows=20))
        with open(made.path("lake/out/_index.json"), encoding="utf-8") as file:
            index, files = _index(file.read())
        there = [name for name in made.files("lake/out") if name.endswith(".parquet")]
        require(index["rows"] == 20 and len(there) > len(files) and index["former"], "former files are kept", (index, there))
    with publication(options, None, ["to: {location: lake/out}", "write_disposition: append"]) as made:
        made.run("build", *variables(rows=10))
        made.run("build", *variables(rows=20, first=11))
        with open(made.path("lake/out/_index.json"), encoding="utf-8") as file:
            index, files = _index(file.read())
        names = ", ".join("'%s'" % made.path("lake/out", path) for path in files)
        require(made.query("select count(*), count(distinct id) from read_parquet([%s])" % names) == [["30", "30"]], "both", index)


@test
def publish_parquet_s3(options):
    server, env = sources.lake()
    prefix = "out-%d" % os.getpid()
    with publication(options, None, ["to: {location: \"s3://lake/%s\", partition_by: [flag]}" % prefix], env=env) as made:
        for rows in (300, 400):
            made.run("build", *variables(rows=rows))
            index, files = _index(server.get("lake", prefix + "/_index.json").decode())
            keys = server.keys("lake", prefix)
            require(index["rows"] == rows and all(keys["%s/%s" % (prefix, f["path"])] == f["size"] for f in index["files"]), "index", index)
            require(len(keys) == len(files) + 1, "nothing else", keys)
        path = made.path("one.parquet")
        with open(path, "wb") as file:
            file.write(server.get("lake", prefix + "/" + files[0]))
        require(made.query("select count(*) from '%s'" % path) == [[str(index["files"][0]["rows"])]], "rows of a file")
        require(not server.uploads("lake"), "uploads left")


@test
def publish_single_files(options):
    for name, ask in (("out.csv", "read_csv('%s')"), ("out.json", "read_json('%s')"), ("out.parquet", "read_parquet('%s')")):
        with publication(options, None, ["to: {location: lake, file: %s}" % name]) as made:
            made.run("build", *variables(rows=50))
            require(made.files("lake") == ["lake/" + name], "one file", made.files("lake"))
            found = made.query("select count(*), sum(id), min(name) from " + ask % made.path("lake", name))
            require(found == [["50", "1275", "x0"]], name, found)
    with publication(options, None, ["to: {location: lake, file: out.xlsx}"]) as made:
        made.run("build", *variables(rows=50))
        with open(made.path("lake/out.xlsx"), "rb") as file:
            require(file.read(2) == b"PK", "a workbook")


@test
def publish_query(options):
    with publication(options, None, ["to: {location: lake, file: out.csv}",
                                     "query: \"select id, name from {{ this }} where id <= 3 order by id\""]) as made:
        made.run("build")
        with open(made.path("lake/out.csv"), encoding="utf-8") as file:
            require(file.read() == "id,name\n1,x0\n2,x1\n3,x2\n", "the query's rows")


@test
def publish_files_killed(options):
    """A reader who takes the index sees a whole version, whenever weir is killed."""
    chance = random.Random(options.seed)
    with publication(options, None, ["to: {location: lake/out}"]) as made:
        begun = time.monotonic()
        made.run("build", *variables(v=1, rows=1000))
        whole = time.monotonic() - begun
        for v in range(2, 2 + max(options.kills, 10)):
            child = start(made, "build", *variables(v=v, rows=1000 + v))
            time.sleep(chance.random() * whole * 1.1)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            with open(made.path("lake/out/_index.json"), encoding="utf-8") as file:
                index, files = _index(file.read())
            names = ", ".join("'%s'" % made.path("lake/out", path) for path in files)
            found = made.query("select count(*), min(v) = max(v) from read_parquet([%s])" % names)
            require(found == [[str(index["rows"]), "true"]], "the index and its files", found)
        made.run("build", *variables(v=99, rows=77))
        with open(made.path("lake/out/_index.json"), encoding="utf-8") as file:
            require(json.load(file)["rows"] == 77, "the last one")


@test
def example_shop(options):
    """The example's own command: everything it compares is equal."""
    example = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "shop", "live")
    done = subprocess.run([example, options.program[0], "--orders", "500"], capture_output=True, text=True, timeout=400, check=False)
    said = done.stdout + done.stderr
    require(done.returncode == 0 and "all that was compared is equal" in said and "DIFFERENT" not in said, "the example", said)
    require(said.count("   equal: ") == 19 and "SKIP load of shop_db.orders" in said and "etl-secret" not in said, "each step compared", said)


def _check(name, function, options):
    try:
        function(options)
    except Missing as missing:
        raise AssertionError("%s: a server is missing: %s" % (name, missing)) from None


def _lacks(name):
    """Why a case cannot run on this machine, or None."""
    try:
        for kind in (Postgres, MariaDb):
            kind.find()
        if "s3" in name:
            from servers import S3
            S3.find()
    except Missing as missing:
        return str(missing)
    return None


def cases(options):
    return [("ingest_db/" + name, lambda name=name, function=function: _check(name, function, options), _lacks(name))
            for name, function in TESTS]
