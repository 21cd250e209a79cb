"""Drops as nodes: how a resource unfolds, is selected and dated; what bad settings say; late days, shards, work that others do not see."""
import datetime
import json
import os

from servers import S3

from . import sources
from .drops_world import DATE, LAYOUT, TABLES, World, settings
from .ingest_api import require
from .ingest_files import _lacks

TESTS = []
STAGES = ("pre_set_date", "wait_for_all_sources", "batch_extract", "merge_orders", "merge_summary", "post_merge_check")


def test(function):
    TESTS.append((function.__name__, function, ()))
    return function


def needs(*servers):
    def take(function):
        TESTS.append((function.__name__, function, servers))
        return function
    return take


def orders(**more):
    return settings(tables=["orders"], **more)


def world(options, resource=None, **more):
    return World(options, resource or orders(), **more)


def small(made, date=DATE):
    made.drop.generate("--tables", "orders", date=date, rows=200, archives=2)
    return made


def listed(made, *args):
    out, _ = made.run("--quiet", "ls", *args)
    return out.split()


# ---- the graph ----

@test
def unfolds(options):
    """A node a stage and one a table; the sources they fill; what is printed can be selected."""
    files = {"models/daily.sql": "select count(*) as n from {{ source('partner_a', 'orders') }}\n"}
    with World(options, settings(tags=["nightly"]), files=files) as made:
        nodes = listed(made, "--resource-type", "ingest")
        wanted = ["ingest:made.partner_a." + name for name in STAGES if name != "merge_orders"]
        wanted += ["ingest:made.partner_a.merge_" + table for table in TABLES]
        require(sorted(nodes) == sorted(wanted), "ls", nodes)
        require(sorted(listed(made, "--resource-type", "source")) == sorted("source:made.partner_a." + t for t in TABLES), "sources", nodes)
        require(listed(made, "--output", "name", "-s", "partner_a.merge_orders") == ["partner_a.merge_orders"], "the name selects", nodes)
        require(sorted(listed(made, "-s", "partner_a")) == sorted(nodes) == sorted(listed(made, "-s", "tag:nightly")), "the resource", nodes)
        above = listed(made, "-s", "+daily", "--resource-type", "ingest")
        require(sorted(above) == sorted(nodes), "a model waits for the verdict, which waits for all", above)
        below = listed(made, "-s", "partner_a.pre_set_date+", "--resource-type", "model")
        require(below == ["made.daily"], "below the first stage", below)
        some = listed(made, "-s", "+partner_a.merge_events")
        require(sorted(name.split(".")[-1] for name in some) == ["batch_extract", "merge_events", "pre_set_date", "wait_for_all_sources"],
                "one merge and what it needs", some)
        entry = json.loads(made.run("--quiet", "ls", "-s", "partner_a.merge_summary", "--output", "json")[0])
        require(entry["unique_id"] == "ingest.made.partner_a.merge_summary" and
                sorted(entry["depends_on"]["nodes"]) == sorted("ingest.made.partner_a.merge_" + t for t in TABLES), "edges", entry)


@test
def parses_without_secrets(options):
    """Nothing of the environment is needed to read a project; the manifest holds the sources alone."""
    inbox = {"inbox": {"type": "sftp", "host": "{{ env_var('NO_SUCH_HOST') }}", "user": "u", "password": "{{ env_var('NO_SUCH_PASSWORD') }}"}}
    with world(options, orders(connection="inbox", to={"layout": "{{ env_var('NO_SUCH_LAKE') }}/{table}/{date}"}), connections=inbox) as made:
        made.run("parse")
        manifest = made.json("target", "manifest.json")
        require(list(manifest["sources"]) == ["source.made.partner_a.orders"], "sources", list(manifest["sources"]))
        require("batch_extract" not in json.dumps(manifest), "stages are left out of dbt's manifest")
        out, err = made.ingest(code=1)
        require("NO_SUCH_HOST" in out + err, "missing when it runs", out + err)


@test
def two_drops(options):
    """Two drops that fill one source: their nodes are told apart in messages, and models wait for both."""
    layout = "lake/{partner}/{table}/{date}"
    other = orders(name="partner_b", source="partner_a", path="b/*.tar.gz", to={"layout": layout})
    files = {"models/daily.sql": "select count(*) as n from {{ source('partner_a', 'orders') }}\n"}
    with World(options, [orders(to=layout), other], files=files) as made:
        require(len(listed(made, "-s", "+daily", "--resource-type", "ingest")) == 12, "ancestors", listed(made))
        require(sorted(listed(made, "-s", "merge_orders", "--output", "name")) == ["partner_a.merge_orders", "partner_b.merge_orders"],
                "by the last part", listed(made))
        out, err = made.ingest("-s", "partner_b.merge_orders", code=1)
        require("partner_b.merge_orders" in out + err, "which of the two failed", out + err)


# ---- what is wrong is said where it is ----

def _refused(change, words, files=None):
    def check(options):
        with world(options, {**orders(), **change}, files=files) as made:
            out, err = made.run("parse", code=2)
            for word in words:
                require(word in out + err, "no %r" % word, out + err)
    return check


REFUSED = {
    # when the project is read
    "no_tables": ({"tables": None}, ["ingest/drops.yml:", "names no tables", "weir generate partner"]),
    "no_mapping": ({"mapping": "partners/b.yml"}, ["ingest/drops.yml:", "there is no file partners/b.yml"]),
    "no_path": ({"path": None}, ["lacks `path`"]),
    "no_members": ({"members": None}, ["lacks `members`"]),
    "no_layout": ({"to": {"format": "parquet"}}, ["`to` lacks `layout`"]),
    "unknown_key": ({"membres": "x"}, ["'membres' is no key of a drop. Did you mean 'members'?"]),
    "other_kind": ({"endpoint": "/x"}, ["'endpoint' is a key of other resources, not of a drop"]),
    "bad_size": ({"memory_limit": "much"}, ["`memory_limit` must be a size such as"]),
    "bad_span": ({"ready": {"quiet_for": "soon"}}, ["`quiet_for` must be a duration such as"]),
    "bad_word": ({"checks": {"header": "freze"}}, ["'freze' is no header", "Did you mean 'freeze'?"]),
    "bad_share": ({"checks": {"null_ratio": {"columns": {"a": {"warn": -1}}}}}, ["`warn` must be a share between 0 and 1"]),
    "no_such_place": ({"to": {"layout": "lake/{table}/{date}", "connection": "lake"}}, ["there is no connection 'lake'"]),
    "bad_yaml": ({"mapping": "partners/a.yml"}, ["partners/a.yml:"], {"partners/a.yml": "tables: {orders: [\n"}),
}
# when its node runs
FAILED = {
    "zone": ({"timezone": "Asia/Soul"}, ["ingest/drops.yml:", "there is no time zone 'Asia/Soul'"]),
    "process_date": ({"process_date": "2026-02-30"}, ["must be a day such as 2026-11-20, yesterday or today, not '2026-02-30'"]),
    "process_date_from": ({"process_date": "{{ var('no_such_day') }}"}, ["no_such_day"]),
    "hole": ({"to": {"layout": "lake/{tabel}/{date}"}}, ["`to`: there is no {tabel} here. Did you mean {table}?"]),
    "no_table": ({"to": {"layout": "lake/orders/{date}"}}, ["must hold {table}"]),
    "no_day": ({"to": {"layout": "lake/{table}"}}, ["must hold the day, as {date} or {year}, {month}, {day}"]),
    "brace": ({"to": {"layout": "lake/{table/{date}"}}, ["there is no {table/{date} here"]),
    "raw_hole": ({"raw": {"keep": "raw/{dat}"}}, ["`raw`: there is no {dat} here. Did you mean {date}?"]),
    "deadline": ({"ready": {"deadline": "6 o'clock"}}, ["`deadline` must be a time of the day such as \"06:00\""]),
    "deadline_25": ({"ready": {"deadline": "25:00"}}, ["`deadline` must be a time of the day"]),
    "deadline_number": ({"ready": {"deadline": 750}}, ["in quotes"]),
    "quiet": ({"ready": {"marker": "_DONE", "quiet_for": "5m"}}, ["it is `or_quiet_for`"]),
    "memory": ({"memory_limit": "1MB"}, ["`memory_limit` must be 32MiB or more"]),
    "keep_parts": ({"keep_parts": 7}, ["`keep_parts` is a number of days, such as 7d"]),
    "members": ({"members": "{table_{date}.csv"}, ["ingest/drops.yml:", "`members`, column 2 of '{table_{date}.csv'", "{table}"]),
}


def _run_refused(change, words):
    def check(options):
        with world(options, {**orders(), **change}) as made:
            out, err = made.run("ingest", "-s", "partner_a.pre_set_date", code=1)
            for word in words:
                require(word in out + err, "no %r" % word, out + err)
    return check


for _name, _case in REFUSED.items():
    TESTS.append(("refused/" + _name, _refused(*_case), ()))
for _name, _case in FAILED.items():
    TESTS.append(("failed/" + _name, _run_refused(*_case), ()))


@test
def options_refused(options):
    with world(options) as made:
        for args, words in ((("--from", "7"), "drops are asked for by the day, such as 2026-11-20"),
                            (("--from", "2026-11-20T00:00:00"), "drops are asked for by the day"),
                            (("--to", "2026-11-20"), "--to ends what --from begins"),
                            (("--from", "2026-11-20", "--to", "2026-11-20"), "is not behind --from"),
                            (("--from", "1026-11-20", "--to", "2026-11-20"), "at most")):
            out, err = made.run("ingest", *args, code=1)
            require(words in out + err, "no %r" % words, out + err)
        for text, words in (("0/4", "counted from 1"), ("5/4", "1/4 to 4/4"), ("3", "such as 2/16"), ("a/b", "such as 2/16"), ("1/0", "such as 2/16")):
            out, err = made.run("ingest", "--shard", text, code=2)
            require(words in out + err, "no %r" % words, out + err)
        out, err = made.run("build", "--shard", "1/2", code=2)
        require("--shard is of `weir ingest`" in out + err, "build", out + err)
        require(not os.path.exists(made.path(".weir", "drops")), "nothing was begun")


# ---- dates ----

def _message(made, stage="pre_set_date"):
    for result in made.json("target", "run_results.json")["results"]:
        if result["unique_id"].endswith("." + stage):
            return result["message"]
    return None


def _begin(made, *args, **more):
    made.run("ingest", "-s", "partner_a.pre_set_date", *args, **more)
    return _message(made)


@test
def dates(options):
    """Yesterday on the zone's clock; a day of its own; --from, alone or with --to."""
    def days_in(hours):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours) - datetime.timedelta(days=1)).date().isoformat()
    for zone, hours in (("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12), ("UTC", 0)):
        with world(options, orders(timezone=zone)) as made:
            before, got, after = days_in(hours), _begin(made), days_in(hours)
            require(got in (before, after), "yesterday in " + zone, "%s, not %s" % (got, before))
    with world(options, orders(process_date="{{ var('which', '2026-01-05') }}", catch_up=False)) as made:
        require(_begin(made) == "2026-01-05", "the setting", _message(made))
        require(_begin(made, "--vars", "which: 2024-02-29") == "2024-02-29", "a leap day", _message(made))
        require(_begin(made, "--vars", "which: today", env={"TZ": "UTC"}) >= days_in(0), "today", _message(made))
        require(_begin(made, "--from", DATE) == DATE, "--from wins", _message(made))
        require(_begin(made, "--from", "2026-02-27", "--to", "2026-03-02") == "2026-02-27, 2026-02-28, 2026-03-01", "days", _message(made))


@test
def templates_know_the_day(options):
    """process_date and its parts in paths; the partner of the mapping in layouts."""
    mapping = {"partners/a.yml": "version: 1\npartner: acme\ntables:\n  orders: {columns: {}, others: keep}\n"}
    path = "in/{{ year }}{{ month }}{{ day }}/{{ resource }}_{{ date | replace('-', '') }}_*.tar.gz"
    resource = orders(path=path, mapping="partners/a.yml", to="lake/{partner}/{table}/year={year}/month={month}/day={day}")
    with world(options, resource, files=mapping) as made:
        small(made).ingest()
        made.same("orders", root=made.path("lake", "acme"))


@test
def late_days(options):
    """A day that was begun and not finished comes first in the next run; `catch_up: false` and --from leave it alone."""
    with world(options, orders(process_date="2026-11-21")) as made:
        small(made, date="2026-11-20")
        made.ingest("-s", "partner_a.pre_set_date", date="2026-11-20")
        small(made, date="2026-11-21")
        made.ingest("-s", "partner_a.pre_set_date", date="2026-11-21")
        require(_message(made) == "2026-11-21", "by hand", _message(made))
        made.change(orders(process_date="2026-11-21", catch_up=False))
        require(_begin(made) == "2026-11-21", "catch_up: false", _message(made))
        made.change(orders(process_date="2026-11-21"))
        made.run("ingest")
        require(_message(made) == "2026-11-20 (unfinished), 2026-11-21", "late first", _message(made))
        made.same("orders", date="2026-11-20")
        made.same("orders", date="2026-11-21")
        require(_begin(made) == "2026-11-21", "nothing is late any more", _message(made))
        made.change(orders(process_date="2026-12-21"))
        require(_begin(made) == "2026-12-21", "what is a month old is history", _message(made))


@test
def late_day_fails_alone(options):
    """What a late day still lacks is a warning, and does not stand in the way of today's."""
    resource = orders(process_date="2026-11-21", ready={"marker": "_DONE", "poll": "100ms"})
    with world(options, resource) as made:
        small(made, date="2026-11-20")
        made.ingest(date="2026-11-20", code=1)
        small(made, date="2026-11-21")
        open(os.path.join(os.path.dirname(made.drop.archive(0, date="2026-11-21")), "_DONE"), "w").close()
        out, err = made.run("ingest")
        require("2026-11-20 stays unfinished" in out + err and "_DONE" in out + err, "the warning", out + err)
        require(_message(made, "wait_for_all_sources").startswith("2026-11-20 (unfinished): failed; 2026-11-21: "), "wait",
                _message(made, "wait_for_all_sources"))
        require(made.statuses()["wait_for_all_sources"] == "warn", "statuses", made.statuses())
        made.same("orders", date="2026-11-21")
        require(not made.published("orders", date="2026-11-20"), "the late day", made.published("orders", date="2026-11-20"))
        open(os.path.join(os.path.dirname(made.drop.archive(0, date="2026-11-20")), "_DONE"), "w").close()
        made.run("ingest")
        made.same("orders", date="2026-11-20")


@test
def skipped_day(options):
    """on_deadline: skip leaves the nodes behind it and the models skipped, with exit code 0."""
    files = {"models/daily.sql": "select count(*) as n from {{ source('partner_a', 'orders') }}\n"}
    ready = {"marker": "_DONE", "deadline": "200ms", "poll": "50ms", "on_deadline": "skip"}
    with World(options, orders(process_date=DATE, ready=ready), files=files) as made:
        small(made)
        made.run("build")
        statuses = made.statuses()
        require(statuses["pre_set_date"] == "success" and statuses["wait_for_all_sources"] == "skipped", "statuses", statuses)
        require(all(statuses[name] == "skipped" for name in ("batch_extract", "merge_orders", "post_merge_check", "daily")), "behind it", statuses)


@test
def inbox_is_down(options):
    """An inbox that is down: an error, or skipped where the declaration says so."""
    inbox = {"inbox": {"type": "sftp", "host": "127.0.0.1", "port": 1, "user": "u", "password": "pass-word-1", "host_key_check": False}}
    for rule, code in ((None, 1), ("skip_and_fill", 0)):
        with world(options, orders(connection="inbox", on_unavailable=rule), connections=inbox) as made:
            out, err = made.ingest(code=code)
            require(made.statuses()["wait_for_all_sources"] == ("skipped" if rule else "error"), "statuses", made.statuses())
            require("pass-word-1" not in out + err, "the password", out + err)


# ---- shards ----

@test
def shards_share(options):
    """Two shards at once in one project: both end well, the rows are there once; loads that are no drops are left to shard 1."""
    files = {"ingest/other.yml": "ingest: [{name: other, source: s.other, path: 'small/*.csv'}]\n", "small/a.csv": "id\n1\n2\n"}
    with World(options, orders(), files=files) as made:
        made.drop.generate("--tables", "orders", rows=2000, archives=6)
        first = made.start("--shard", "1/2")
        second = made.start("--shard", "2/2")
        outs = [child.communicate(timeout=120)[0].decode() for child in (first, second)]
        require(first.returncode == 0 and second.returncode == 0, "exit %s, %s" % (first.returncode, second.returncode), "\n".join(outs))
        made.same("orders")
        require("left to shard 1" in outs[1] and "left to shard 1" not in outs[0], "the other load", "\n".join(outs))
        require(made.query("select count(*) from warehouse.s.other")[0][0] == "2", "shard 1 loaded it")
        require(made.query("select count(*) > 0 from warehouse.partner_a.orders")[0][0] == "true", "the view is in the warehouse")
        require(os.path.isdir(made.path("lake", "_weir", "drops", "partner_a", DATE)), "the work folder of shards lies in the lake", made.files("lake"))


@needs(S3)
def shards_in_a_bucket(options):
    """The work folder lies in the lake by itself, or where the tables go; the state that is kept there is shard 1's alone."""
    server, env = sources.lake()
    name = "p%d" % os.getpid()
    connections = {"lake": {"type": "s3", "bucket": "lake"}}
    resource = orders(name=name, to={"layout": name + "/out/" + LAYOUT, "connection": "lake"})
    with World(options, resource, connections, env) as made:
        declared = json.loads(made.declare([resource], connections))
        declared["state"] = {"location": "s3://lake/%s/state.db" % name, "connection": "lake"}
        with open(made.path("ingest", "drops.yml"), "w", encoding="utf-8") as file:
            json.dump(declared, file, indent=1)
        small(made)
        made.ingest("--shard", "2/2")
        require(server.keys("lake", "_weir/drops/%s/%s/summary.json" % (name, DATE)), "beside the tables", server.keys("lake", "_weir"))
        require(server.keys("lake", name + "/out/orders"), "the tables", server.keys("lake", name))
        require(not server.keys("lake", name + "/state.db"), "the state is not written", server.keys("lake", name))
        require(not os.path.exists(made.path("warehouse.duckdb")), "nor is the warehouse opened")
        made.ingest("--shard", "1/2")
        require(server.keys("lake", name + "/state.db"), "shard 1 writes the state", server.keys("lake", name))
        require(made.query("select count(*) > 0 from warehouse.%s.merge_summary" % name)[0][0] == "true", "shard 1 keeps the summary's table")
        made.ingest("--shard", "1/1", "--vars", "lake: s3://lake/%s/deep" % name)
        require(server.keys("lake", "%s/deep/_weir/drops/%s/%s/summary.json" % (name, name, DATE)), "var('lake')", server.keys("lake", name))


def cases(options):
    return [("drops_nodes/" + name, lambda function=function: function(options), _lacks(servers)) for name, function, servers in TESTS]
