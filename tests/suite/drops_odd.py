"""What goes wrong around partner drops, as a stranger meets it: settings without sense, days without files, a damaged work folder,
drops that share a source, names that clash."""
import io
import json
import os
import shutil
import tarfile

from servers import S3

from . import sources
from .drops_world import DATE, World, settings
from .ingest_api import require
from .ingest_files import _lacks

TESTS = []
DAY = ".weir/drops/partner_a/" + DATE


def test(function):
    TESTS.append((function.__name__, function, ()))
    return function


def needs(*servers):
    def take(function):
        TESTS.append((function.__name__, function, servers))
        return function
    return take


def orders(**more):
    return settings(**{"tables": ["orders"], **more})


def rows(count, first=0):
    return "id,amount\n" + "".join("%d,%d.5\n" % (i, i) for i in range(first, first + count))


def pack(made, name, members, date=DATE, folder="in"):
    """An archive of {member: text} in the inbox."""
    path = made.path(folder, date.replace("-", ""), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for member, text in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def world(options, resource=None, count=3, **more):
    """A project with one archive of `count` rows in the inbox."""
    made = World(options, resource or orders(), **more)
    pack(made, "a.tar.gz", {"orders_20261120_1.csv": rows(count)})
    return made


def says(made, words, *args, code=1, **more):
    out, err = made.ingest(*args, code=code, **more)
    for word in [words] if isinstance(words, str) else words:
        require(word in out + err, "no %r" % word, out + err)
    return out + err


def count_of(made, name="partner_a.orders"):
    return int(made.query("select count(*) from warehouse." + name)[0][0])


# ---- settings that would pass in silence, or fail only hours later ----

REFUSED = {
    "share": ({"checks": {"null_ratio": {"warn": 50}}}, ["`warn` must be a share between 0 and 1, such as 0.5, not 50", "ingest/drops.yml:"]),
    "flag_share": ({"flags": {"null_ratio": 80}}, ["`null_ratio` must be a share between 0 and 1"]),
    "bad_size": ({"to": {"layout": "x", "file_size": "5 bananas"}}, ["`file_size` must be a size such as 64MB or 1GiB, not '5 bananas'"]),
    "bad_count": ({"ready": {"count": -1}}, ["`count` must be a whole number, 0 or above, not -1"]),
    "bad_list": ({"tables": ["a", 5]}, ["`tables` must be a text or a list of texts, not a list"]),
    "key_of_to": ({"to": {"layuot": "x"}}, ["'layuot' is no key of `to`. Did you mean 'layout'?"]),
    "twins": ({"tables": ["orders", "Orders"]}, ["'orders' and 'Orders' differ in case only"]),
    "summary": ({"tables": ["orders", "merge_summary"]}, ["merge_summary is the table of the summaries"]),
    "twins_mapped": ({"tables": None, "mapping": "p.yml"}, ["p.yml:4:", "differ in case only"],
                     {"p.yml": "version: 1\ntables:\n  orders:\n  Orders:\n"}),
}
FAILED = {
    "zone": ({"timezone": "Asia/Soul"}, ["there is no time zone 'Asia/Soul'"]),
    "missing": ({"checks": {"files": {"missing": "error"}}}, ["`files.missing` compares with the list that `files.expected` names"]),
    "row_counts": ({"checks": {"row_counts": "warn"}}, ["`row_counts` compares with the list"]),
    "duplicate_keys": ({"checks": {"duplicate_keys": "warn"}}, ["there is no `mapping`"]),
    "limit": ({"limits": {"members": 0}}, ["`limits`: `members` must be above 0"]),
    "workers": ({"workers": 100000}, ["`workers` is a number of threads, 1024 at most, not 100000"]),
    "delimiter": ({"csv": {"delimiter": "||"}}, ["`delimiter` must be one character, not '||'"]),
    "decimal": ({"csv": {"decimal": "comma"}}, ["`decimal` must be \".\" or \",\""]),
    "encoding": ({"csv": {"encoding": "cp494"}}, ["the encoding 'cp494' is not known: did you mean 'cp949'?"]),
    "date_format": ({"csv": {"date_format": "%Q"}}, ["unknown letter in `date_format`, '%Q'"]),
    "origin": ({"tables": None, "mapping": "p.yml"}, ["p.yml:4:", "every table has a column _line already"],
               {"p.yml": "version: 1\ntables:\n  orders:\n    columns: {id: bigint, _Line: bigint}\n"}),
    "mapping_place": ({"tables": None, "mapping": "p.yml"}, ["--> p.yml:4:", "Did you mean BIGINT?"],
                      {"p.yml": "version: 1\ntables:\n  orders:\n    columns: {id: bigit}\n"}),
}


def _refused(change, words, files=None, code=2, args=("parse",)):
    def check(options):
        with World(options, orders(**change), files=files) as made:
            out, err = made.run(*args, code=code)
            for word in words:
                require(word in out + err, "no %r" % word, out + err)
    return check


for _name, _case in REFUSED.items():
    TESTS.append(("refused/" + _name, _refused(*_case), ()))
for _name, _case in FAILED.items():
    TESTS.append(("failed/" + _name, _refused(*_case, code=1, args=("ingest", "-s", "partner_a.pre_set_date", "--from", DATE)), ()))


@needs(S3)
def no_such_bucket(options):
    """A place that cannot be written is told before anything is waited for or extracted; no secret is shown."""
    _, env = sources.lake()
    wrong = {name: "not-the-secret-1" if "SECRET" in name else value for name, value in env.items()}
    for setting, value in (("to", "s3://no-such-lake/{table}/{date}"), ("raw", "s3://no-such-lake/raw/{date}"), ("logs", "s3://no-such-lake/logs")):
        with world(options, orders(**{setting: value}), env=env) as made:
            says(made, "`%s`: s3://no-such-lake" % setting)
            require(made.statuses()["pre_set_date"] == "error", "the first stage", made.statuses())
    with world(options, orders(to="s3://lake/{table}/{date}"), env=wrong) as made:
        out = says(made, "SignatureDoesNotMatch")
        require("not-the-secret-1" not in out, "the secret", out)


# ---- days without files ----

@test
def no_archives(options):
    """A day without archives is skipped, says where it looked, and is looked at again."""
    files = {"models/daily.sql": "select count(*) as n from {{ source('partner_a', 'orders') }}\n"}
    with World(options, orders(process_date=DATE), files=files) as made:
        out, err = made.run("build")
        require("/in/20261120/*.tar.gz" in out + err and "no archives at" in out + err, "where", out + err)
        require("Skipped: partner_a.wait_for_all_sources above was skipped" in out + err, "why what is behind it is skipped", out + err)
        require("is down" not in out + err, "nothing is down", out + err)
        require("SKIP drop partner_a.batch_extract" in out, "the line", out)
        statuses = made.statuses()
        require(statuses["wait_for_all_sources"] == statuses["merge_orders"] == statuses["daily"] == "skipped", "statuses", statuses)
        pack(made, "a.tar.gz", {"orders_20261120_1.csv": rows(3)})
        made.run("build")
        require(count_of(made) == 3, "later", made.statuses())


@test
def looks_once(options):
    """What lacks is told in words; without a deadline it says why it did not wait, with one by the clock that was asked for."""
    with world(options, orders(ready={"count": 2})) as made:
        says(made, "1 archive, at least 2 are needed (without `deadline` it looks once)")
    with world(options, orders(ready={"marker": "_DONE", "deadline": "00:30"}, timezone="Asia/Seoul")) as made:
        says(made, "no _DONE yet; deadline 00:30 Asia/Seoul passed", date="2026-01-05")


# ---- the work folder ----

@test
def plan_is_gone(options):
    """Markers without their plan count for other groups than the next plan's: refused, never rows that lack in silence."""
    with world(options) as made:
        made.ingest()
        os.remove(made.path(DAY, "plan-0001.json"))
        pack(made, "0.tar.gz", {"orders_20261120_0.csv": rows(10, 100)})
        says(made, ["plan-0001.json is gone", "--full-refresh"])
        require(count_of(made) == 3, "readers keep what they had")
        made.ingest("--full-refresh")
        require(count_of(made) == 13, "all of the inbox", count_of(made))
        pack(made, "b.tar.gz", {"orders_20261120_2.csv": rows(1, 900)})
        made.ingest()
        os.remove(made.path(DAY, "plan-0001.json"))
        says(made, "plan-0001.json is gone")


@test
def damaged_files(options):
    """What is damaged is named, with what to do about it; doing that helps."""
    with world(options) as made:
        made.ingest()
        for name, text in (("types.json", "[]"), ("groups/00000.json", "{\"version\": 1, \"archi"), ("groups/00000.json", "[]"),
                           ("merge/orders.json", "")):
            with open(made.path(DAY, name), "w", encoding="utf-8") as file:
                file.write(text)
            says(made, [name + " is damaged", "remove it and run again"])
            os.remove(made.path(DAY, name))
            made.ingest()
            require(count_of(made) == 3, name, count_of(made))
        with open(made.path(DAY, "groups/00000.json"), "w", encoding="utf-8") as file:
            file.write('{"version": 7}')
        says(made, "groups/00000.json was made by a newer weir")
        with open(made.path(DAY, "plan-0001.json"), "w", encoding="utf-8") as file:
            file.write("{")
        says(made, ["plan-0001.json is damaged", "--full-refresh"])
        made.ingest("--full-refresh")
        require(count_of(made) == 3, "anew", count_of(made))
        with open(made.path(".weir/drops/partner_a/registry/orders.json"), "w", encoding="utf-8") as file:
            file.write("{")
        pack(made, "b.tar.gz", {"orders_20261120_2.csv": rows(2, 10)})
        says(made, ["registry/orders.json is damaged", "put a copy back, or remove it"])
        os.remove(made.path(".weir/drops/partner_a/registry/orders.json"))
        made.ingest()
        require(count_of(made) == 5, "types found out anew", count_of(made))


@test
def settings_change(options):
    """What is extracted by other settings is never merged as if it were by these; checks and places may change."""
    with world(options) as made:
        pack(made, "b.tar.gz", {"items_20261120_1.csv": rows(4)})
        made.ingest()
        made.change(orders(tables=["orders", "items"]))
        says(made, ["have changed since " + DATE, "`--from %s --full-refresh`" % DATE])
        require(count_of(made) == 3, "readers keep what they had")
        made.ingest("--full-refresh")
        require(count_of(made, "partner_a.items") == 4, "the new table")
        made.change(orders(tables=["items", "orders"], to="other/{table}/{date}", checks={"null_ratio": {"warn": 1}}))
        made.ingest()
        require(os.path.exists(made.path("other", "items", DATE, "_SUCCESS")), "published elsewhere", made.files("other"))


@test
def mapping_changes(options):
    """So for a mapping; a comment in it is no change."""
    text = "version: 1\ntables:\n  orders:\n    columns: {id: bigint, amount: double}\n"
    with world(options, orders(tables=None, mapping="p.yml"), files={"p.yml": text}) as made:
        made.ingest()
        for change, code in (("# a comment\n" + text, 0), (text.replace("double", "varchar"), 1)):
            with open(made.path("p.yml"), "w", encoding="utf-8") as file:
                file.write(change)
            made.ingest(code=code)


@test
def wrong_members(options):
    """A pattern that no file has is an error, not a day without rows; files of other tables are none."""
    with world(options, orders(members="{table}-{date:%Y%m%d}.csv")) as made:
        says(made, ["of the form of `members`, {table}-{date:%Y%m%d}.csv", "in/20261120/a.tar.gz/orders_20261120_1.csv"])
        require(not made.published("orders"), "nothing is published", made.published("orders"))
    with world(options, orders(tables=["others"])) as made:
        out, err = made.ingest()
        require("EXTRACT 1 archive, 0 rows, 1 file of no table" in out + err, "told", out + err)


# ---- drops that fill one source ----

@test
def one_view_of_all(options):
    """Two partners fill one table: the view shows the rows of both, whoever was merged last."""
    layout = "lake/{table}/partner={partner}/date={date}"
    other = orders(name="partner_b", source="partner_a", path="b/{{ process_date | replace('-', '') }}/*.tar.gz", to=layout)
    files = {"models/daily.sql": "select partner, count(*) as n from {{ source('partner_a', 'orders') }} group by all\n"}
    with world(options, [orders(to={"layout": layout}), other], files=files) as made:
        pack(made, "b.tar.gz", {"orders_20261120_9.csv": rows(7)}, folder="b")
        made.run("build", "--from", DATE)
        found = sorted(map(tuple, made.query("select partner, n from warehouse.main.daily")))
        require(found == [("partner_a", "3"), ("partner_b", "7")], "both", found)
        pack(made, "a.tar.gz", {"orders_20261120_1.csv": rows(5)})
        made.ingest("-s", "partner_a")
        require(count_of(made) == 12, "after one alone", count_of(made))


@test
def one_place_of_two(options):
    """Two drops that would take each other's place are refused when the project is read."""
    for first, second in (("lake/{table}/{date}", "lake/{table}/{date}"), ("lake/a/{table}/{date}", "lake/{partner}/{table}/{date}")):
        other = orders(name="partner_b", source="partner_a", path="b/*.tar.gz", to=second)
        with World(options, [orders(to=first), other]) as made:
            out, err = made.run("parse", code=2)
            require("'partner_a' and 'partner_b' fill one table, partner_a.orders" in out + err, "told", out + err)
    with World(options, [orders(), orders(name="partner_b", path="b/*.tar.gz"), settings(name="c", source="partner_a", tables=["more"])]) as made:
        made.run("parse")


# ---- names ----

@test
def odd_names(options):
    """Archives and members with blanks, quotes, line ends and globs in their names; tables named like words of SQL."""
    tables = ["select", "Größe", "MixedCase", "year"]
    with World(options, orders(tables=tables)) as made:
        pack(made, "sp ace é\n{a}[b]%2f*.tar.gz", {"d x/%s_20261120_ü'\n.csv" % table: rows(2) for table in tables})
        made.ingest()
        for table in tables:
            require(count_of(made, 'partner_a."%s"' % table) == 2, table)
        archive, file = made.query('select distinct _archive, _file from warehouse.partner_a."select"')[0]
        require(archive == "in/20261120/sp ace é\n{a}[b]%2f*.tar.gz" and file == "d x/select_20261120_ü'\n.csv", "origin", (archive, file))
        made.ingest()
        shutil.rmtree(made.path("lake"))
        made.ingest()
        require(count_of(made, 'partner_a."Größe"') == 2, "published again")


@test
def summary_as_a_source(options):
    """The table of summaries, declared as a table of the source, is one for models."""
    files = {"models/sources.yml": json.dumps({"version": 2, "sources": [{"name": "partner_a", "tables": [{"name": "orders"}, {"name": "merge_summary"}]}]}),
             "models/days.sql": "select table_name, rows_out from {{ source('partner_a', 'merge_summary') }}\n"}
    with world(options, files=files) as made:
        made.run("build", "--from", DATE)
        found = [tuple(row) for row in made.query("select table_name, rows_out from warehouse.main.days")]
        require(found == [("orders", "3")], "the day's row", found)


def cases(options):
    return [("drops_odd/" + name, lambda function=function: function(options), _lacks(servers)) for name, function, servers in TESTS]
