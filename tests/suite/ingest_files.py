"""Loads of files: every place, format, packing and encoding; only what is new or changed is read; broken files are said where."""
import csv
import gzip
import io
import json
import os
import random
import shutil
import signal
import subprocess
import tarfile
import time
import zipfile

from servers import Cdn, Ftp, Proxy, S3, Sftp
from servers.process import Missing

from . import sources
from .ingest_api import require, start
from .loads import Loads, as_text

TESTS = []
COLUMNS = ("id", "name", "price", "day")


def test(function):
    TESTS.append((function.__name__, function, ()))
    return function


def needs(*servers):
    def take(function):
        TESTS.append((function.__name__, function, servers))
        return function
    return take


def rows(first, last, mark="n"):
    """The rows of a file: texts with quotes, separators, line ends and CJK; nulls."""
    odd = ["plain", 'say "hi"', "a,b;c", "주문", "🎮", "it's"]
    return [{"id": i, "name": "%s%d %s" % (mark, i, odd[i % len(odd)]), "price": None if i % 11 == 0 else i / 4,
             "day": "2025-01-%02d" % (1 + i % 28)} for i in range(first, last + 1)]


def as_csv(some, delimiter=",", header=True, **more):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", **more)
    if header:
        writer.writerow(COLUMNS)
    writer.writerows([["" if row[c] is None else row[c] for c in COLUMNS] for row in some])
    return out.getvalue().encode()


def as_json(some):
    return json.dumps(some, ensure_ascii=False).encode()


def as_jsonl(some):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some).encode()


def as_xml(some):
    def text(value):
        return str(value).replace("&", "&amp;").replace("<", "&lt;")
    return ("<?xml version=\"1.0\"?>\n<list>\n%s</list>\n" % "".join(
        "<row>%s</row>\n" % "".join("<%s>%s</%s>" % (c, text(row[c]), c) for c in COLUMNS if row[c] is not None) for row in some)).encode()


def as_tar(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def as_zip(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return out.getvalue()


def as_xlsx(some):
    def cell(place, value):
        if value is None:
            return ""
        if isinstance(value, str):
            return '<c r="%s" t="inlineStr"><is><t>%s</t></is></c>' % (place, value.replace("&", "&amp;").replace("<", "&lt;"))
        return '<c r="%s"><v>%s</v></c>' % (place, value)
    lines = [list(COLUMNS)] + [[row[c] for c in COLUMNS] for row in some]
    sheet = "".join('<row r="%d">%s</row>' % (n, "".join(cell("ABCD"[c] + str(n), v) for c, v in enumerate(line))) for n, line in enumerate(lines, 1))
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
    return as_zip({
        "[Content_Types].xml": '<Types xmlns="%scontent-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="%ssheet'
        '.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="%sworksheet+xml"/></Types>' % (package, kind, kind),
        "_rels/.rels": '<Relationships xmlns="%srelationships"><Relationship Id="r1" Type="%s/officeDocument" Target="xl/workbook.xml"/>'
        '</Relationships>' % (package, relations),
        "xl/workbook.xml": '<workbook %s xmlns:r="%s"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>' % (space, relations),
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="%srelationships"><Relationship Id="r1" Type="%s/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>' % (package, relations),
        "xl/worksheets/sheet1.xml": '<worksheet %s><sheetData>%s</sheetData></worksheet>' % (space, sheet)})


def zstd(content):
    return subprocess.run(["zstd", "-q", "-c"], input=content, capture_output=True, check=True).stdout


def resource(path, more="", connection=None):
    return "ingest:\n  - name: r\n%s    source: s.r\n    path: %s\n%s" % (
        "    connection: %s\n" % connection if connection else "", path, "".join("    %s\n" % line for line in more.split("\n") if line))


def world(options, text, env=None):
    return Loads(options.program, {"ingest/files.yml": text}, env)


def rewrite(made, text):
    with open(made.path("ingest/files.yml"), "w", encoding="utf-8") as file:
        file.write(text)


def put(top, name, content):
    path = os.path.join(top, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return path


def check(made, wanted, what="", columns=COLUMNS):
    """The table holds these rows, as often as they are there, and nothing else."""
    def shown(row):
        return tuple(_value(row.get(c)) for c in columns)
    found, truth = sorted(map(shown, made.table("s.r")), key=repr), sorted(map(shown, wanted), key=repr)
    lacking, surplus = [r for r in truth if r not in found], [r for r in found if r not in truth]
    assert found == truth, "%s: %d rows, the files hold %d; lacking %s, too many %s" % (what, len(found), len(truth), lacking[:3], surplus[:3])


def _value(value):
    text = as_text(value)
    try:
        return None if text is None else repr(float(text))
    except ValueError:
        return text or None


def rows_in(made):
    return made.json("target", "run_results.json")["results"][0]["adapter_response"].get("rows_in")


# ---- formats ----

def _format(name, ending, make, more="", columns=COLUMNS):
    def check_it(options):
        some, others = rows(1, 60), rows(61, 100)
        with world(options, resource("\"in/*%s\"" % ending, more)) as made:
            put(made.path("in"), "a" + ending, make(some))
            put(made.path("in"), "b" + ending, make(others))
            made.run("ingest")
            check(made, some + others, name, columns)
            out, _ = made.run("ingest")
            check(made, some + others, "nothing is new", columns)
            require(rows_in(made) in (0, None), "files were read again", out)
    check_it.__name__ = "format_" + name
    test(check_it)


_format("csv", ".csv", as_csv)
_format("csv_gz", ".csv.gz", lambda some: gzip.compress(as_csv(some)))
_format("csv_zst", ".csv.zst", lambda some: zstd(as_csv(some)))
_format("tsv_sniffed", ".csv", lambda some: as_csv(some, "\t"))
_format("semicolons_sniffed", ".csv", lambda some: as_csv(some, ";"))
_format("json", ".json", as_json)
_format("json_nested", ".json", lambda some: json.dumps({"meta": {"n": len(some)}, "data": {"items": some}}).encode(), "data_selector: data.items")
_format("jsonl", ".jsonl", as_jsonl)
_format("jsonl_gz", ".jsonl.gz", lambda some: gzip.compress(as_jsonl(some)))
_format("jsonl_as_txt", ".txt", as_jsonl, "format: jsonl")
_format("xml", ".xml", as_xml, "data_selector: list/row")
_format("xlsx", ".xlsx", as_xlsx)
_format("tar_gz", ".tar.gz", lambda some: as_tar({"x/one.csv": as_csv(some[:20]), "two.csv": as_csv(some[20:])}), "format: csv")
_format("zip_members", ".zip", lambda some: as_zip({"one.csv": as_csv(some), "readme.txt": b"not a table\n"}), "members: \"*.csv\"")
_format("zip_of_gz", ".zip", lambda some: as_zip({"one.csv.gz": gzip.compress(as_csv(some))}))


@test
def format_parquet(options):
    with world(options, resource("\"in/*.parquet\"")) as made:
        os.makedirs(made.path("in"))
        select = "copy (select range + %d as id, 'x' || range as name, (range / 4)::decimal(10,2) as price from range(%d)) to '%s'"
        made.query(select % (1, 50, made.path("in/a.parquet")))
        made.query(select % (51, 30, made.path("in/b.parquet")))
        made.run("ingest")
        require(made.query("select count(*), sum(id), count(distinct id) from warehouse.s.r") == [["80", "3240", "80"]], "rows")
        require(made.types("s.r")["price"] == "DECIMAL(10,2)", "types", made.types("s.r"))
        made.query(select % (81, 20, made.path("in/c.parquet")))
        made.run("ingest")
        require(made.query("select count(*), sum(id) from warehouse.s.r") == [["100", "5050"]], "the new file alone")


# ---- what is new or changed ----

@test
def new_and_changed(options):
    """A new file adds rows, a changed one replaces its own, one that is gone leaves its rows."""
    with world(options, resource("\"in/**/*.csv\"")) as made:
        put(made.path("in"), "a.csv", as_csv(rows(1, 30)))
        put(made.path("in"), "deep/b.csv", as_csv(rows(31, 50)))
        made.run("ingest")
        check(made, rows(1, 50))
        put(made.path("in"), "c.csv", as_csv(rows(51, 60)))
        made.run("ingest")
        check(made, rows(1, 60), "new")
        require(rows_in(made) == 10, "the new file alone was read: %s" % rows_in(made))
        put(made.path("in"), "deep/b.csv", as_csv(rows(31, 45, "changed ")))
        made.run("ingest")
        check(made, rows(1, 30) + rows(31, 45, "changed ") + rows(51, 60), "changed")
        require(rows_in(made) == 15, "the changed file alone was read: %s" % rows_in(made))
        os.unlink(made.path("in/a.csv"))
        made.run("ingest")
        check(made, rows(1, 30) + rows(31, 45, "changed ") + rows(51, 60), "gone")
        made.run("ingest", "--full-refresh")
        check(made, rows(31, 45, "changed ") + rows(51, 60), "anew: what is there now")


@test
def merged_by_key(options):
    with world(options, resource("\"in/*.jsonl\"", "primary_key: id\nwrite_disposition: merge")) as made:
        put(made.path("in"), "1.jsonl", as_jsonl(rows(1, 30)))
        made.run("ingest")
        put(made.path("in"), "2.jsonl", as_jsonl(rows(21, 40, "later ")))
        made.run("ingest")
        check(made, rows(1, 20) + rows(21, 40, "later "))


@test
def replaced_whole(options):
    """write_disposition: replace: all files make the table, whenever one of them changes or goes."""
    with world(options, resource("\"in/*.csv\"", "write_disposition: replace")) as made:
        put(made.path("in"), "a.csv", as_csv(rows(1, 10)))
        put(made.path("in"), "b.csv", as_csv(rows(11, 20)))
        made.run("ingest")
        check(made, rows(1, 20))
        put(made.path("in"), "b.csv", as_csv(rows(11, 15)))
        made.run("ingest")
        check(made, rows(1, 15), "changed")
        os.unlink(made.path("in/a.csv"))
        made.run("ingest")
        check(made, rows(11, 15), "gone")
        made.run("ingest")
        require(rows_in(made) in (0, None), "nothing changed, nothing read: %s" % rows_in(made))


@test
def source_file_column(options):
    with world(options, resource("[in/a.csv, in/b.csv]")) as made:
        put(made.path("in"), "a.csv", as_csv(rows(1, 5)))
        put(made.path("in"), "b.csv", as_csv(rows(6, 9)))
        made.run("ingest")
        found = made.query("select _weir_source_file, count(*) from warehouse.s.r group by 1 order by 1")
        require([(os.path.basename(f[0]), f[1]) for f in found] == [("a.csv", "5"), ("b.csv", "4")], "files", found)


@test
def columns_differ(options):
    """Files with other columns, another order, wider values: united by name."""
    with world(options, resource("\"in/*.csv\"")) as made:
        put(made.path("in"), "a.csv", b"id,name\n1,x\n2,y\n")
        made.run("ingest")
        put(made.path("in"), "b.csv", b"name,id,rating\nz,3,4.5\n")
        put(made.path("in"), "c.csv", b"id,name\n3000000000,w\n")
        made.run("ingest")
        check(made, [{"id": 1, "name": "x"}, {"id": 2, "name": "y"}, {"id": 3, "name": "z", "rating": 4.5},
                     {"id": 3000000000, "name": "w"}], columns=("id", "name", "rating"))


# ---- dialects and encodings ----

def _csv(name, content, wanted, csv_options="", columns=("id", "name")):
    def check_it(options):
        with world(options, resource("in/a.csv", "csv: {%s}" % csv_options if csv_options else "")) as made:
            put(made.path("in"), "a.csv", content)
            made.run("ingest")
            check(made, [dict(zip(columns, row)) for row in wanted], name, columns)
    check_it.__name__ = "csv_" + name
    test(check_it)


KOREAN = "id,name\n1,서울\n2,부산 해운대\n"
_csv("cp949", KOREAN.encode("cp949"), [(1, "서울"), (2, "부산 해운대")], "encoding: cp949")
_csv("euc_kr", KOREAN.encode("euc-kr"), [(1, "서울"), (2, "부산 해운대")], "encoding: euc-kr")
_csv("latin_1", "id,name\n1,Zürich\n2,São Paulo\n".encode("latin-1"), [(1, "Zürich"), (2, "São Paulo")], "encoding: latin-1")
_csv("utf_16", KOREAN.encode("utf-16"), [(1, "서울"), (2, "부산 해운대")])
_csv("bom", b"\xef\xbb\xbfid,name\n1,x\n", [(1, "x")])
_csv("crlf", b"id,name\r\n1,\"a\r\nb\"\r\n2,y\r\n", [(1, "a\r\nb"), (2, "y")])
_csv("quotes", b"id,name\n1,\"say \"\"hi\"\", you\"\n2,\"two\nlines\"\n", [(1, 'say "hi", you'), (2, "two\nlines")])
_csv("pipes_given", b"1|x\n2|y\n", [(1, "x"), (2, "y")], "delimiter: \"|\", header: false", ("column_1", "column_2"))
_csv("nulls_and_comma_decimals", b"id;price\n1;12,50\n2;-\n", [(1, 12.5), (2, None)], "delimiter: \";\", decimal: \",\", null_text: \"-\"", ("id", "price"))
_csv("dates_given", b"id,day\n1,31/01/2025\n", [(1, "2025-01-31")], "date_format: \"%d/%m/%Y\"", ("id", "day"))
_csv("no_line_end", b"id,name\n1,x\n2,y", [(1, "x"), (2, "y")])


# ---- places ----

def _place(options, text, place, env=None):
    """Files come, change and grow at a place; place(name, content) puts one."""
    with world(options, text, env) as made:
        place("2025/a.csv", as_csv(rows(1, 30)))
        place("2025/b c.csv", as_csv(rows(31, 40)))
        place("2025/other.txt", b"nothing\n")
        made.run("ingest")
        check(made, rows(1, 40))
        out, _ = made.run("ingest")
        require(rows_in(made) in (0, None), "files were read again", out)
        time.sleep(1.1)                                    # mtimes in seconds
        place("2025/b c.csv", as_csv(rows(31, 40, "changed ")))
        place("2025/d.csv", as_csv(rows(41, 45)))
        made.run("ingest")
        check(made, rows(1, 30) + rows(31, 40, "changed ") + rows(41, 45), "changed and new")
        require(rows_in(made) == 15, "these alone were read: %s" % rows_in(made))


@needs(S3)
def place_s3(options):
    server, env = sources.lake()
    prefix = "files-%d" % os.getpid()
    _place(options, resource("\"s3://lake/%s/2025/*.csv\"" % prefix), lambda name, content: server.put("lake", prefix + "/" + name, content), env)


@needs(S3)
def place_s3_connection(options):
    server, _ = sources.lake()
    prefix = "files-c-%d" % os.getpid()
    text = ("connections:\n  lake: {type: s3, bucket: lake, endpoint: \"{{ env_var('L_ENDPOINT') }}\", region: us-east-1, path_style: true, "
            "access_key_id: \"{{ env_var('L_ID') }}\", secret_access_key: \"{{ env_var('L_SECRET') }}\"}\n")
    env = {"L_ENDPOINT": server.describe()["endpoint"], "L_ID": server.access_key, "L_SECRET": server.secret_key}
    _place(options, text + resource("\"%s/**/*.csv\"" % prefix, "", "lake"), lambda name, content: server.put("lake", prefix + "/" + name, content), env)


SFTP = ("connections:\n  box: {type: sftp, host: \"{{ env_var('B_HOST') }}\", port: \"{{ env_var('B_PORT') }}\", user: \"{{ env_var('B_USER') }}\", "
        "key_file: \"{{ env_var('B_KEY') }}\", known_hosts: \"{{ env_var('B_HOSTS') }}\", path: \"{{ env_var('B_ROOT') }}\"}\n")


def _sftp_env(server, **more):
    about = server.describe()
    return {"B_HOST": server.host, "B_PORT": str(server.port), "B_USER": about["user"], "B_KEY": about["key_file"],
            "B_HOSTS": about["known_hosts"], "B_ROOT": about["root"], **more}


@needs(Sftp)
def place_sftp(options):
    with Sftp() as server:
        root = server.describe()["root"]
        _place(options, SFTP + resource("\"2025/*.csv\"", "", "box"), lambda name, content: put(root, name, content), _sftp_env(server))


@needs(Sftp)
def sftp_refusals(options):
    """A strange host key, a key that is not known, a server that is gone."""
    with Sftp() as server:
        about = server.describe()
        put(about["root"], "2025/a.csv", as_csv(rows(1, 3)))
        text = SFTP + resource("\"2025/*.csv\"", "", "box")
        for change, wanted in (({"B_HOSTS": about["known_hosts_wrong"]}, "host's key"), ({"B_KEY": about["stranger_key_file"]}, "")):
            with world(options, text, _sftp_env(server, **change)) as made:
                out, err = made.run("ingest", code=1)
                require(wanted in (out + err).lower(), "what is wrong: " + wanted, out + err)
        with world(options, text + "    on_unavailable: skip_and_fill\n", _sftp_env(server)) as made:
            server.stop()
            out, _ = made.run("ingest", code=0)
            require("SKIP" in out, "skipped", out)
            server.start()
            made.run("ingest")
            check(made, rows(1, 3))


@needs(Ftp)
def place_ftp(options):
    with Ftp() as server:
        text = ("connections:\n  box: {type: ftp, host: \"{{ env_var('B_HOST') }}\", port: \"{{ env_var('B_PORT') }}\", user: weir, "
                "password: \"{{ env_var('B_PASSWORD') }}\"}\n" + resource("\"2025/*.csv\"", "", "box"))
        _place(options, text, lambda name, content: put(server.root, name, content),
               {"B_HOST": server.host, "B_PORT": str(server.port), "B_PASSWORD": server.password})


@needs(Ftp)
def ftps_never_in_the_clear(options):
    """`type: ftps` (and `tls: true`) to a server that speaks plainly: the password is not sent."""
    for kind in ("type: ftps", "type: ftp, tls: true"):
        with Ftp() as server:
            text = ("connections:\n  box: {%s, host: \"{{ env_var('B_HOST') }}\", port: \"{{ env_var('B_PORT') }}\", user: weir, "
                    "password: \"{{ env_var('B_PASSWORD') }}\"}\n" % kind)
            put(server.root, "2025/a.csv", b"id\n1\n")
            env = {"B_HOST": server.host, "B_PORT": str(server.port), "B_PASSWORD": server.password}
            with world(options, text + resource("\"2025/*.csv\"", "", "box"), env) as made:
                made.run("ingest", code=1)
            assert not [c for c in server.commands if c.startswith(("USER", "PASS"))], (kind, server.commands)


WEB = "connections:\n  cdn: {type: http, base_url: \"{{ env_var('CDN') }}\"}\n"


def _write_index(root, folder):
    files = sorted(name for name in os.listdir(os.path.join(root, folder)) if name != "_index.json")
    put(root, folder + "/_index.json", json.dumps({"files": [
        {"path": name, "size": os.path.getsize(os.path.join(root, folder, name))} for name in files]}).encode())


@needs(Cdn)
def place_http(options):
    """Single names without a listing, with ETags; and a whole folder by its index."""
    with Cdn() as server:
        env = server.describe()["env"]
        with world(options, WEB + resource("[2025/a.csv, 2025/b.csv]", "", "cdn"), env) as made:
            put(server.root, "2025/a.csv", as_csv(rows(1, 30)))
            put(server.root, "2025/b.csv", as_csv(rows(31, 40)))
            made.run("ingest")
            check(made, rows(1, 40))
            made.run("ingest")
            require(rows_in(made) in (0, None), "read again")
            put(server.root, "2025/b.csv", as_csv(rows(31, 44, "changed ")))
            made.run("ingest")
            check(made, rows(1, 30) + rows(31, 44, "changed "), "changed")
        text = WEB.replace("}}\"}", "}}/2025\"}") + resource("\"*.csv\"", "", "cdn")
        _write_index(server.root, "2025")
        with world(options, text, env) as made:
            made.run("ingest")
            check(made, rows(1, 30) + rows(31, 44, "changed "), "by the index")
            put(server.root, "2025/c.csv", as_csv(rows(50, 60)))
            _write_index(server.root, "2025")
            made.run("ingest")
            check(made, rows(1, 30) + rows(31, 44, "changed ") + rows(50, 60), "by the new index")


@needs(S3)
def broken_connections(options):
    """S3 behind a proxy that cuts, drops and answers 500: all the same in the end."""
    server, env = sources.lake()
    prefix = "broken-%d" % os.getpid()
    for n in range(12):
        server.put("lake", "%s/%02d.csv" % (prefix, n), as_csv(rows(n * 100 + 1, n * 100 + 100)))
    rules = [{"action": "cut", "match": "^GET .*csv", "every": 4, "bytes": 500}, {"action": "status", "status": 503, "match": "^GET", "every": 7},
             {"action": "drop", "match": "^(GET|HEAD)", "every": 9}]
    with Proxy(server, rules) as proxy, world(options, resource("\"s3://lake/%s/*.csv\"" % prefix),
                                              {**env, "AWS_ENDPOINT_URL": proxy.describe()["endpoint"],
                                               "AWS_ENDPOINT_URL_S3": proxy.describe()["endpoint"]}) as made:
        made.run("ingest")
        check(made, rows(1, 1200))
        require(sum(proxy.faults.happened.values()) > 3, "the faults happened", proxy.faults.happened)


# ---- broken files ----

def _broken(name, files, wanted, more="", path="\"in/*\""):
    def check_it(options):
        with world(options, resource(path, more)) as made:
            for file, content in files.items():
                put(made.path("in"), file, content)
            out, err = made.run("ingest", code=1)
            for word in wanted:
                require(word in out + err, "no word of it: %s" % word, out + err)
            require("warehouse.s.r" not in made.relations(), "half a table", made.relations())
            require(not made.files(".weir/spool"), "the spool is empty", made.files(".weir/spool"))
    check_it.__name__ = "broken_" + name
    test(check_it)


GOOD = as_csv(rows(1, 400))
_broken("gz_truncated", {"a.csv": GOOD, "b.csv.gz": gzip.compress(GOOD)[:-200]}, ["b.csv.gz"])
_broken("gz_corrupt", {"b.csv.gz": gzip.compress(GOOD)[:300] + b"\0" * 50 + gzip.compress(GOOD)[350:]}, ["b.csv.gz"])
_broken("json", {"a.json": b'[{"id": 1}, {"id": 2}, {"id" 3}]'}, ["in/a.json:1:30", "expected ':'"])
_broken("jsonl", {"a.jsonl": b'{"id": 1}\n{"id": 2}\n{"id": \n{"id": 4}\n'}, ["in/a.jsonl:3:"])
_broken("json_cut", {"a.json": b'[{"id": 1}, {"id": 2'}, ["a.json"])
_broken("csv_ragged", {"a.csv": b"id,name\n1,x\n2,y,z,w\n3,v\n"}, ["a.csv", "3"])
_broken("csv_open_quote", {"a.csv": b"id,name\n1,x\n2,\"never closed\n3,y\n"}, ["a.csv"])
_broken("encoding", {"a.csv": "id,name\n1,서울\n".encode("cp949")}, ["a.csv", "UTF-8"])
_broken("parquet", {"a.parquet": b"PAR1 this is none"}, ["a.parquet"])
_broken("xlsx", {"a.xlsx": b"PK not a workbook"}, ["a.xlsx"])
_broken("zip", {"a.zip": as_zip({"one.csv": GOOD})[:-2500]}, ["a.zip"], "format: csv")
_broken("unknown_format", {"a.blob": b"what is this"}, ["a.blob", "format"])
_broken("several_formats", {"a.csv": GOOD, "b.jsonl": as_jsonl(rows(1, 3))}, ["formats"])
_broken("unsafe_member", {"a.tar.gz": as_tar({"../../out.csv": GOOD})}, ["unsafe"], "format: csv")
_broken("xml", {"a.xml": b"<list><row><id>1</id></row><row><id>2</list>"}, ["a.xml"], "data_selector: list/row")


@test
def broken_then_mended(options):
    """A bad file fails the load as a whole; mended, all is loaded once."""
    with world(options, resource("\"in/*.csv\"")) as made:
        put(made.path("in"), "a.csv", as_csv(rows(1, 20)))
        made.run("ingest")
        put(made.path("in"), "b.csv", as_csv(rows(21, 30)))
        put(made.path("in"), "c.csv", b"id,name,price,day\n31,x\n32,y,1,2025-01-01,5,6\n")
        made.run("ingest", code=1)
        check(made, rows(1, 20), "as before")
        put(made.path("in"), "c.csv", as_csv(rows(31, 35)))
        made.run("ingest")
        check(made, rows(1, 35), "mended")


@test
def missing_file(options):
    with world(options, resource("in/none.csv")) as made:
        out, err = made.run("ingest", code=1)
        require("none.csv" in out + err and "ingest/files.yml" in out + err, "what and where", out + err)


@test
def no_match(options):
    """A glob that matches nothing loads nothing; that is no error."""
    with world(options, resource("\"in/*.csv\"")) as made:
        made.run("ingest", code=0)
        put(made.path("in"), "a.csv", as_csv(rows(1, 3)))
        made.run("ingest")
        check(made, rows(1, 3))


# ---- kills ----

@test
def kills(options):
    """kill -9 at random moments while files come and change; in the end the table holds the files' rows."""
    chance = random.Random(options.seed)
    with world(options, resource("\"in/*.csv*\"")) as made:
        truth = {}

        def give(name, first, last, mark="n"):
            truth[name] = rows(first, last, mark)
            content = as_csv(truth[name])
            path = put(made.path("in"), name + ".tmp", gzip.compress(content) if name.endswith(".gz") else content)
            shutil.move(path, made.path("in", name))
        for n in range(20):
            give("f%02d.csv%s" % (n, ".gz" if n % 3 == 0 else ""), n * 1000 + 1, n * 1000 + 1000)
        begun = time.monotonic()
        made.run("ingest")
        whole = time.monotonic() - begun
        for turn in range(max(options.kills, 10)):
            n = chance.randrange(20)
            give("f%02d.csv%s" % (n, ".gz" if n % 3 == 0 else ""), n * 1000 + 1, n * 1000 + 900, "turn %d " % turn)
            give("g%02d.csv" % turn, 50001 + turn * 100, 50100 + turn * 100)
            child = start(made, "ingest", *(["--full-refresh"] if chance.random() < 0.3 else []))
            time.sleep(chance.random() * whole * 1.1)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        made.run("ingest")
        check(made, [row for some in truth.values() for row in some], "after the kills")
        require(not made.files(".weir/spool"), "the spool is empty", made.files(".weir/spool")[:5])


@test
def retry_loads_what_failed(options):
    """`retry` runs the failed load and what was skipped behind it, and nothing else."""
    text = resource("\"data/*.csv\"") + resource("\"more/*.csv\"").split("\n", 1)[1].replace("name: r", "name: q").replace("s.r", "s.q")
    files = {"models/m.sql": "select count(*) as n from {{ source('s', 'q') }}\n",
             "models/s.yml": "sources: [{name: s, schema: s, tables: [{name: r}, {name: q}]}]\n",
             "data/a.csv": "id\n1\n2\n", "more/b.csv": "id\n\"1\n"}
    with Loads(options.program, {"ingest/files.yml": text, **files}) as made:
        made.run("build", code=1)
        with open(made.path("more/b.csv"), "w") as file:
            file.write("id\n1\n2\n3\n")
        made.run("retry")
        ran = [result["unique_id"] for result in made.json("target", "run_results.json")["results"]]
        require(len(ran) == 2 and any(name.startswith("model.") for name in ran), "only what failed ran again", ran)
        require(made.query("select n from warehouse.main.m") == [["3"]], "rows", made.query("select n from warehouse.main.m"))


def _lacks(servers):
    try:
        for server in servers:
            if hasattr(server, "find"):
                server.find()
    except Missing as missing:
        return str(missing)
    return None


def cases(options):
    found = []
    for name, function, servers in TESTS:
        lacks = _lacks(servers)
        if name == "format_csv_zst" and not shutil.which("zstd"):
            lacks = "zstd is not installed"
        found.append(("ingest_files/" + name, lambda function=function: function(options), lacks))
    return found
