"""Loads from HTTP APIs that go wrong: credentials, cursors, pages, types, disks, buckets, state, kills; the declarations and
the command line. After each: a located message, the right exit code, nothing lost, nothing doubled."""
import http.server
import json
import os
import random
import resource
import shutil
import signal
import socketserver
import sqlite3
import subprocess
import threading
import time
import urllib.parse

from servers import Api, Proxy, S3
from servers.process import Missing

from . import observe
from .ingest_api import CONNECTION, GAMES, OAUTH, require, simple, start, world
from .loads import Loads, check_equal

TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Odd:
    """A server whose answers a function makes: answer(path, query, body, headers) -> text | (status, text) | (status, text, headers)."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __enter__(self):
        odd = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path, _, query = self.path.partition("?")
                odd.asked.append(self.path)
                said = odd.answer(path, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)), body.decode(),
                                  {k.lower(): v for k, v in self.headers.items()})
                status, text, headers = (said if isinstance(said, tuple) else (200, said)) + ((),) * (
                    3 - len(said) if isinstance(said, tuple) else 1)
                data = text if isinstance(text, bytes) else text.encode()
                self.send_response(status)
                for name, value in dict({"Content-Type": "application/json"}, **dict(headers or {})).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:                 # it has heard enough
                    self.close_connection = True

            do_POST = do_GET

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, *_):         # whoever hangs up in the middle
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def describe(self):
        return {"env": {"GAMES_API": self.url}}


def rows_world(options, answer, text, more="", files=None, env=None):
    odd = Odd(answer)
    odd.__enter__()
    return odd, world(options, odd, text, more, files, env)


def peak(child):
    """The largest memory of a process, in MB, until it ends; its output, its exit code."""
    most, pieces = 0, []
    reader = threading.Thread(target=lambda: pieces.append(child.stdout.read()), daemon=True)
    reader.start()
    while child.poll() is None:
        try:
            with open("/proc/%d/status" % child.pid, encoding="ascii") as file:
                found = [int(line.split()[1]) >> 10 for line in file if line.startswith("VmHWM")]
            most = max([most, *found])
        except OSError:
            pass
        time.sleep(0.03)
    reader.join()
    return most, pieces[0].decode(errors="replace"), child.returncode


def sanitized(made):
    with open(made.program[0], "rb") as file:
        return b"__asan_init" in file.read()


def ids(made, table="s.r"):
    return sorted(int(row["id"]) for row in made.table(table))


def secret_free(made, *secrets):
    """No secret in a log, an artifact, the state or bronze."""
    for name in made.files("."):
        if name.endswith(".duckdb") or name.startswith(("ingest/", "profiles")):
            continue
        with open(made.path(name), "rb") as file:
            content = file.read()
        for secret in secrets:
            require(secret.encode() not in content, "the secret %r is in %s" % (secret, name))


# --- credentials, secrets ---------------------------------------------------------------------------------------------

@test
def wrong_oauth_secret(options):
    with Api(games=20, auth="oauth") as api, world(options, api, GAMES, OAUTH, env={"SECRET": "not-the-right-one"}) as made:
        out, err = made.run("ingest", code=1)
        require("401" in out + err and "ingest/api.yml" in out + err, "what, and where", out + err)
        require("not-the-right-one" not in out + err, "the secret was printed", out + err)
        secret_free(made, "not-the-right-one")


@test
def secrets_everywhere(options):
    """In the URL, a query, a header, an answer that echoes them: they are printed nowhere."""
    def answer(path, query, body, headers):
        return 400, json.dumps({"error": "bad", "you sent": [path, query, headers]})
    more = "    params: {api_key: \"{{ env_var('A_QUERY') }}\"}\n    headers: {X-Api-Key: \"{{ env_var('A_HEADER') }}\", Accept: application/json}\n"
    values = {"A_QUERY": "query-5ecret", "A_HEADER": "header-5ecret", "A_USER_PW": "login-5ecret"}
    with Odd(answer) as odd:
        odd.url = odd.url.replace("http://", "http://etl:login-5ecret@")
        with world(options, odd, simple("{path: /x}", "single_page"), more, env=values) as made:
            for extra in ([], ["--log-format", "json"], ["--debug"]):
                out, err = made.run(*extra, "ingest", code=1)
                require("400" in out + err, "what went wrong", out + err)
                for value in values.values():
                    require(value not in out + err, "%s was printed" % value, out + err)
            secret_free(made, *values.values())


@test
def foreign_link(options):
    """The next page lies on another host: it gets no credentials."""
    seen = []

    def other(path, query, body, headers):
        seen.append(headers)
        return json.dumps({"data": [{"id": 2}]})
    with Odd(other) as second:
        def first(path, query, body, headers):
            require(headers.get("authorization"), "the first host gets the token")
            return json.dumps({"data": [{"id": 1}], "next": second.url + "/more"})
        text = simple("{path: /x, data_selector: data}", "{type: json_link, next_url_path: next}")
        more = "    auth: {type: bearer, token: bearer-5ecret}\n    headers: {X-Api-Key: header-5ecret}\n"
        with Odd(first) as odd, world(options, odd, text, more) as made:
            made.run("ingest")
            require(ids(made) == [1, 2], "both pages")
            require(seen and not any("5ecret" in str(headers) for headers in seen), "a secret went to another host", seen)


# --- cursors ----------------------------------------------------------------------------------------------------------

def cursor_text(cursor, disposition="merge", more=""):
    return ("ingest:\n  - name: r\n    connection: api\n    source: s.r\n    endpoint: {path: /x, data_selector: data, params: "
            "{since: \"{{ cursor.start }}\"}}\n    paginator: single_page\n    cursor: %s\n%s    write_disposition: %s\n%s" %
            (cursor, "    primary_key: id\n" if disposition == "merge" else "", disposition, more))


def listing(rows):
    return lambda path, query, body, headers: json.dumps({"data": rows})


@test
def missing_cursor_field(options):
    with Odd(listing([{"id": 1, "updated": 5}, {"id": 2, "updated": 6}])) as odd, \
            world(options, odd, cursor_text("{field: updated_at, start: 0}")) as made:
        out, err = made.run("ingest", code=1)
        require("updated_at" in out + err and "ingest/api.yml:" in out + err and '"updated":5' in (out + err).replace(" ", ""),
                "the field, the place, a record", out + err)
    with Odd(listing([{"id": 1, "updated": 5}])) as odd, \
            world(options, odd, cursor_text("{field: updated_at, start: 0, nulls: include}")) as made:
        out, err = made.run("ingest", code=1)
        require("Did you mean updated" in out + err, "a column that is nowhere", out + err)


@test
def null_cursors(options):
    rows = [{"id": 1, "t": 10}, {"id": 2, "t": None}, {"id": 3}, {"id": 4, "t": 11}]
    for cursor, disposition, code, wanted in (("t", "merge", 0, [1, 2, 3, 4]), ("t", "append", 1, None),
                                              ("{field: t, nulls: exclude}", "merge", 0, [1, 4]),
                                              ("{field: t, nulls: include}", "append", 0, [1, 2, 3, 4]),
                                              ("{field: t, nulls: fail}", "merge", 1, None)):
        with Odd(listing(rows)) as odd, world(options, odd, cursor_text(cursor, disposition)) as made:
            out, err = made.run("ingest", code=code)
            if code:
                require("no value for the cursor 't'" in out + err and "ingest/api.yml" in out + err, cursor, out + err)
                require("s.r" not in str(made.relations()) or not made.table("s.r"), "rows of a load that failed")
            else:
                require(ids(made) == wanted, cursor, made.table("s.r"))


@test
def fraction_cursor(options):
    """Times with a fraction, 999.5 then 1000.25: compared as numbers, none missed."""
    rows = [{"id": 1, "t": 999.5}]
    with Odd(lambda *_: json.dumps({"data": rows})) as odd, world(options, odd, cursor_text("{field: t, start: 0}")) as made:
        made.run("ingest")
        rows += [{"id": 2, "t": 1000.25}, {"id": 3, "t": 1000}]
        made.run("ingest")
        require(ids(made) == [1, 2, 3], "rows above the committed cursor", made.table("s.r"))


@test
def equal_values_across_pages(options):
    """Seven rows share each time; a page ends amid them; append and merge both have each row once, whatever comes later."""
    for disposition in ("merge", "append"):
        text = GAMES.replace("    write_disposition: merge\n", "    write_disposition: %s\n" % disposition).replace("limit: 100", "limit: 10")
        text = text.replace(", lag: 1h", "")
        if disposition == "append":
            text = text.replace("    primary_key: id\n", "")
        with Api(games=95) as api, world(options, api, text) as made:
            for _ in range(3):
                made.run("ingest")
                check_equal(made.table("games.games"), api.rows("games"), what=disposition)
                api.set(add={"table": "games", "count": 5})


@test
def clock_skew(options):
    """Rows from the future move the cursor to now at most: what is written between is not passed over."""
    now = int(time.time())
    forms = {"epoch": lambda t: t, "ms": lambda t: t * 1000,
             "iso": lambda t: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)),
             "plain": lambda t: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(t)),
             "date": lambda t: time.strftime("%Y-%m-%d", time.gmtime(t))}
    for name, form in forms.items():
        rows = [{"id": 1, "t": form(now - 5)}, {"id": 2, "t": form(now + 10 * 86400)}]
        with Odd(lambda *_: json.dumps({"data": rows})) as odd, world(options, odd, cursor_text("{field: t, lag: 1m}")) as made:
            made.run("ingest")
            rows.append({"id": 3, "t": form(int(time.time()))})
            made.run("ingest")
            require(ids(made) == [1, 2, 3], name, made.table("s.r"))


@test
def unsorted_batches(options):
    """row_order: asc over rows that are not in order would lose rows when it is cut off: it is refused."""
    rows = [{"id": n, "t": 100 - n} for n in range(50)]
    with Odd(listing(rows)) as odd, world(options, odd, cursor_text("{field: t, row_order: asc}", more="    batch: {rows: 10}\n")) as made:
        out, err = made.run("ingest", code=1)
        require("row_order: asc" in out + err, "what is wrong", out + err)


@test
def replace_with_cursor(options):
    """`replace` takes all rows each time, whatever the cursor."""
    rows = [{"id": 1, "t": 1}, {"id": 2, "t": 2}]
    with Odd(lambda *_: json.dumps({"data": rows})) as odd, world(options, odd, cursor_text("{field: t, start: 0}", "replace")) as made:
        made.run("ingest")
        made.run("ingest")
        require(ids(made) == [1, 2], "all rows", made.table("s.r"))
        out, err = made.run("ingest", "--from", "2", code=1)
        require("replace" in out + err, "a piece would be all that is left", out + err)
        require(ids(made) == [1, 2], "as before")


INTERVALS = [(("--from", "yesterday"), "--from 'yesterday' is no number"), (("--from", "10", "--to", "5"), "--from '10' lies after --to '5'"),
             (("--to", "soon"), "--to 'soon' is no number")]


@test
def intervals(options):
    with Api(games=300) as api, world(options, api, GAMES) as made:
        for args, said in INTERVALS:
            out, err = made.run("ingest", *args, code=1)
            require(said in out + err and "ingest/api.yml:" in out + err, said, out + err)
        rows = sorted(api.rows("games"), key=lambda row: row["updated_at"])
        low, high = rows[50]["updated_at"] // 86400 * 86400, rows[200]["updated_at"] // 86400 * 86400 + 86400
        day = [time.strftime("%Y-%m-%d", time.gmtime(t)) for t in (low, high)]
        made.run("ingest", "--from", day[0], "--to", day[1])
        check_equal(made.table("games.games"), [r for r in rows if low <= r["updated_at"] < high], what="days, where seconds count")
        made.run("ingest")
        check_equal(made.table("games.games"), rows, what="then all")
        made.run("ingest", "--from", "5", "--to", "5")
        check_equal(made.table("games.games"), rows, what="an empty interval")


# --- pages ------------------------------------------------------------------------------------------------------------

PAGERS = {
    "offset": ("{path: /offset/games, data_selector: data}", "{type: offset, limit: 100}"),
    "offset_total": ("{path: /offset/games, data_selector: data}", "{type: offset, limit: 100, total_path: total}"),
    "page": ("{path: /page/games, params: {per_page: 100}, data_selector: data}", "{type: page_number, base_page: 1}"),
    "page_total": ("{path: /page/games, params: {per_page: 100}, data_selector: data}",
                   "{type: page_number, base_page: 1, total_path: pages}"),
    "cursor": ("{path: /cursor/games, params: {limit: 100}, data_selector: data}", "{type: cursor, cursor_path: next_cursor}"),
    "more": ("{path: /cursor/games, params: {limit: 100}, data_selector: data}",
             "{type: cursor, cursor_path: next_cursor, has_more_path: has_more}"),
    "header": ("{path: /link/games, params: {per_page: 100}}", "header_link"),
    "link": ("{path: /next/games, params: {limit: 100}, data_selector: results.items}", "{type: json_link, next_url_path: paging.next}"),
    "csv": ("{path: /offset/games, params: {format: csv}}", "{type: offset, limit: 100}"),
    "jsonl": ("{path: /offset/games, params: {format: jsonl}}", "{type: offset, limit: 100}"),
}


def edges(name):
    def check(options):
        """0 rows, 1, one less than a page, a page, one more, two pages."""
        for count in (0, 1, 99, 100, 101, 200):
            with Api(games=count, page_limit=100) as api, world(options, api, simple(*PAGERS[name])) as made:
                made.run("ingest")
                rows = made.table("s.r") if any(n.endswith("s.r") for n in made.relations()) else []
                check_equal(rows, api.rows("games"), columns=["id", "name"], what="%s of %d rows" % (name, count))
    check.__name__ = "edges_" + name
    TESTS.append(check)


for pager_name in PAGERS:
    edges(pager_name)


def served(count, said, size=10, more=None):
    """Pages of `size` rows by offset or page number; `said` is the total."""
    def answer(path, query, body, headers):
        at = int(query["offset"]) if "offset" in query else int(query["page"]) * size
        rows = [{"id": n} for n in range(at, min(at + size, count))]
        return json.dumps({"data": rows, "total": said, "more": more(at, rows) if more else None})
    return answer


@test
def totals_that_lie(options):
    for said in (35, 20, 200, 0, None, "57"):
        with Odd(served(57, said)) as odd, \
                world(options, odd, simple("{path: /x, data_selector: data}", "{type: offset, limit: 10, total_path: total}")) as made:
            made.run("ingest", code=None)
            require(ids(made) == list(range(57)) or said in (20, 0), "total %s" % said, made.table("s.r"))


@test
def has_more(options):
    """has_more_path ends a walk; nothing behind is asked for."""
    for paginator in ("{type: offset, limit: 10, has_more_path: more}", "{type: page_number, has_more_path: more}"):
        with Odd(served(57, None, more=lambda at, rows: at + len(rows) < 57)) as odd, \
                world(options, odd, simple("{path: /x, data_selector: data}", paginator)) as made:
            made.run("ingest")
            require(ids(made) == list(range(57)), paginator, made.table("s.r"))
            require(len(odd.asked) == 6, "six pages were asked for", odd.asked)


@test
def maximum(options):
    """A maximum stops before it, as dlt's does."""
    for paginator, wanted in (("{type: offset, limit: 10, maximum_offset: 30}", 30), ("{type: page_number, maximum_page: 4}", 40),
                              ("{type: offset, limit: 10, offset: 20, maximum_offset: 40}", 20),
                              ("{type: offset, limit: 10, maximum_offset: 80, stop_after_empty_page: false}", 57)):
        with Odd(served(57, None)) as odd, world(options, odd, simple("{path: /x, data_selector: data}", paginator)) as made:
            made.run("ingest")
            require(len(made.table("s.r")) == wanted, paginator, made.table("s.r"))


@test
def endless(options):
    """A cursor that stands still, a link to itself, pages that are always the same: ended with a message."""
    cases_of = [("{type: cursor, cursor_path: c}", lambda *_: json.dumps({"data": [{"id": 1}], "c": "same"}), "same"),
                ("{type: json_link, next_url_path: n}", lambda p, q, b, h: json.dumps({"data": [{"id": 1}], "n": "/x"}), "that page itself"),
                ("{type: offset, limit: 1}", lambda *_: json.dumps({"data": [{"id": 1}]}), "the same rows as the page before"),
                ("{type: offset, limit: 1, stop_after_empty_page: false}", lambda *_: "[]", "never end")]
    for paginator, answer, said in cases_of:
        with Odd(answer) as odd, world(options, odd, simple("{path: /x, data_selector: data}", paginator)) as made:
            out, err = made.run("ingest", code=1)
            require(said in out + err and "ingest/api.yml:" in out + err, paginator, out + err)


@test
def part_of_all(options):
    """No paginator was named, none is found, and the answer says that there is more: no rows are lost in silence."""
    for key, value in (("total", 700), ("has_more", True), ("next_cursor", "abc")):
        answer = json.dumps({"data": [{"id": n} for n in range(10)], key: value})
        text = "ingest:\n  - {name: r, connection: api, source: s.r, endpoint: {path: /x, data_selector: data}}\n"
        with Odd(lambda *_: answer) as odd, world(options, odd, text) as made:
            out, err = made.run("ingest", code=1)
            require(key in out + err and "paginator" in out + err, key, out + err)
        with Odd(lambda *_: answer) as odd, world(options, odd, text.replace("endpoint", "paginator: single_page, endpoint")) as made:
            made.run("ingest")
            require(len(made.table("s.r")) == 10, "single_page is believed")


@test
def page_in_a_name(options):
    """A path with "page." in it places no page."""
    with Odd(served(25, None)) as odd, \
            world(options, odd, simple("{path: /home.page.json, data_selector: data}", "{type: offset, limit: 10}")) as made:
        made.run("ingest")
        require(ids(made) == list(range(25)), "all pages", odd.asked)


@test
def jinja_in_the_endpoint(options):
    text = simple("{path: \"/{{ 'x' }}\", method: \"{{ 'get' }}\", data_selector: \"{{ var('where', 'data') }}\", format: \"{{ 'json' }}\"}",
                  "single_page")
    with Odd(listing([{"id": 1}])) as odd, world(options, odd, text) as made:
        made.run("ingest")
        require(ids(made) == [1], "rendered")


@test
def odd_paths(options):
    """Blanks and letters of other scripts in a path are encoded."""
    asked = []

    def answer(path, query, body, headers):
        asked.append(path)
        return json.dumps([{"id": 1}])
    with Odd(answer) as odd, world(options, odd, simple("{path: \"/x y/caf\u00e9\"}", "single_page")) as made:
        made.run("ingest")
        require(asked == ["/x%20y/caf%C3%A9"], "encoded", asked)


@test
def many_parents(options):
    """500 parents, one request each; again after a failure none is forgotten, and those that are known are not asked about."""
    down, asked = [False], []

    def answer(path, query, body, headers):
        if path == "/users":
            low = int(query.get("since") or 0)
            return json.dumps({"data": [{"id": n, "t": n} for n in range(1, count[0] + 1) if n >= low]})
        if down[0]:
            return 400, "no"
        number = int(path.split("/")[2])
        asked.append(number)
        return json.dumps([{"id": number * 10 + n} for n in range(number % 3)])
    count = [500]
    text = """ingest:
  - name: users
    connection: api
    source: s.users
    endpoint: {path: /users, data_selector: data, params: {since: "{{ cursor.start }}"}}
    paginator: single_page
    cursor: {field: t, start: 0}
    primary_key: id
  - name: orders
    connection: api
    source: s.orders
    parent: users
    include_from_parent: [id]
    endpoint: {path: "/users/{{ parent.id }}/orders"}
    paginator: single_page
    primary_key: id
"""
    def wanted():
        return sorted(number * 10 + n for number in range(1, count[0] + 1) for n in range(number % 3))
    with Odd(answer) as odd, world(options, odd, text) as made:
        out, err = made.run("ingest", "-s", "orders", code=1)
        require("load it first" in out + err, "the parent is not there", out + err)
        down[0] = True
        made.run("ingest", code=1)
        down[0] = False
        made.run("ingest")
        require(ids(made, "s.orders") == wanted(), "the orders of users that an earlier run brought")
        require(sorted(asked) == list(range(1, 501)), "each was asked about once", len(asked))
        del asked[:]
        count[0] = 520
        made.run("ingest")
        require(ids(made, "s.orders") == wanted(), "and of new ones")
        require(set(range(501, 521)) <= set(asked) and len(asked) <= 22, "only the new ones were asked about", asked)
        del asked[:]
        made.run("ingest", "-s", "orders")
        require(len(asked) == 520, "alone: all", len(asked))


# --- what answers hold ------------------------------------------------------------------------------------------------

@test
def contract_words(options):
    """A type that changes under each word for tables, columns and types; a column too many."""
    first, second = [{"id": 1, "n": 1}], [{"id": 2, "n": "many"}, {"id": 3, "n": 3, "more": 5}, {"id": 4, "n": {"a": 1}}]
    for word, code in (("evolve", 0), ("freeze", 1), ("discard_row", 0), ("discard_value", 0)):
        rows = list(first)
        text = simple("{path: /x, data_selector: data}", "single_page", "    schema_contract: {data_type: %s, columns: %s}\n" % (word, word))
        with Odd(lambda *_: json.dumps({"data": rows})) as odd, world(options, odd, text) as made:
            made.run("ingest")
            rows[:] = second
            out, err = made.run("ingest", code=code)
            got = {row["id"]: row for row in made.table("s.r")}
            if word == "evolve":
                require(set(got) == set("1234") and got["2"]["n"] in ("many", '"many"') and got["3"]["more"] == "5", word, got)
            elif word == "freeze":
                require(set(got) == {"1"} and "freeze" in out + err, word, out + err)
            elif word == "discard_row":
                require(set(got) == {"1"} and "WARN" in out, word, [got, out])
                require("s.r__quarantine" in str(made.relations()), "quarantine", made.relations())
            else:
                require(set(got) == set("1234") and got["2"]["n"] is None and "more" not in got["3"], word, got)
    text = simple("{path: /x, data_selector: data}", "single_page", "    schema_contract: {tables: freeze}\n")
    with Odd(listing(first)) as odd, world(options, odd, text) as made:
        out, err = made.run("ingest", code=1)
        require("freeze" in out + err, "a table that may not be made", out + err)


@test
def pending_after_freeze(options):
    """The contract fails, bronze is kept; once it is changed the next run loads without asking again."""
    rows = [{"id": 1, "n": 1}]
    text = simple("{path: /x, data_selector: data}", "single_page", "    schema_contract: freeze\n")
    with Odd(lambda *_: json.dumps({"data": rows})) as odd, world(options, odd, text) as made:
        made.run("ingest")
        rows[:] = [{"id": 2, "n": 2, "new": "x"}]
        made.run("ingest", code=1)
        made.run("ingest", code=1)
        asked = len(odd.asked)
        require(asked == 2, "a load that waits asks nothing", odd.asked)
        with open(made.path("ingest/api.yml"), encoding="utf-8") as file:
            content = file.read()
        with open(made.path("ingest/api.yml"), "w", encoding="utf-8") as file:
            file.write(content.replace("freeze", "evolve"))
        rows[:] = [{"id": 3, "n": 3}]
        made.run("ingest")
        got = {row["id"]: row for row in made.table("s.r")}
        require(set(got) == {"1", "2", "3"} and got["2"]["new"] == "x", "what waited, then what is new", got)
        raw = [json.loads(line)["id"] for name in made.files("lake/raw") for line in open(made.path(name), encoding="utf-8")]
        require(sorted(raw) == [1, 2, 3], "bronze holds each once", raw)


@test
def nested_kept_and_split(options):
    rows = [{"id": 1, "tags": ["a", "b"], "lines": [{"n": 1, "to": {"city": "Ghent"}}, {"n": 2}]}, {"id": 2, "tags": [], "lines": None}]
    for word in ("keep", "split"):
        text = simple("{path: /x, data_selector: data}", "single_page", "    nested: %s\n" % word)
        with Odd(listing(rows)) as odd, world(options, odd, text) as made:
            for _ in range(2):
                made.run("ingest")
            types = made.types("s.r")
            if word == "keep":
                require(types["lines"].endswith("[]") and types["tags"] == "VARCHAR[]", "lists and structs", types)
            else:
                require(len(made.table("s.r__lines")) == 2, "a child table", made.relations())
            require(len(made.table("s.r")) == 2, "two rows")


@test
def bytes_that_are_no_text(options):
    def answer(path, query, body, headers):
        return 200, b'{"data": [{"id": 1, "name": "ok"}, {"id": 2, "name": "\xff\xfe"}]}', {}
    with Odd(answer) as odd, world(options, odd, simple("{path: /x, data_selector: data}", "single_page")) as made:
        out, err = made.run("ingest", code=1)
        require("UTF-8" in out + err and "/x:1:" in out + err and "(ingest/api.yml)" in out + err, "said where", out + err)
        require("s.r" not in str(made.relations()), "nothing was loaded")


@test
def huge_value(options):
    """A value of 100 MB: a message, in bounded memory."""
    piece = "x" * (100 << 20)
    body = ('{"data": [{"id": 1, "name": "%s"}]}' % piece).encode()
    with Odd(lambda *_: (200, body, {})) as odd, world(options, odd, simple("{path: /x, data_selector: data}", "single_page")) as made:
        most, out, code = peak(start(made, "ingest"))
        require(code == 1 and "a record of more than" in out and "/x:1:" in out, "said where", out)
        require(most < 200 or sanitized(made), "%d MB" % most)


@test
def web_page(options):
    for status, kind, body, said in ((200, "text/html", "<html>Log in</html>", "web page"), (200, "application/json", "", None),
                                     (204, "application/json", "", None), (200, "application/json", "null", None),
                                     (200, "application/json", '{"error": "quota"}', "data")):
        with Odd(lambda *_: (status, body, {"Content-Type": kind})) as odd, \
                world(options, odd, simple("{path: /x, data_selector: data}", "single_page")) as made:
            out, err = made.run("ingest", code=None)
            require(said is None or (said in out + err and "(ingest/api.yml)" in out + err), "%s %r" % (kind, body), out + err)


# --- servers that are down, slow, strict --------------------------------------------------------------------------------

@test
def unavailable(options):
    """Down at the start, then amid a load: `fail` is an error, `skip_and_fill` skips what hangs on it and fills the gap later."""
    files = {"models/dim.sql": "select id from {{ source('games', 'games') }}\n", "models/top.sql": "select id from {{ ref('dim') }}\n",
             "models/free.sql": "select 1 as x\n"}
    for word, code in (("fail", 1), ("skip_and_fill", 0)):
        text = GAMES.replace("limit: 100", "limit: 50") + "    on_unavailable: %s\n" % word
        rules = [{"action": "status", "status": 503, "match": "offset (3|4|5)\\d\\d;"}]
        with Api(games=500, page_limit=50, rules=rules) as api, \
                world(options, api, text, "    retries: 1\n    concurrency: 2\n", files) as made:
            out, _ = made.run("build", code=code)
            status = {r["unique_id"]: r["status"] for r in made.json("target", "run_results.json")["results"]}
            require(status["ingest.made.games"] == ("error" if code else "skipped"), word, status)
            require(status["model.made.dim"] == status["model.made.top"] == "skipped" and status["model.made.free"] == "success", word, status)
            require("503" in out, "the reason", out)
            require("games.games" not in str(made.relations()) or not made.table("games.games"), "half a load")
            api.set(rules=[])
            made.run("build")
            check_equal(made.table("games.games"), api.rows("games"), what=word)
            api.stop()
            made.run("build", code=code)
            api.start()
            api.set(add={"table": "games", "count": 20})
            made.run("build")
            check_equal(made.table("games.games"), api.rows("games"), what=word + ", filled")
            require(made.query("select count(*) from warehouse.main.top") == [["520"]], "the models saw it")


@test
def storms(options):
    """A token that ends amid the pages, a storm of 429 with Retry-After: each request is made again, none too many."""
    rules = [{"action": "status", "status": 429, "retry_after": 1, "match": "^POST /v4/", "nth": 4},
             {"action": "status", "status": 429, "retry_after": 1, "match": "^POST /v4/", "nth": 9}]
    with Api(games=1500, auth="oauth", token_seconds=1, rate=20, rules=rules) as api, \
            world(options, api, GAMES, OAUTH + "    rate_limit: 20/s\n") as made:
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="storm")
        require(api.stats()["violations"] == 0, "requests beyond the limit", api.stats())
        api.set(expire_tokens=True)
        made.run("ingest", "--full-refresh")
        check_equal(made.table("games.games"), api.rows("games"), what="after the tokens went")


def interrupted(options, api, more, text=GAMES, wait=0.8):
    with world(options, api, text, more) as made:
        child = start(made, "ingest")
        time.sleep(wait)
        begun = time.monotonic()
        os.killpg(child.pid, signal.SIGINT)
        out = child.communicate(timeout=20)[0].decode(errors="replace")
        require(child.returncode in (1, 2, 130), "exit code %d" % child.returncode, out)
        require(time.monotonic() - begun < 5, "it ended late", out)
        require("games.games" not in str(made.relations()) or not made.table("games.games"), "half a load")
        api.set(rules=[], latency=0.0)
        with open(made.path("ingest/api.yml"), encoding="utf-8") as file:
            content = file.read()
        with open(made.path("ingest/api.yml"), "w", encoding="utf-8") as file:
            file.write(content.replace("rate_limit: 1/min", "rate_limit: 100/s"))
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="after Ctrl-C")
        return out


@test
def interrupts(options):
    """Ctrl-C while waiting for the limit, for a token, for an answer, for the next try: soon over, nothing half."""
    with Api(games=300) as api:
        interrupted(options, api, "    rate_limit: 1/min\n")
    with Api(games=300, auth="oauth", rules=[{"action": "hang", "match": "^POST /oauth2"}]) as api:
        interrupted(options, api, OAUTH)
    with Api(games=300, rules=[{"action": "hang", "match": "^POST /v4"}]) as api:
        interrupted(options, api, "")
    with Api(games=300, rules=[{"action": "status", "status": 503, "retry_after": 30, "match": "^POST /v4"}]) as api:
        interrupted(options, api, "")


# --- disks and buckets --------------------------------------------------------------------------------------------------

def limited(made, size, *args):
    """The program may write files of `size` bytes at most: a disk that fills."""
    env = observe.clean_environment(made.home, made.env)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    done = subprocess.run([*made.program, *args], cwd=made.project, env=env, capture_output=True, text=True, errors="replace",
                          preexec_fn=limit, timeout=120)
    return done.returncode, done.stdout + done.stderr


@test
def full_disk(options):
    """No room for the spool, or for the database: said, and the next run is whole."""
    text = simple("{path: /offset/games, data_selector: data}", "{type: offset, limit: 500}")
    with Api(games=20000) as api, world(options, api, text) as made:
        for size in (300_000, 3_000_000, 6_500_000):
            code, out = limited(made, size, "ingest")
            if code == 0:
                break
            require("large" in out or "space" in out or "write" in out.lower(), "%d bytes: said" % size, out)
        made.run("ingest")
        check_equal(made.table("s.r"), api.rows("games"), columns=["id", "name"], what="after the disk was full")
        raw = [json.loads(line)["id"] for name in made.files("lake/raw") for line in open(made.path(name), encoding="utf-8")]
        require(len(raw) == len(set(raw)), "bronze holds each once", len(raw))


def s3_more(s3, port=None):
    at = s3.describe()["endpoint"] if port is None else "http://127.0.0.1:%d" % port
    return ("  lake: {type: s3, bucket: lake, endpoint: \"%s\", region: us-east-1, path_style: true, access_key_id: \"{{ env_var('S3_ID') }}\", "
            "secret_access_key: \"{{ env_var('S3_SECRET') }}\"}\n" % at)


RAW = "    raw: {location: \"s3://lake/raw/games/batch-{{ batch }}.jsonl\", connection: lake}\n"


def s3_env(s3, **other):
    return {"S3_ID": s3.access_key, "S3_SECRET": s3.secret_key, **other}


def raw_ids(s3):
    return sorted(json.loads(line)["id"] for key in s3.keys("lake", "raw/") for line in s3.get("lake", key).decode().splitlines())


@test
def bucket_trouble(options):
    """Wrong keys, a bucket that is not there, an error amid an upload: said; nothing half is left; the next run is whole."""
    text = GAMES + RAW + "    on_unavailable: skip_and_fill\n"
    rules = [{"action": "status", "status": 500, "match": "^PUT .*raw"}]
    with S3() as s3, Proxy(s3, rules) as proxy, Api(games=400) as api:
        with world(options, api, text, s3_more(s3, proxy.port), env=s3_env(s3)) as made:
            out, err = made.run("ingest", code=1)
            require("InternalError" in out + err and "ingest/api.yml:" in out + err, "the upload failed", out + err)
            require(s3.uploads("lake") == [] and not s3.keys("lake", "raw/"), "left behind", [s3.uploads("lake"), s3.keys("lake")])
            out, err = made.run("ingest", env={"S3_SECRET": "wrong-5ecret"}, code=1)
            require("SignatureDoesNotMatch" in out + err and "wrong-5ecret" not in out + err, "wrong keys", out + err)
            proxy.faults.clear()
            made.run("ingest")
            check_equal(made.table("games.games"), api.rows("games"), what="S3")
            require(raw_ids(s3) == sorted(row["id"] for row in api.rows("games")), "bronze")
            s3.remove_bucket("lake")
            api.set(add={"table": "games", "count": 3})
            out, err = made.run("ingest", code=1)
            require("404" in out + err or "NoSuchBucket" in out + err, "the bucket is gone", out + err)
            s3.make_bucket("lake")
            made.run("ingest")
            check_equal(made.table("games.games"), api.rows("games"), what="it is back")


@test
def upload_in_parts(options):
    """An error amid a multipart upload: aborted, nothing left; the next run has all."""
    rows = [{"id": n, "pad": "%06d" % n * 200} for n in range(20000)]
    body = json.dumps({"data": rows})
    text = simple("{path: /x, data_selector: data}", "single_page",
                  "    raw: {location: \"s3://lake/raw/r/batch-{{ batch }}.jsonl\", connection: lake}\n")
    rules = [{"action": "status", "status": 403, "match": "^PUT .*partNumber=2"}]
    with S3() as s3, Proxy(s3, rules) as proxy, Odd(lambda *_: body) as odd, \
            world(options, odd, text, s3_more(s3, proxy.port), env=s3_env(s3)) as made:
        out, err = made.run("ingest", code=1)
        require("made to fail" in out + err, "said", out + err)
        require(proxy.count("partNumber") > 1, "it went in parts", proxy.requests)
        require(s3.uploads("lake") == [], "an upload is left", s3.uploads("lake"))
        require(not s3.keys("lake"), "an object is left", s3.keys("lake"))
        proxy.faults.clear()
        made.run("ingest")
        require(len(made.table("s.r")) == 20000 and len(raw_ids(s3)) == 20000, "whole")


@test
def s3_kills(options):
    """kill -9 with bronze on S3 and batches in order: the checkpoint is used, nothing is lost or doubled."""
    chance = random.Random(options.seed)
    text = (GAMES.replace("lag: 1h", "row_order: asc").replace("limit: 100", "limit: 50") + RAW + "    batch: {rows: 200}\n")
    with S3() as s3, Api(games=3000, latency=0.02) as api, \
            world(options, api, text, "    concurrency: 2\n" + s3_more(s3), env=s3_env(s3)) as made:
        for number in range(max(options.kills // 2, 5)):
            child = start(made, "ingest")
            time.sleep(0.3 + chance.random() * 0.9)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        api.reset()
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="after kills")
        require(api.stats()["requests"] < 60, "it went on where it was", api.stats())
        found = raw_ids(s3)
        require(sorted(set(found)) == sorted(row["id"] for row in api.rows("games")), "bronze has every row", len(found))
        require(s3.uploads("lake") == [], "uploads left", s3.uploads("lake"))


# --- state --------------------------------------------------------------------------------------------------------------

STATE = "state: {location: \"s3://lake/weir/state.db\", connection: lake}\n"


def written(content, path):
    """The state as another run has left it."""
    with open(path, "wb") as file:
        file.write(content)
    with sqlite3.connect(path) as db:
        db.execute("pragma journal_mode=delete")
        db.execute("pragma user_version = %d" % db.execute("pragma user_version").fetchone()[0])
        db.execute("create table another (x)")
        db.execute("drop table another")
    with open(path, "rb") as file:
        return file.read()


def state_world(options, api, s3, port=None):
    made = world(options, api, GAMES + STATE, s3_more(s3, port), env=s3_env(s3))
    return made


@test
def state_on_s3(options):
    """Pulled, pushed; the folder goes between runs; another run has written meanwhile: told, and the rows are safe."""
    with S3() as s3, Api(games=300) as api, state_world(options, api, s3) as made:
        made.run("ingest")
        require(list(s3.keys("lake", "weir/")) == ["weir/state.db"], "pushed", s3.keys("lake"))
        shutil.rmtree(made.path(".weir"))
        api.set(add={"table": "games", "count": 7}, add_field={"table": "games", "name": "later", "value": 1})
        made.run("ingest", "--from", "0")
        check_equal(made.table("games.games"), api.rows("games"), what="second")
        out, _ = made.run("schema", "diff", "games.games")
        require("+ later" in out, "the registry survived", out)
        shutil.rmtree(made.path(".weir"))
        out, _ = made.run("schema", "list")
        require("games.games" in out, "read where it is kept", out)
        api.set(latency=0.8)
        child = start(made, "ingest")
        time.sleep(0.7)
        s3.put("lake", "weir/state.db", written(s3.get("lake", "weir/state.db"), made.path("other.db")))
        out = child.communicate(timeout=60)[0].decode(errors="replace")
        require(child.returncode == 2 and "another run has written the state" in out, "told so", out)
        api.set(latency=0.0)
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="after the conflict")


@test
def two_runs_one_state(options):
    """In one folder, with a state that is fetched: the second is told so at once."""
    with S3() as s3, Api(games=200, latency=0.5) as api, state_world(options, api, s3) as made:
        first = start(made, "ingest")
        time.sleep(0.6)
        out, err = made.run("ingest", code=2)
        require("another run works with this state" in out + err, "told", out + err)
        shown = first.communicate(timeout=60)[0].decode(errors="replace")
        require(first.returncode == 0, "the first goes on", shown)
        check_equal(made.table("games.games"), api.rows("games"), what="the first")


@test
def state_unreachable(options):
    with S3() as s3, Api(games=100) as api, state_world(options, api, s3) as made:
        out, err = made.run("ingest", env={"S3_SECRET": "wrong-5ecret"}, code=None)
        require("SignatureDoesNotMatch" in out + err and "fetching the state" in out + err and "ingest/api.yml:" in out + err, "said", out + err)
        require("wrong-5ecret" not in out + err, "the secret", out + err)
        s3.stop()
        out, err = made.run("ingest", code=None)
        require("state" in out + err and "127.0.0.1" in out + err, "the place of the state is down", out + err)


@test
def state_lost_or_damaged(options):
    """.weir gone, its database garbage, its log left over: no loss, no doubles."""
    with Api(games=200) as api, world(options, api, GAMES) as made:
        made.run("ingest")
        for spoil in ("gone", "garbage", "cut"):
            path = made.path(".weir/state.db")
            if spoil == "gone":
                shutil.rmtree(made.path(".weir"))
            elif spoil == "garbage":
                with open(path, "wb") as file:
                    file.write(b"not a database at all, but text" * 300)
            else:
                os.truncate(path, os.path.getsize(path) // 2 + 100)
            api.set(add={"table": "games", "count": 5})
            made.run("ingest")
            check_equal(made.table("games.games"), api.rows("games"), what=spoil)


# --- declarations -------------------------------------------------------------------------------------------------------

def declared(old, new, text=GAMES):
    assert old in text, old
    return text.replace(old, new)


WRONG = {
    "cursor_key": (declared("lag: 1h", "lagg: 1h"), "Did you mean 'lag'", "lagg"),
    "paginator_key": (declared("limit: 100}", "limt: 100}"), "Did you mean 'limit'", "limt"),
    "endpoint_key": (declared("method: POST", "methd: POST"), "Did you mean 'method'", "methd"),
    "contract_key": (GAMES + "    schema_contract: {colums: freeze}\n", "Did you mean 'columns'", "colums"),
    "contract_word": (GAMES + "    schema_contract: frezze\n", "Did you mean 'freeze'", "frezze"),
    "batch_key": (GAMES + "    batch: {row: 3}\n", "Did you mean 'rows'", "row: 3"),
    "raw_key": (GAMES + "    raw: {locaton: x}\n", "Did you mean 'location'", "locaton"),
    "nulls_word": (declared("lag: 1h", "nulls: ignore"), "is no nulls", "ignore"),
    "columns_key": (GAMES + "    columns: {price: {typ: int}}\n", "Did you mean 'type'", "typ"),
    "column_type": (GAMES + "    columns: {price: {type: nonsense}}\n", "nonsense", "nonsense"),
    "top_key": (GAMES.replace("ingest:", "ingest: []\ningets:", 1), "Did you mean 'ingest'", "ingets"),
    "not_a_list": ("ingest: {name: x}\n", "must be a list", "name: x"),
    "text_for_number": (declared("limit: 100", "limit: many"), "whole number", "many"),
    "negative": (declared("limit: 100}", "limit: -5}"), "0", "-5"),
    "no_name": (declared("name: games\n", "description: x\n"), "needs a `name`", "description"),
    "bad_name": (declared("name: games", "name: 'a b'"), "may not hold ' '", "a b"),
    "twice": (GAMES + GAMES.replace("ingest:\n", ""), "games", "games"),
    "no_parent": (GAMES + "    parent: gamse\n", "gamse", "gamse"),
    "no_parent_for_fields": (GAMES + "    include_from_parent: [id]\n", "needs a `parent`", "include_from_parent"),
    "merge_without_key": (declared("    primary_key: id\n", ""), "needs a `primary_key`", "write_disposition"),
    "jinja_error": (declared("/v4/games", "/v4/{{ nothing_here() }}"), "nothing_here", "nothing_here"),
    "jinja_syntax": (declared("/v4/games", "/v4/{{ 1 +"), "", "/v4/"),
    "rate": (GAMES, "rate", "rate_limit", "    rate_limit: fast\n"),
    "rate_zero": (GAMES, "rate", "rate_limit", "    rate_limit: 0\n"),
    "auth_key": (GAMES, "Did you mean 'token'", "tokn", "    auth: {type: bearer, tokn: x}\n"),
    "auth_type": (GAMES, "Did you mean 'bearer'", "baerer", "    auth: {type: baerer, token: x}\n"),
    "auth_lacks": (GAMES, "token", "bearer", "    auth: {type: bearer}\n"),
    "connection_key": (GAMES, "Did you mean 'retries'", "retrys", "    retrys: 3\n"),
    "retries": (GAMES, "retries", "retries", "    retries: -2\n"),
    "state_key": (GAMES + "state: {locaton: x}\n", "Did you mean 'location'", "locaton"),
    "meta_column": (GAMES + "    meta_columns: [_weir_load, _weir_run_id]\n", "Did you mean '_weir_load_id'", "meta_columns"),
    "same_table": (GAMES + GAMES.replace("ingest:\n", "").replace("name: games", "name: again"), "identical database", ""),
    "parent_cycle": (GAMES + "    parent: games\n", "games", "parent"),
    "connection_number": (GAMES + "publish: []\n", "must be a", "5", "  other: 5\n"),
    "no_lag": (declared("lag: 1h", "lag: 1 fortnight"), "duration", "fortnight"),
}


def wrong(name):
    text, said, shown = WRONG[name][:3]

    def check(options):
        with Api(games=20) as api, world(options, api, text, *WRONG[name][3:]) as made:
            out, err = made.run("ingest", code=None)
            both = out + err
            code = subprocess.run([*made.program, "ingest"], cwd=made.project, capture_output=True,
                                  env=observe.clean_environment(made.home, made.env)).returncode
            require(code in (1, 2), "exit code %d" % code, both)
            require(said in both, "no word of it: %s" % said, both)
            require("ingest/api.yml:" in both, "no place", both)
            require(shown in both, "no excerpt", both)
            require("s.r" not in str(made.relations()) and "games.games" not in str(made.relations()), "something was loaded", both)
    check.__name__ = "wrong_" + name
    TESTS.append(check)


for wrong_name in WRONG:
    wrong(wrong_name)


@test
def places_of_jinja(options):
    """The line and column in the YAML file, not in the rendered text."""
    text = declared("    primary_key: id\n", "    primary_key: \"{{ var('not_there') }}\"\n")
    with Api(games=5) as api, world(options, api, text) as made:
        out, err = made.run("ingest", code=None)
        with open(made.path("ingest/api.yml"), encoding="utf-8") as file:
            line = [n for n, row in enumerate(file, 1) if "not_there" in row][0]
        require("ingest/api.yml:%d" % line in out + err and "not_there" in out + err, "the line", out + err)


@test
def folders_of_others(options):
    """ingest/ holds something else, or nothing: the project works as before."""
    files = {"ingest/readme.md": "# ours\n", "ingest/jobs.yml": "jobs: [{name: x, every: 5}]\n", "ingest/list.yml": "- a\n- b\n",
             "publish/site.yml": "title: x\npages: [1, 2]\n", "models/m.sql": "select 1 as x\n"}
    with Loads(options.program, files) as made:
        out, _ = made.run("build")
        require("PASS=1" in out, "the model", out)
        out, err = made.run("ingest", code=0)
        require("othing to do" in out + err or "No nodes" in out + err or "not match" in out + err, "nothing to load", out + err)
        out, err = made.run("schema", "list")
        require("No table has been loaded yet" in out, "no state", out)
        require(not os.path.exists(made.path(".weir/state.db")), "a state was made for nothing")


@test
def selections(options):
    files = {"models/dim.sql": "select id from {{ source('games', 'games') }}\n",
             "models/x.yml": "exposures: [{name: board, type: dashboard, owner: {name: o, email: a@b.c}, depends_on: [ref('dim')]}]\n"}
    text = GAMES + "    tags: [hourly]\n" + GAMES.replace("ingest:\n", "").replace("name: games", "name: platforms").replace(
        "games.games", "games.platforms").replace("/v4/games", "/v4/platforms")
    with Api(games=30, platforms=10) as api, world(options, api, text, files=files) as made:
        for args, wanted in ((("-s", "resource_type:ingest"), ["games", "platforms"]), (("-s", "tag:hourly"), ["games"]),
                             (("-s", "path:ingest/api.yml"), ["games", "platforms"]), (("-s", "ingest"), None),
                             (("--resource-type", "ingest"), ["games", "platforms"]), (("-s", "plat*"), ["platforms"]),
                             (("--resource-type", "ingest", "--exclude", "games"), ["platforms"]),
                             (("-s", "+exposure:board", "--resource-type", "ingest"), ["games"]),
                             (("-s", "+source:games.platforms", "--resource-type", "ingest"), ["platforms"])):
            out, err = made.run("ls", *args, code=None)
            found = sorted(line.split(".")[-1] for line in out.splitlines() if line.startswith("ingest:"))
            require(wanted is None or found == wanted, "ls %s: %s" % (" ".join(args), found), out + err)
        out, _ = made.run("ingest", "-s", "tag:hourly")
        require("games.games" in out and "platforms" not in out, "one alone", out)
        out, _ = made.run("ingest", "--exclude", "games")
        require("games.platforms" in out and "load of games.games" not in out, "the other", out)
        out, err = made.run("ingest", "-s", "nothing_like_it", code=None)
        require("othing to do" in out + err or "not match" in out + err, "nothing selected", out + err)
        out, _ = made.run("ls", "--output", "json", "--resource-type", "ingest")
        require(json.loads([line for line in out.splitlines() if line.startswith("{")][0])["resource_type"] == "ingest", "JSON", out)
        out, _ = made.run("build", "--full-refresh")
        check_equal(made.table("games.games"), api.rows("games"), what="--full-refresh starts loads over, too")
        result = {row["unique_id"]: row for row in made.json("target", "run_results.json")["results"]}["ingest.made.games"]
        answer = result["adapter_response"]
        require(answer["rows_in"] == 30 and answer["requests"] >= 1 and answer["rows_affected"] == 30, "run_results.json", result)
        out, _ = made.run("--log-format", "json", "ingest")
        for line in out.splitlines():
            json.loads(line)
        require(any("load of games.games" in json.loads(line)["info"]["msg"] for line in out.splitlines()), "JSON lines", out)


@test
def schema_commands(options):
    with Api(games=30) as api, world(options, api, GAMES) as made:
        made.run("ingest")
        out, _ = made.run("schema", "list")
        require("games.games" in out, "list", out)
        out, _ = made.run("schema", "show", "games.games")
        require("updated_at" in out, "show", out)
        out, _ = made.run("schema", "diff", "games.games")
        require("one version only" in out, "diff", out)
        out, err = made.run("schema", "show", "games.gamez", code=None)
        require("games.games" in out + err, "the nearest", out + err)
        out, err = made.run("schema", "show", code=2)
        require("which table" in out + err, "no table", out + err)


@test
def memory(options):
    """100,000 rows over 1,000 pages, in order: memory stays bounded."""
    page = 100
    def answer(path, query, body, headers):
        at = int(query["offset"])
        return json.dumps([{"id": n, "t": n, "name": "name of %d" % n, "price": n * 1.5} for n in range(at, min(at + page, 100000))])
    text = ("ingest:\n  - name: r\n    connection: api\n    source: s.r\n    endpoint: {path: /x}\n    paginator: {type: offset, limit: 100}\n"
            "    cursor: {field: t, start: 0}\n    write_disposition: append\n")
    with Odd(answer) as odd, world(options, odd, text) as made:
        most, out, code = peak(start(made, "ingest"))
        require(code == 0, "loaded", out)
        require(made.query("select count(*), count(distinct id) from warehouse.s.r") == [["100000", "100000"]], "all rows")
        require(most <= 100 or sanitized(made), "%d MB" % most)


def cases(options):
    def run(function):
        try:
            function(options)
        except Missing as lack:
            raise AssertionError("a server is missing: %s" % lack)
    return [("ingest_bad/" + function.__name__, lambda function=function: run(function), _lack(function)) for function in TESTS]


def _lack(function):
    """Why the case cannot run here, or None."""
    if "S3" not in function.__code__.co_names:
        return None
    try:
        S3.find()
        return None
    except Missing as lack:
        return str(lack)
