"""Partner drops: archives of CSV by the day become tables, row for row what the generator says; inboxes, drift, checks, waiting."""
import csv
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time

from servers import Proxy, Replay, S3, Sftp

from . import observe, sources
from .drops_world import DATE, LAYOUT, MEMBERS, PATH, TABLES, Drop, World, settings
from .ingest_api import require
from .ingest_files import _lacks

TESTS = []
NEXT = "2026-11-21"


def test(function):
    TESTS.append((function.__name__, function, ()))
    return function


def needs(*servers):
    def take(function):
        TESTS.append((function.__name__, function, servers))
        return function
    return take


def orders(**more):
    """One table: quicker where tables do not matter."""
    return settings(tables=["orders"], **more)


def mapped(rule, **more):
    """Settings and files with a key for orders."""
    text = "version: 1\npartner: partner_a\ntables:\n  orders: {primary_key: [order_id], duplicates: %s, others: keep}\n" % rule
    return settings(tables=["orders"], mapping="partners/partner_a.yml", **more), {"partners/partner_a.yml": text}


ONLY_ORDERS = ("--tables", "orders")


# ---- the tests' own footing ----

@test
def truth_is_true(options):
    """The generator's truth against Python's own tarfile and csv, cell for cell and line for line."""
    with World(options) as made:
        made.drop.generate("--drift", "all", archives=12)
        for table in TABLES:
            with open(made.drop.csv(table), encoding="utf-8", newline="") as file:
                truth = {(row["_archive"], row["_file"], row["_line"]): row for row in csv.DictReader(file)}
            for number in range(12):
                with tarfile.open(made.drop.archive(number)) as tar:
                    member = next(member for member in tar if member.name.startswith(table))
                    text = io.TextIOWrapper(tar.extractfile(member), "utf-8-sig", newline="")
                    reader = csv.DictReader(text)
                    line = 2
                    for row in reader:
                        wanted = truth.pop((os.path.basename(made.drop.archive(number)), member.name, str(line)))
                        require(all(wanted.get(name, "") == value for name, value in row.items()) and None not in row, "a row", (row, wanted))
                        require(not [name for name in wanted if wanted[name] and name not in row and name[0] != "_"], "too much", (row, wanted))
                        line = reader.line_num + 1
            require(not truth, "the truth of %s has more rows" % table, list(truth)[:3])


@test
def comparison_notices(options):
    """What `same` compares: a cell, a row more, a row less, a column make it fail."""
    changes = ("select * replace (quantity::int + (order_id like '%7')::int as quantity) from {}", "select * from {} union all (from {} limit 1)",
               "from {} offset 1", "select *, 1 as surplus from {}", "select * exclude (note) from {}", "select * replace ('x' as _file) from {}",
               "select * replace (_line::int + 1 as _line) from {}")
    with World(options) as made:
        made.drop.generate(*ONLY_ORDERS, rows=200, archives=2)
        truth = "read_csv('%s', all_varchar = true, nullstr = '', parallel = false)" % made.drop.csv("orders")
        folder = made.partition("orders")
        os.makedirs(folder)
        for change in ("from {}", *changes):
            made.query("copy (%s) to '%s/a.parquet'" % (change.replace("{}", truth), folder))
            for name, text in (("_SUCCESS", ""), ("_index.json", '{"files": [{"path": "a.parquet"}]}')):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            try:
                made.same("orders")
            except AssertionError:
                require(change in changes, "the same rows were found to differ")
                continue
            require(change not in changes, "unnoticed: " + change)


# ---- inboxes and targets ----

@test
def a_day(options):
    """Drift in columns, order and dialect; a second run does nothing; each table has a source."""
    with World(options) as made:
        made.drop.generate("--drift", "columns,dialect", archives=12)
        out, _ = made.ingest()
        rows = made.all_same()
        require(rows == made.drop.told()["rows"], "rows", rows)
        before = made.digests()
        statuses = made.statuses()
        require(set(statuses.values()) == {"success"} and len(statuses) == 9, "nodes", statuses)
        made.ingest()
        require(made.digests() == before, "the second run changed files")
        made.all_same(what="again")
        found = made.query("select count(*) from warehouse.partner_a.orders")
        require(found == [[str(rows["orders"])]], "the source in the warehouse", found)


@test
def origin_of_rows(options):
    """Every row says where it comes from: the archive below the inbox, its member, the line."""
    with World(options, orders()) as made:
        made.drop.generate(*ONLY_ORDERS, rows=300, archives=2)
        made.ingest()
        made.same("orders")
        found = made.query("select distinct _archive, _file from warehouse.partner_a.orders order by all")
        day = DATE.replace("-", "")
        require([name.split("/")[-1] for name, _ in found] == made.drop.archives(), "archives", found)
        require([name for _, name in found] == ["orders_%s_%05d.csv" % (day, n) for n in range(2)], "members", found)
        order = [row[0] for row in made.query("describe warehouse.partner_a.orders")]
        require(order[:3] == ["order_id", "customer_id", "order_date"], "columns keep the files' order", order)


@needs(Sftp)
def sftp_inbox(options):
    server = sources.shared(Sftp)
    said = server.describe()
    inbox = os.path.join(said["root"], "drops-%d" % os.getpid())
    connections = {"inbox": {"type": "sftp", "host": said["host"], "port": said["port"], "user": said["user"], "key_file": said["key_file"],
                             "known_hosts": said["known_hosts"]}}
    with World(options, settings(connection="inbox", path=inbox + PATH[2:]), connections) as made:
        made.drop.generate("--drift", "all", archives=30)
        shutil.copytree(made.drop.inbox, inbox)
        try:
            made.ingest()
            made.all_same()
        finally:
            shutil.rmtree(inbox)


@needs(S3)
def s3_everywhere(options):
    """Inbox, target, raw copies and the work folder in a bucket; a re-sent archive there, too."""
    server, env = sources.lake()
    prefix = "drops-%d" % os.getpid()
    base = "s3://lake/%s/" % prefix
    spec = settings(path=base + PATH, to={"layout": base + "lake/" + LAYOUT}, work=base + "work", quarantine=base + "bad",
                    raw={"keep": base + "raw/{date}/", "format": "csv.gz"})
    with World(options, spec, None, env) as made:
        made.drop.generate("--drift", "all", "--bad", "truncated@3", archives=10)
        day = DATE.replace("-", "")

        def send(name):
            with open(os.path.join(made.drop.inbox, day, name), "rb") as file:
                server.put("lake", "%s/in/%s/%s" % (prefix, day, name), file.read())
        for name in made.drop.archives():
            send(name)
        made.ingest()
        made.root = _s3_copy(server, made, prefix + "/lake")
        made.all_same()
        require(any("00003.tar.gz" in key for key in server.keys("lake", prefix + "/bad")), "quarantine", server.keys("lake", prefix + "/bad"))
        raw = [key for key in server.keys("lake", prefix + "/raw") if "_00003/" not in key]
        require(len(raw) == 4 * 9, "raw copies", raw)
        other = other_drop(options, made, "--drift", "all", archives=10)
        shutil.copy(other.archive(3), made.drop.archive(3))
        send(os.path.basename(made.drop.archive(3)))
        made.ingest()
        made.root = _s3_copy(server, made, prefix + "/lake")
        for table in TABLES:
            made.same(table, truths=[made.drop.csv(table), _part(made, other.csv(table), "00003")], what="mended")
        require(not server.uploads("lake"), "uploads are left open", server.uploads("lake"))


@test
def http_inbox(options):
    """Archives behind plain HTTP, listed by an index file; nothing of them lies on this disk."""
    with World(options, orders()) as made:
        made.drop.generate(*ONLY_ORDERS, rows=300, archives=3)
        with Replay(os.path.join(made.drop.inbox, DATE.replace("-", "")), count=7) as server:
            made.change(orders(connection="web", path="{{ process_date | replace('-', '') }}/*.tar.gz"), {"web": {"type": "http", "base_url": server.url}})
            made.ingest()
        found = made.query("select count(*), sum(order_id), count(distinct _archive) from warehouse.partner_a.orders")[0]
        truth = made.query("select sum(n), sum(s) from (select * from (select _archive, count(*) as n, sum(order_id::bigint) as s from read_csv('%s', "
                           "all_varchar = true, nullstr = '', parallel = false) group by 1), unnest(case when contains(_archive, '_00000.') then [1, 2, 3] "
                           "else [1, 2] end))" % made.drop.csv("orders"))[0]
        require(found == [*truth, "7"], "rows", (found, truth))


@needs(S3)
def broken_connections(options):
    """A bucket behind a proxy that cuts, drops and answers 503, as inbox, work folder and target: all the same in the end."""
    server, env = sources.lake()
    prefix = "drops-broken-%d" % os.getpid()
    rules = [{"action": "cut", "match": "^GET .*tar.gz", "every": 4, "bytes": 900}, {"action": "status", "status": 503, "match": "^(GET|PUT)", "every": 9},
             {"action": "drop", "match": "^(GET|HEAD)", "every": 11}]
    base = "s3://lake/%s/" % prefix
    with Proxy(server, rules) as proxy:
        endpoint = proxy.describe()["endpoint"]
        spec = orders(path=base + PATH, to={"layout": base + "lake/" + LAYOUT}, work=base + "work")
        with World(options, spec, None, {**env, "AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_S3": endpoint}) as made:
            made.drop.generate(*ONLY_ORDERS, archives=24)
            day = DATE.replace("-", "")
            for name in made.drop.archives():
                with open(os.path.join(made.drop.inbox, day, name), "rb") as file:
                    server.put("lake", "%s/in/%s/%s" % (prefix, day, name), file.read())
            made.ingest()
            made.root = _s3_copy(server, made, prefix + "/lake")
            made.same("orders")
            require(sum(proxy.faults.happened.values()) > 5, "the faults happened", proxy.faults.happened)


@needs(Sftp)
def inbox_down(options):
    """Nobody answers: an error, or with skip_and_fill a skip and exit code 0; the next run has the day."""
    with Sftp() as server:
        said = server.describe()
        connections = {"inbox": {"type": "sftp", "host": said["host"], "port": said["port"], "user": said["user"], "key_file": said["key_file"],
                                 "known_hosts": said["known_hosts"]}}
        spec = {"connection": "inbox", "path": said["root"] + PATH[2:]}
        with World(options, orders(**spec), connections) as made:
            made.drop.generate(*ONLY_ORDERS)
            shutil.copytree(made.drop.inbox, said["root"], dirs_exist_ok=True)
            server.stop()
            made.ingest(code=1)
            made.change(orders(on_unavailable="skip_and_fill", **spec), connections)
            made.ingest(code=0)
            require("skipped" in made.statuses().values() and not made.published("orders"), "skipped", made.statuses())
            server.start()
            made.ingest()
            made.same("orders")


def _s3_copy(server, made, prefix):
    """The objects below a prefix as files; gives the folder."""
    top = made.path("copy")
    shutil.rmtree(top, ignore_errors=True)
    for key in server.keys("lake", prefix):
        path = os.path.join(top, key[len(prefix) + 1:])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(server.get("lake", key))
    return top


def _part(made, path, *marks):
    """The rows of a truth that stand in archives with one of these marks in their names, as another file."""
    out = path + "-" + "-".join(marks) + ".csv"
    made.query("copy (select * from read_csv('%s', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
               "nullstr = '', parallel = false) where %s) to '%s' (header, delimiter ',')" %
               (path, " or ".join("contains(_archive, '_%s.')" % mark for mark in marks), out))
    return out


def other_drop(options, made, *args, **more):
    """The same day made with another seed: the same names, other rows."""
    folder = made.path("other")
    os.makedirs(folder, exist_ok=True)
    return Drop(options, folder).generate("--seed", "8", *args, **more)


# ---- archives that come again, late, or not any more ----

@test
def resent_and_late(options):
    """A re-sent archive replaces its former rows exactly; a late one is added; nothing else is read again."""
    with World(options, orders()) as made:
        made.drop.generate(*ONLY_ORDERS, archives=10)
        late = made.drop.archive(7)
        shutil.move(late, made.path("late.tar.gz"))
        made.ingest()
        made.same("orders", where="not contains(_archive, '_00007.')")
        shutil.move(made.path("late.tar.gz"), late)
        made.ingest()
        made.same("orders", what="late")
        other = other_drop(options, made, *ONLY_ORDERS, archives=10)
        for number in (2, 5):
            shutil.copy(other.archive(number), made.drop.archive(number))
        made.ingest()
        rest = "not contains(_archive, '_00002.') and not contains(_archive, '_00005.')"
        kept = _rest(made, made.drop.csv("orders"), rest)
        made.same("orders", truths=[kept, _part(made, other.csv("orders"), "00002", "00005")], what="re-sent")
        before = made.digests()
        made.ingest()
        require(made.digests() == before, "nothing is new, and files changed")


def _rest(made, path, where):
    out = path + "-rest.csv"
    made.query("copy (select * from read_csv('%s', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"', "
               "nullstr = '', parallel = false) where %s) to '%s' (header, delimiter ',')" % (path, where, out))
    return out


@test
def bad_then_good(options):
    """A truncated archive that is sent again whole."""
    with World(options, orders(quarantine="bad")) as made:
        made.drop.generate(*ONLY_ORDERS, "--bad", "truncated@4")
        made.ingest()
        made.same("orders")
        whole = Drop(options, made.path("whole"))
        os.mkdir(whole.folder)
        whole.generate(*ONLY_ORDERS)
        shutil.copy(whole.archive(4), made.drop.archive(4))
        made.ingest()
        made.same("orders", truths=[whole.csv("orders")], what="sent again")


@test
def vanished_archive(options):
    """An archive that is gone from the inbox keeps its rows; --full-refresh asks what is there now."""
    with World(options, orders()) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        os.unlink(made.drop.archive(1))
        made.ingest()
        made.same("orders", what="gone")


@test
def other_days(options):
    """--from .. --to fills days one by one; a day's partition does not touch another's."""
    with World(options, orders()) as made:
        made.drop.generate(*ONLY_ORDERS, "--days", "3")
        made.run("ingest", "--from", DATE, "--to", "2026-11-22")
        for date in (DATE, NEXT):
            made.same("orders", date)
        before = made.digests()
        made.ingest(date="2026-11-22")
        made.same("orders", "2026-11-22")
        require({k: v for k, v in made.digests().items() if k in before} == before, "other days were written again")
        total = made.query("select count(*) from warehouse.partner_a.orders")[0][0]
        require(int(total) == sum(made.drop.told(d)["rows"]["orders"] for d in (DATE, NEXT, "2026-11-22")), "the source holds all days", total)


@test
def date_of_yesterday(options):
    """Without --from: yesterday in the time zone, or what `process_date` says."""
    with World(options, orders(timezone="UTC")) as made:
        yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
        made.drop.generate(*ONLY_ORDERS, date=yesterday)
        made.ingest(date=None)
        made.same("orders", yesterday)
    with World(options, orders(process_date="2026-11-02")) as made:
        made.drop.generate(*ONLY_ORDERS, date="2026-11-02")
        made.ingest(date=None)
        made.same("orders", "2026-11-02")


# ---- types ----

@test
def types_of_a_day(options):
    """Found over all files before the first row: whole numbers and fractions in one column, a text in the last file."""
    with World(options) as made:
        made.drop.generate("--drift", "types", archives=12)
        made.ingest()
        made.all_same()
        found = made.types_of("orders")
        wanted = {"order_id": "BIGINT", "order_date": "DATE", "ordered_at": "TIMESTAMP", "status": "VARCHAR", "quantity": "VARCHAR",
                  "amount": "DOUBLE", "is_gift": "BOOLEAN", "sku": "VARCHAR", "_line": "BIGINT", "_archive": "VARCHAR"}
        require({k: found.get(k) for k in wanted} == wanted, "types", found)
        require(made.types_of("events")["occurred_at"] == "TIMESTAMP", "microseconds", made.types_of("events"))


@test
def wider_types_late(options):
    """A late archive, and the next day, ask for wider types than those that are there."""
    with World(options, settings(tables=["orders", "customers"])) as made:
        args = ("--tables", "orders,customers", "--drift", "types")
        made.drop.generate(*args, archives=9)
        last = made.drop.archive(8)
        shutil.move(last, made.path("late.tar.gz"))
        made.ingest()
        for table in ("orders", "customers"):
            made.same(table, where="not contains(_archive, '_00008.')")
        require(made.types_of("orders")["quantity"] == "DOUBLE", "fractions", made.types_of("orders"))
        shutil.move(made.path("late.tar.gz"), last)
        made.ingest()
        for table in ("orders", "customers"):
            made.same(table, what="late")
        require(made.types_of("orders")["quantity"] == "VARCHAR", "a text", made.types_of("orders"))
        made.drop.generate("--tables", "orders,customers", "--generation", "2", date=NEXT)
        made.ingest(date=NEXT)
        for table in ("orders", "customers"):
            made.same(table, NEXT, what="next day")
            made.same(table, what="the day before stays")


@test
def known_types_widen(options):
    """The registry knows a column as BIGINT; next day's files hold fractions and texts in it."""
    with World(options, orders()) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        require(made.types_of("orders")["quantity"] == "BIGINT" and made.types_of("orders")["sku"] == "BIGINT", "types", made.types_of("orders"))
        made.drop.generate(*ONLY_ORDERS, "--generation", "2", "--drift", "types", date=NEXT)
        made.ingest(date=NEXT)
        made.same("orders", NEXT)
        require(made.types_of("orders", NEXT)["sku"] == "VARCHAR", "types", made.types_of("orders", NEXT))
        out, err = made.run("schema", "show", "partner_a.orders", code=None)
        require("sku" in out, "the registry shows the table", out + err)


@test
def misfits_to_quarantine(options):
    """types: on_misfit: quarantine: rows that do not fit a known type are left out and counted."""
    with World(options, orders(types={"on_misfit": "quarantine"})) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        made.drop.generate(*ONLY_ORDERS, "--generation", "2", date=NEXT)
        made.ingest(date=NEXT, code=None)
        fits = ("try_cast(quantity as bigint) is not null and not contains(quantity, '.') and try_cast(sku as bigint) is not null")
        made.same("orders", NEXT, where=fits)
        require(made.types_of("orders", NEXT)["quantity"] == "BIGINT", "types", made.types_of("orders", NEXT))
        row = _row(made.summary(NEXT), "orders")
        require(row["rows_bad"] > 0 and row["rows_in"] + row["rows_bad"] == made.drop.told(NEXT)["rows"]["orders"], "the summary", row)


@test
def types_as_text(options):
    with World(options, orders(types={"infer": "text"})) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        made.same("orders")
        kinds = set(kind for name, kind in made.types_of("orders").items() if name != "_line")
        require(kinds == {"VARCHAR"}, "types", made.types_of("orders"))


# ---- keys ----

def _last(key="order_id"):
    return "select * from {truth} qualify row_number() over (partition by %s order by _archive desc, _file desc, _line::bigint desc) = 1" % key


@test
def duplicates_last(options):
    spec, files = mapped("last")
    with World(options, spec, files=files) as made:
        made.drop.generate(*ONLY_ORDERS, "--duplicates", "0.05")
        made.ingest()
        kept = made.same("orders", query=_last())
        all_rows = made.drop.told()["rows"]["orders"]
        require(kept < all_rows, "there were duplicates")
        row = _row(made.summary(), "orders")
        require(row["rows_in"] == all_rows and row["rows_out"] == kept, "the summary", row)


@test
def duplicates_keep(options):
    spec, files = mapped("keep", checks={"duplicate_keys": "warn"})
    with World(options, spec, files=files) as made:
        made.drop.generate(*ONLY_ORDERS, "--duplicates", "0.05")
        out, _ = made.ingest()
        made.same("orders")
        require("order_id" in out or made.statuses()["merge_orders"] == "warn", "a warning", out)


@test
def duplicates_fail(options):
    spec, files = mapped("fail")
    with World(options, spec, files=files) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        made.same("orders")
        made.drop.generate(*ONLY_ORDERS, "--duplicates", "0.02", date=NEXT)
        out, err = made.ingest(date=NEXT, code=1)
        require("order_id" in out + err, "the key is named", out + err)
        require(not made.published("orders", NEXT), "nothing is published", made.published("orders", NEXT))


@test
def duplicates_and_resent(options):
    """The rule holds over what is re-sent, too: the loser may win when the winner goes."""
    spec, files = mapped("last")
    with World(options, spec, files=files) as made:
        made.drop.generate(*ONLY_ORDERS, "--duplicates", "0.2", archives=6)
        made.ingest()
        made.same("orders", query=_last())
        other = other_drop(options, made, *ONLY_ORDERS, archives=6)
        shutil.copy(other.archive(5), made.drop.archive(5))
        made.ingest()
        kept = _rest(made, made.drop.csv("orders"), "not contains(_archive, '_00005.')")
        made.same("orders", truths=[kept, _part(made, other.csv("orders"), "00005")], query=_last(), what="re-sent")


# ---- mappings ----

MAPPING_A = """version: 1
partner: partner_a
schema: unified.yml
tables:
  orders:
    primary_key: [order_id]
    duplicates: last
    others: drop
    columns:
      order_id: {type: bigint, required: true}
      customer_id: bigint
      ordered_on: {from: order_date, type: date}
      ordered_at: timestamp
      status: {values: {active: active, inactive: inactive, pending: pending, shipped: shipped, returned: returned}, values_are_all: true}
      channel: {from: [channel, sales_channel], default: unknown}
      amount: {type: "decimal(18,2)"}
      currency: varchar
      is_gift: {type: boolean, default: false}
"""
MAPPING_B = """version: 1
partner: partner_b
schema: unified.yml
tables:
  orders:
    from: order_header
    primary_key: [order_id]
    duplicates: last
    others: drop
    columns:
      order_id: {from: [OrderNo], type: bigint, required: true}
      customer_id: {from: ClientNo, type: bigint}
      ordered_on: {from: OrderDate, type: date, date_format: "%d.%m.%Y"}
      ordered_at: {from: OrderedAt, type: timestamp}
      status: {from: St, values: {A: active, I: inactive, P: pending, S: shipped, R: returned}, values_are_all: true}
      channel: {from: Channel, default: unknown}
      amount: {from: AmountCents, type: "decimal(18,2)", multiply: 0.01}
      currency: {from: Cur, type: varchar}
      is_gift: {from: Gift, type: boolean, values: {Y: "true", N: "false"}, default: false}
"""
UNIFIED = """tables:
  orders:
    primary_key: [order_id]
    columns:
      order_id: {type: bigint, description: The partner's number of the order.}
      customer_id: bigint
      ordered_on: date
      ordered_at: timestamp
      status: varchar
      channel: varchar
      amount: {type: "decimal(18,2)"}
      currency: varchar
      is_gift: boolean
"""
# What the mappings say, in SQL: the oracle.
UNIFIED_A = ("select order_id, customer_id, order_date as ordered_on, ordered_at, status, coalesce(channel, sales_channel, 'unknown') as channel, "
             "amount, currency, coalesce(is_gift, 'false') as is_gift, _archive, _file, _line from (" + _last() + ")")
UNIFIED_B = ("select OrderNo as order_id, ClientNo as customer_id, strptime(OrderDate, '%d.%m.%Y')::date::varchar as ordered_on, "
             "OrderedAt as ordered_at, case St when 'A' then 'active' when 'I' then 'inactive' when 'P' then 'pending' when 'S' then 'shipped' "
             "else 'returned' end as status, coalesce(Channel, 'unknown') as channel, (AmountCents::decimal(18,0) / 100)::decimal(18,2)::varchar as amount, "
             "Cur as currency, coalesce(case Gift when 'Y' then 'true' when 'N' then 'false' end, 'false') as is_gift, _archive, _file, _line "
             "from (" + _last("OrderNo") + ")")


@test
def two_partners_one_schema(options):
    """Renames, casts, units, values, defaults: both partners' files become one table, told apart by the layout."""
    layout = {"layout": "lake/{partner}/" + LAYOUT}
    partner_b = {"name": "partner_b", "type": "drop", "path": "in_b" + PATH[2:], "members": MEMBERS, "mapping": "partners/partner_b.yml", "to": layout}
    spec = {k: v for k, v in settings(mapping="partners/partner_a.yml", to=layout).items() if k != "tables"}
    files = {"partners/partner_a.yml": MAPPING_A, "partners/partner_b.yml": MAPPING_B, "partners/unified.yml": UNIFIED}
    with World(options, [spec, partner_b], files=files) as made:
        made.drop.generate(*ONLY_ORDERS, "--drift", "columns", "--duplicates", "0.01")
        os.mkdir(made.path("b"))
        other = Drop(options, made.path("b")).generate(*ONLY_ORDERS, "--style", "b", "--partner", "partner_b", "--drift", "columns")
        shutil.move(other.inbox, made.path("in_b"))
        made.ingest()
        root = made.path("lake", "partner_a")
        made.same("orders", query=UNIFIED_A, root=root, what="partner_a")
        made.same("orders", truths=[other.csv("order_header")], query=UNIFIED_B, root=made.path("lake", "partner_b"), what="partner_b")
        wanted = {"order_id": "BIGINT", "ordered_on": "DATE", "amount": "DECIMAL(18,2)", "is_gift": "BOOLEAN", "status": "VARCHAR"}
        for name in ("partner_a", "partner_b"):
            found = made.types_of("orders", root=made.path("lake", name))
            require({k: found.get(k) for k in wanted} == wanted, "types of " + name, found)


@test
def proposed_mapping(options):
    """`weir generate partner` proposes a mapping that works as it is."""
    with World(options, settings(tables=["orders", "customers"])) as made:
        made.drop.generate("--tables", "orders,customers")
        out, err = made.run("generate", "partner", made.drop.archive(0), made.drop.archive(1))
        text = out if "tables:" in out else open(made.path("partners/partner_a.yml"), encoding="utf-8").read()
        require("orders" in text and "order_id" in text, "the proposal", text + err)
        os.makedirs(made.path("partners"), exist_ok=True)
        with open(made.path("partners/partner_a.yml"), "w", encoding="utf-8") as file:
            file.write(text)
        made.change(settings(tables=["orders", "customers"], mapping="partners/partner_a.yml"))
        made.ingest()
        made.same("orders")
        made.same("customers")


# ---- checks ----

def _check_of(made, table, name):
    return [check for check in _row(made.summary(), table).get("checks", []) if check["check"] == name]


@test
def null_ratio_soft_and_hard(options):
    """Soft: told, published. Hard: nothing is published, and what was there stays."""
    ratio = {"null_ratio": {"warn": 0.5, "error": 0.95}}
    with World(options, orders(checks=ratio)) as made:
        made.drop.generate(*ONLY_ORDERS, "--null", "orders.note=0.8")
        out, _ = made.ingest()
        made.same("orders")
        require("note" in out and "warn" in made.statuses().values(), "a warning that names the column", out)
        made.drop.generate(*ONLY_ORDERS, "--null", "orders.is_gift=0.99", date=NEXT)
        out, err = made.ingest(date=NEXT, code=1)
        require("is_gift" in out + err, "the column is named", out + err)
        require(not made.published("orders", NEXT), "nothing is published", made.published("orders", NEXT))
        made.same("orders", what="the day before")
        made.change(orders(checks={"null_ratio": {"warn": 0.5, "error": 0.95, "columns": {"is_gift": {"warn": 1, "error": 1}}}}))
        made.ingest(date=NEXT)
        made.same("orders", NEXT, what="with a threshold of its own")


@test
def hard_check_keeps_former(options):
    """A re-sent archive spoils a day that was published: the former rows stay where they are."""
    with World(options, orders(checks={"null_ratio": {"error": 0.95}})) as made:
        made.drop.generate(*ONLY_ORDERS, "--null", "orders.note=0.5", archives=2)
        made.ingest()
        before = made.digests()
        other = other_drop(options, made, *ONLY_ORDERS, "--null", "orders.is_gift=1", archives=2)
        for number in range(2):
            shutil.copy(other.archive(number), made.drop.archive(number))
        made.ingest(code=1)
        require(made.digests() == before, "the former files stay", made.digests())


@test
def header_rules(options):
    """A new column next day: taken silently, told, or refused."""
    for rule, code in (("evolve", 0), ("warn", 0), ("freeze", 1)):
        with World(options, orders(checks={"header": rule})) as made:
            made.drop.generate(*ONLY_ORDERS, rows=400, archives=2)
            made.ingest()
            made.drop.generate(*ONLY_ORDERS, "--generation", "1", rows=400, archives=2, date=NEXT)
            out, err = made.ingest(date=NEXT, code=code)
            status = made.statuses()["merge_orders"]
            require(status == {"evolve": "success", "warn": "warn", "freeze": "error"}[rule], "%s: %s" % (rule, status), out + err)
            require(rule == "evolve" or "loyalty_tier" in out + err, "the column is named", out + err)
            if rule == "freeze":
                require(not made.published("orders", NEXT), "published", made.published("orders", NEXT))
            else:
                made.same("orders", NEXT, what=rule)


def _manifest(made, change, rule, code, words, **more):
    """A day whose manifest was changed; gives the world to look into."""
    made.change(orders(checks={"files": {"expected": "manifest.json", **rule}, **more}))
    made.drop.generate(*ONLY_ORDERS, "--manifest", "manifest.json", archives=4)
    path = os.path.join(os.path.dirname(made.drop.archive(0)), "manifest.json")
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)
    change(listed)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(listed, file)
    out, err = made.ingest("--full-refresh", code=code)
    for word in words:
        require(word in out + err, "no word of %s" % word, out + err)


@test
def expected_files(options):
    with World(options, orders()) as made:
        _manifest(made, lambda listed: None, {"missing": "error", "surplus": "error"}, 0, [])
        made.same("orders")

        def one_more(listed):
            listed["archives"].append({"name": "partner_a_20261120_00009.tar.gz"})
        _manifest(made, one_more, {"missing": "warn"}, 0, ["00009"])
        require("warn" in made.statuses().values(), "a warning", made.statuses())
        _manifest(made, lambda listed: (listed["archives"].pop(), listed["files"].pop()), {"surplus": "warn"}, 0, ["00003"])
        require("warn" in made.statuses().values(), "a warning", made.statuses())


@test
def expected_hard(options):
    with World(options, orders()) as made:
        def one_more(listed):
            listed["archives"].append({"name": "partner_a_20261120_00009.tar.gz"})
        _manifest(made, one_more, {"missing": "error"}, 1, ["00009"])


@test
def expected_rows(options):
    """Row counts of the manifest against what came."""
    def wrong(listed):
        listed["files"][1]["rows"] += 1
    for level, code in (("warn", 0), ("error", 1)):
        with World(options, orders()) as made:
            _manifest(made, wrong, {}, code, ["orders_20261120_00001.csv"], row_counts=level)


@test
def change_against_days(options):
    """Few rows after many days of more: told."""
    with World(options, orders(checks={"change": {"warn": 0.5, "days": 7}})) as made:
        days = ["2026-11-%02d" % day for day in range(16, 21)]
        for date in days:
            made.drop.generate(*ONLY_ORDERS, rows=2000 if date != days[-1] else 200, archives=2, date=date)
        made.run("ingest", "--from", days[0], "--to", days[-1])
        made.run("ingest", "--from", days[-1])
        made.same("orders", days[-1])
        status = _row(made.summary(days[-1]), "orders")["status"]
        require(status == "warn", "the summary warns", made.summary(days[-1]))


# ---- raw copies, output ----

@test
def raw_copies(options):
    """csv.zst and csv beside: byte for byte the members, one file each."""
    for form, unpack in (("csv.zst", ["zstd", "-dcq"]), ("csv", ["cat"])):
        if not shutil.which(unpack[0]):
            continue
        with World(options, orders(raw={"keep": "raw/{date}/", "format": form})) as made:
            made.drop.generate(*ONLY_ORDERS, "--drift", "dialect", archives=6)
            made.ingest()
            made.same("orders")
            found = {}
            for name in made.files("raw"):
                found[os.path.basename(name).replace("." + form, ".csv")] = subprocess.run(
                    [*unpack, made.path(name)], check=True, capture_output=True).stdout
            wanted = {}
            for number in range(6):
                with tarfile.open(made.drop.archive(number)) as tar:
                    wanted.update({member.name: tar.extractfile(member).read() for member in tar})
            require(sorted(found) == sorted(wanted), "files", sorted(found))
            require(found == wanted, "bytes differ: %s" % [name for name in wanted if found[name] != wanted[name]])


@test
def files_of_a_size(options):
    """file_size: several files instead of a giant one, and the rows in them the same."""
    with World(options, orders(to={"layout": "lake/" + LAYOUT, "file_size": "100KB"})) as made:
        made.drop.generate(*ONLY_ORDERS, rows=20000, archives=1600)          # more than 512: groups of archives, a row group each
        made.ingest()
        made.same("orders")
        parquet = [name for name in made.published("orders") if name.endswith(".parquet")]
        sizes = [os.path.getsize(os.path.join(made.partition("orders"), name)) for name in parquet]
        require(len(parquet) >= 3, "files", list(zip(parquet, sizes)))


@test
def csv_on_request(options):
    """to.csv: one CSV beside the Parquet files, with the same rows."""
    with World(options, orders(to={"layout": "lake/" + LAYOUT, "csv": True})) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        made.same("orders")
        names = [name for name in made.published("orders") if name.endswith(".csv")]
        require(len(names) == 1, "one CSV", made.published("orders"))
        path = os.path.join(made.partition("orders"), names[0])
        both = made.query("with c as (select * from read_csv('%s', header = true, delim = ',', quote = '\"', escape = '\"', parallel = false, "
                          "sample_size = -1)), p as (select * from read_parquet('%s/*.parquet', hive_partitioning = false)) select (select count(*) from c), "
                          "(select count(*) from p), (select count(*) from (select order_id, note, amount, _line from c except all "
                          "select order_id, note, amount, _line from p))" % (path, made.partition("orders")))[0]
        require(both[0] == both[1] and both[2] == "0", "rows of the CSV", both)


# ---- waiting ----

def _marker(made, name="_DONE"):
    return os.path.join(os.path.dirname(made.drop.archive(0)), name)


@test
def waits_for_a_marker(options):
    """The run begins before the marker is there, and goes on when it comes."""
    with World(options, orders(ready={"marker": "_DONE", "deadline": "60s", "poll": "100ms"})) as made:
        made.drop.generate(*ONLY_ORDERS)
        late = made.path("late.tar.gz")
        shutil.move(made.drop.archive(7), late)
        child = made.start()
        time.sleep(1.0)
        require(child.poll() is None, "it waits", child.stdout.read() if child.poll() is not None else "")
        shutil.move(late, made.drop.archive(7))
        open(_marker(made), "w").close()
        out = child.communicate(timeout=60)[0].decode()
        require(child.returncode == 0, "exit %s" % child.returncode, out)
        made.same("orders")


@test
def deadlines(options):
    """fail: an error, nothing behind it runs; skip: exit 0, nothing loaded; go_on: what is there is loaded."""
    for rule, code in (("fail", 1), ("skip", 0), ("go_on", 0)):
        with World(options, orders(ready={"marker": "_DONE", "deadline": "500ms", "poll": "100ms", "on_deadline": rule})) as made:
            made.drop.generate(*ONLY_ORDERS, rows=400, archives=2)
            out, err = made.ingest(code=code)
            if rule == "go_on":
                made.same("orders")
            else:
                require(not made.published("orders"), "published", made.published("orders"))
                require("_DONE" in out + err, "what was waited for", out + err)
            if rule == "skip":
                require("skipped" in made.statuses().values(), "skipped nodes", made.statuses())
            open(_marker(made), "w").close()
            made.ingest()
            made.same("orders", what="with the marker, " + rule)


@test
def count_and_manifest(options):
    """A count of archives; a manifest whose archives must all be there."""
    for ready in ({"count": 8}, {"manifest": "manifest.json"}):
        ready = {**ready, "deadline": "500ms", "poll": "100ms"}
        with World(options, orders(ready=ready)) as made:
            made.drop.generate(*ONLY_ORDERS, "--manifest", "manifest.json", rows=400)
            shutil.move(made.drop.archive(3), made.path("late.tar.gz"))
            made.ingest(code=1)
            require(not made.published("orders"), "published", made.published("orders"))
            shutil.move(made.path("late.tar.gz"), made.drop.archive(3))
            made.ingest()
            made.same("orders")


@test
def quiet_inbox(options):
    """Quiet for a second: files that still come hold it back; or_quiet_for stands in for a marker that never comes."""
    for ready in ({"quiet_for": "1s"}, {"marker": "_NEVER", "or_quiet_for": "1s"}):
        with World(options, orders(ready={**ready, "deadline": "60s", "poll": "100ms"})) as made:
            made.drop.generate(*ONLY_ORDERS, rows=400)
            held = [made.drop.archive(number) for number in (5, 6, 7)]
            for path in held:
                shutil.move(path, path + ".held")
            child = made.start()
            for path in held:
                time.sleep(0.6)
                os.utime(path + ".held")
                shutil.move(path + ".held", path)
            out = child.communicate(timeout=60)[0].decode()
            require(child.returncode == 0, "exit %s" % child.returncode, out)
            made.same("orders", what=str(ready))


@test
def empty_inbox(options):
    """No archives: no tables, and words about it; the next run has them."""
    with World(options, orders()) as made:
        out, err = made.ingest(code=None)
        require(not made.published("orders"), "published", out + err)
        made.drop.generate(*ONLY_ORDERS)
        made.ingest()
        made.same("orders")


# ---- stages ----

@test
def stages_alone(options):
    """Each node can be run alone, in order; one that lacks the stage before says so."""
    with World(options, settings(tables=["orders", "customers"])) as made:
        made.drop.generate("--tables", "orders,customers")
        out, err = made.ingest("-s", "partner_a.merge_orders", code=1)
        require("batch_extract" in out + err, "what is missing is named", out + err)
        for stage in ("pre_set_date", "wait_for_all_sources", "batch_extract", "merge_orders"):
            made.ingest("-s", "partner_a." + stage)
        made.same("orders")
        require(not made.published("customers"), "customers were not asked for", made.published("customers"))
        made.ingest("-s", "partner_a.merge_customers", "partner_a.merge_summary", "partner_a.post_merge_check")
        made.same("customers")
        require(len(made.summary()["tables"]) == 2, "summary", made.summary())


@test
def builds_with_models(options):
    """`weir build`: drop, model and test in one graph."""
    files = {"models/daily.sql": "select order_date, count(*) as n, sum(amount) as total from {{ source('partner_a', 'orders') }} group by 1\n",
             "models/schema.yml": "models: [{name: daily, columns: [{name: order_date, data_tests: [unique, not_null]}]}]\n"}
    with World(options, orders(process_date=DATE), files=files) as made:
        made.drop.generate(*ONLY_ORDERS)
        made.run("build")
        found = made.query("select sum(n) from warehouse.main.daily")[0][0]
        require(int(found) == made.drop.told()["rows"]["orders"], "the model's rows", found)
        require(made.statuses()["daily"] == "success", "statuses", made.statuses())


# ---- summary ----

def _row(summary, table):
    for row in summary["tables"]:
        if row["table"] == table:
            return row
    raise AssertionError("no table %s in the summary\n%s" % (table, json.dumps(summary, indent=1)[:2000]))


@test
def summary_of_a_day(options):
    """JSON, CSV and a table in the lake; with what the issue of a run needs to know."""
    with World(options, settings(flags={"files": 5})) as made:
        made.drop.generate("--drift", "columns", archives=6)
        made.ingest()
        made.all_same()
        summary, told = made.summary(), made.drop.told()
        require(summary["verdict"] in ("success", "warn"), "verdict", summary)
        for table in TABLES:
            row = _row(summary, table)
            for key in ("start_time", "end_time", "duration_sec", "input_size_mb", "csv_files", "null_ratio", "status", "rows_in", "rows_out",
                        "columns", "schema_version", "bytes_read", "bytes_written"):
                require(key in row, "the summary of %s lacks %s" % (table, key), row)
            require(row["csv_files"] == 6 and row["rows_in"] == row["rows_out"] == told["rows"][table], "counts of " + table, row)
        nulls = _row(summary, "orders")["null_ratio"]["coupon"]
        truth = made.query("select count(*) filter (coupon is null) / count(*) from read_csv('%s', all_varchar = true, nullstr = '')" %
                           made.drop.csv("orders"))[0][0]
        require(abs(float(nulls) - float(truth)) < 1e-3, "null ratio %s, the truth %s" % (nulls, truth))
        lines = made.summary(ending="csv").strip().split("\n")
        require(len(lines) == 5 and "table" in lines[0].split(","), "the CSV", lines)
        rows = made.query("select table_name, rows_out from warehouse.partner_a.merge_summary order by 1")
        require([(r[0], int(r[1])) for r in rows] == sorted(told["rows"].items()), "the table in the lake", rows)
        require("flags" in json.dumps(summary), "flags", summary)


# ---- memory ----

@test
def memory_is_bounded(options):
    """Some 60 MB of CSV with a limit of 96 MB; the process stays below what it may take in all."""
    with World(options, settings(memory_limit="96MB", workers=2)) as made:
        made.drop.generate("--size", "60M", "--drift", "columns", archives=6)
        child = subprocess.Popen([*made.program, "ingest", "--from", DATE], cwd=made.project, env=observe.clean_environment(made.home, made.env),
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        # rusage would tell of this process's own memory too: what was large before exec() counts there
        peak_mb, lines = 0, []
        reader = threading.Thread(target=lambda: lines.append(child.stdout.read()))
        reader.start()
        while child.poll() is None:
            peak_mb = max(peak_mb, observe.peak_mb(child.pid))
            time.sleep(0.02)
        reader.join()
        require(child.returncode == 0, "exit %d" % child.returncode, lines[0].decode())
        require(peak_mb > 20, "the peak was seen", peak_mb)
        made.all_same()
        require(peak_mb < 256, "peak memory %.0f MB" % peak_mb)


def cases(options):
    return [("drops/" + name, lambda function=function: function(options), _lacks(servers)) for name, function, servers in TESTS]
