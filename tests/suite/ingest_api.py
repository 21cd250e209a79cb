"""Loads from HTTP APIs: every paginator and auth, increments, children, contracts, faults, kills; compared with the source."""
import json
import os
import random
import signal
import subprocess
import time

from servers import Api

from . import loads, observe
from .loads import Loads, check_equal

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def require(condition, text, shown=""):
    assert condition, "%s\n%s" % (text, str(shown)[-2500:])


CONNECTION = "connections:\n  api:\n    type: http\n    base_url: \"{{ env_var('GAMES_API') }}\"\n%s"
OAUTH = ("    auth: {type: oauth2_client_credentials, token_url: \"{{ env_var('TOKEN_URL') }}\", client_id: \"{{ env_var('ID') }}\", "
         "client_secret: \"{{ env_var('SECRET') }}\"}\n")
GAMES = """ingest:
  - name: games
    connection: api
    source: games.games
    endpoint:
      path: /v4/games
      method: POST
      body: "fields *; where updated_at >= {{ cursor.start }}; sort updated_at asc; limit {{ page.limit }}; offset {{ page.offset }};"
    paginator: {type: offset, limit: 100}
    cursor: {field: updated_at, start: 0, lag: 1h}
    primary_key: id
    write_disposition: merge
"""


def world(options, api, text, more="", files=None, env=None):
    return Loads(options.program, {"ingest/api.yml": CONNECTION % more + text, **(files or {})},
                 {**api.describe()["env"], **(env or {})})


def simple(endpoint, paginator, extra=""):
    return ("ingest:\n  - name: r\n    connection: api\n    source: s.r\n    endpoint: %s\n    paginator: %s\n"
            "    primary_key: id\n    write_disposition: merge\n%s" % (endpoint, paginator, extra))


@test
def all_and_increment(options):
    """The issue's own example: OAuth, IGDB's body offset, merge; then 1 % changed, some new."""
    with Api(games=1200, auth="oauth", token_requests=7) as api, world(options, api, GAMES, OAUTH) as made:
        out, _ = made.run("ingest")
        require("MERGE 1200 rows" in out, "the line of the load", out)
        check_equal(made.table("games.games"), api.rows("games"), what="first")
        requests = api.stats()["requests"]
        api.set(change={"table": "games", "share": 0.01}, add={"table": "games", "count": 5})
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="second")
        more = api.stats()["requests"] - requests
        require(more < requests, "the second run asked for everything again: %d requests" % more)
        made.run("ingest", "--full-refresh")
        check_equal(made.table("games.games"), api.rows("games"), what="anew")
        raw = [name for name in made.files("lake/raw") if name.endswith(".jsonl")]
        require(len(raw) >= 2, "bronze", raw)
        with open(made.path(raw[0]), encoding="utf-8") as file:
            require(all(json.loads(line)["id"] for line in file), "bronze holds records")
        require(not made.files(".weir/spool"), "the spool is empty", made.files(".weir/spool"))


def pager(name, endpoint, paginator, extra=""):
    def check(options):
        with Api(games=730, page_limit=100) as api, world(options, api, simple(endpoint, paginator, extra)) as made:
            made.run("ingest")
            check_equal(made.table("s.r"), api.rows("games"), what=name)
    check.__name__ = "pager_" + name
    TESTS.append(check)


pager("offset_total", "{path: /offset/games, data_selector: data}", "{type: offset, limit: 100, total_path: total}")
pager("offset_until_empty", "{path: /offset/games, data_selector: data}", "{type: offset, limit: 100}")
pager("page_number", "{path: /page/games, params: {per_page: 100}, data_selector: data}", "{type: page_number, base_page: 1}")
pager("cursor", "{path: /cursor/games, params: {limit: 100}, data_selector: data}",
      "{type: cursor, cursor_path: next_cursor, cursor_param: cursor}")
pager("header_link", "{path: /link/games, params: {per_page: 100}}", "header_link")
pager("json_link", "{path: /next/games, params: {limit: 100}, data_selector: results.items}",
      "{type: json_link, next_url_path: paging.next}")
pager("json_link_relative", "{path: /next/games, params: {limit: 100, relative: 1}, data_selector: results.items}",
      "{type: json_link, next_url_path: paging.next}")
pager("auto_header", "{path: /link/games, params: {per_page: 100}}", "auto")
pager("auto_json", "{path: /next/games, params: {limit: 100}, data_selector: \"$.results.items[*]\"}", "auto")
pager("single", "{path: /all/games}", "single_page")
pager("jsonl", "{path: /all/games, params: {format: jsonl}}", "single_page")
pager("csv", "{path: /all/games, params: {format: csv}}", "single_page", "    columns: {price: {type: varchar}}\n")


@test
def xml_answer(options):
    text = simple("{path: /all/platforms, params: {format: xml}, data_selector: answer/R/row, format: xml}".replace("answer/R", "answer/platforms"),
                  "single_page")
    with Api(platforms=40) as api, world(options, api, text) as made:
        made.run("ingest")
        require({row["id"] for row in made.table("s.r")} == {str(row["id"]) for row in api.rows("platforms")}, "all rows")


def auth(kind, lines):
    def check(options):
        with Api(games=50, auth=kind) as api, world(options, api, simple("{path: /all/games}", "single_page"), lines) as made:
            described = api.describe()
            env = {"A_TOKEN": described["token"], "A_KEY": described["api_key"], "A_USER": described["user"],
                   "A_PASSWORD": described["password"], "A_REFRESH": described["refresh_token"]}
            out, err = made.run("ingest", env=env)
            check_equal(made.table("s.r"), api.rows("games"), what=kind)
            wrong = dict.fromkeys(env, "wrong-secret-value")
            out, err = made.run("ingest", "--full-refresh", env=wrong, code=1)
            require("401" in out + err, "what is wrong", out + err)
            require("wrong-secret-value" not in out + err, "a secret was printed", out + err)
            for name in made.files("logs") + made.files("target"):
                with open(made.path(name), encoding="utf-8", errors="replace") as file:
                    require("wrong-secret-value" not in file.read(), "a secret is in " + name)
    check.__name__ = "auth_" + kind
    TESTS.append(check)


auth("bearer", "    auth: {type: bearer, token: \"{{ env_var('A_TOKEN') }}\"}\n")
auth("basic", "    auth: {type: basic, username: \"{{ env_var('A_USER') }}\", password: \"{{ env_var('A_PASSWORD') }}\"}\n")
auth("api_key", "    auth: {type: api_key, name: X-Api-Key, value: \"{{ env_var('A_KEY') }}\"}\n")
auth("api_key_query", "    auth: {type: api_key, name: api_key, value: \"{{ env_var('A_KEY') }}\", in: query}\n")


@test
def secrets_from_elsewhere(options):
    """A token out of a file and out of a command; one in the file itself is warned of."""
    for source in ("{file: token.txt}", "{command: \"printf %s weir-static-token\"}", "{command: [cat, token.txt]}", "weir-static-token"):
        text = simple("{path: /all/games}", "single_page")
        with Api(games=5, auth="bearer") as api, \
                world(options, api, text, "    auth: {type: bearer, token: %s}\n" % source, {"token.txt": "weir-static-token\n"}) as made:
            out, err = made.run("ingest")
            check_equal(made.table("s.r"), api.rows("games"), what=source)
            require(("stands in the file" in out + err) == (source[0] != "{"), "the warning", out + err)
            require("weir-static-token" not in out + err, "a secret was printed", out + err)
    with Api(games=5, auth="bearer") as api, \
            world(options, api, text, "    auth: {type: bearer, token: {command: [\"false\"]}}\n") as made:
        out, err = made.run("ingest", code=1)
        require("exit code 1" in out + err and "ingest/api.yml:5" in out + err, "where and why", out + err)


@test
def children(options):
    """Users' orders, asked for one user at a time, with the parent's fields."""
    text = """ingest:
  - name: users
    connection: api
    source: crm.users
    endpoint: {path: /offset/users, data_selector: data}
    paginator: {type: offset, limit: 100, total_path: total}
    primary_key: id
  - name: orders
    connection: api
    source: crm.orders
    parent: users
    include_from_parent: [id, country]
    endpoint: {path: "/offset/users/{{ parent.id }}/orders", data_selector: data}
    paginator: {type: offset, limit: 100, total_path: total}
    primary_key: id
"""
    with Api(users=60) as api, world(options, api, text) as made:
        made.run("ingest")
        check_equal(made.table("crm.users"), api.rows("users"), columns=["id", "name", "email"], what="users")
        orders = made.table("crm.orders")
        check_equal(orders, api.rows("orders"), columns=["id", "user_id"], what="orders")
        countries = {str(row["id"]): row["country"] for row in api.rows("users")}
        require(all(countries[row["_users_id"]] == row["_users_country"] for row in orders), "the parent's fields")


@test
def in_one_graph(options):
    """`weir build -s +dim` runs the call, the model and the test; a source that is down skips what hangs on it, alone."""
    files = {"models/dim.sql": "select id, name from {{ source('games', 'games') }}\n",
             "models/other.sql": "{{ config(materialized='table') }}\nselect 1 as x\n",
             "models/m.yml": "models: [{name: dim, columns: [{name: id, data_tests: [unique, not_null]}]}]\n"}
    text = GAMES + "    on_unavailable: skip_and_fill\n"
    with Api(games=150) as api, world(options, api, text, "    retries: 1\n", files) as made:
        out, _ = made.run("ls")
        require("ingest:made.games" in out and "source:made.games.games" in out, "ls shows the load", out)
        out, _ = made.run("ls", "-s", "+dim", "--resource-type", "ingest")
        require("ingest:made.games" in out, "selected as an ancestor", out)
        out, _ = made.run("build", "-s", "+dim")
        for word in ("load of games.games", "MERGE 150 rows", "view model main.dim", "unique_dim_id"):
            require(word in out, word, out)
        require("other" not in out, "nothing else ran", out)
        api.stop()
        out, _ = made.run("build", code=0)
        require("SKIP load of games.games" in out and "SKIP relation main.dim" in out, "skipped", out)
        require("OK created sql table model main.other" in out, "the rest runs", out)
        results = {row["unique_id"]: row["status"] for row in made.json("target", "run_results.json")["results"]}
        require(results["ingest.made.games"] == "skipped" and results["model.made.dim"] == "skipped", "results", results)
        api.start()
        api.set(add={"table": "games", "count": 9})
        made.run("build")
        check_equal(made.table("games.games"), api.rows("games"), what="the gap is filled")
        manifest = made.json("target", "manifest.json")
        require(not any("ingest." in name for name in manifest["parent_map"]), "the manifest is dbt's")


@test
def interval_by_hand(options):
    with Api(games=700) as api, world(options, api, GAMES) as made:
        rows = sorted(api.rows("games"), key=lambda row: row["updated_at"])
        low, high = rows[200]["updated_at"], rows[400]["updated_at"]
        made.run("ingest", "--from", str(low), "--to", str(high))
        wanted = [row for row in rows if low <= row["updated_at"] < high]
        check_equal(made.table("games.games"), wanted, what="interval")
        made.run("ingest")
        check_equal(made.table("games.games"), rows, what="the rest: a piece by hand moves no cursor past a hole")


@test
def faults(options):
    """1 % of connections break, 429 and 500 at random, tokens good for 20 requests, a limit: nothing lost, nothing too many."""
    rules = [{"action": "drop", "match": "^POST /v4/", "rate": 0.01}, {"action": "cut", "match": "^POST /v4/", "rate": 0.02},
             {"action": "lose", "match": "^POST /v4/", "rate": 0.02},
             {"action": "status", "status": 500, "match": "^POST /v4/", "rate": 0.05},
             {"action": "status", "status": 429, "retry_after": 0, "match": "^POST /v4/", "rate": 0.03}]
    with Api(games=6000, auth="oauth", token_requests=20, rate=40, rules=rules) as api, \
            world(options, api, GAMES, OAUTH + "    rate_limit: 40/s\n    concurrency: 8\n    retries: 8\n") as made:
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="faults")
        stats = api.stats()
        require(stats["violations"] == 0, "requests beyond the limit", stats)
        require(sum(stats["faults"].values()) > 3, "the faults happened", stats)


def start(made, *args):
    env = observe.clean_environment(made.home, made.env)
    return subprocess.Popen([*made.program, *args], cwd=made.project, env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)


@test
def kills(options):
    """kill -9 at random moments, data changing in between; in the end the table equals the source."""
    chance = random.Random(options.seed)
    kills = max(options.kills, 10)
    with Api(games=3000) as api, world(options, api, GAMES, "    rate_limit: 200/s\n") as made:
        begun = time.monotonic()
        made.run("ingest")
        whole = time.monotonic() - begun
        for _ in range(kills):
            api.set(change={"table": "games", "share": 0.02}, add={"table": "games", "count": 3})
            child = start(made, "ingest", *(["--full-refresh"] if chance.random() < 0.3 else []))
            time.sleep(chance.random() * whole * 1.2)
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="after %d kills" % kills)
        raw = [name for name in made.files("lake/raw") if ".weir-tmp" in name]
        require(not raw, "half files in bronze", raw)
        require(not [n for n in made.relations() if "stag" in n], "staging tables left", made.relations())


@test
def contracts(options):
    """A new field, a field whose type changes: each word of the contract does what it says."""
    for word, code in (("evolve", 0), ("freeze", 1), ("discard_row", 0), ("discard_value", 0)):
        text = GAMES + "    schema_contract: %s\n" % word
        with Api(games=120) as api, world(options, api, text) as made:
            made.run("ingest")
            api.set(add_field={"table": "games", "name": "franchise", "value": 7})
            out, err = made.run("ingest", "--from", "0", code=code)
            types = made.types("games.games")
            require(("franchise" in types) == (word == "evolve"), "%s: columns %s" % (word, sorted(types)), out)
            if word == "evolve":
                require("franchise" in out, "the change is said", out)
                shown, _ = made.run("schema", "diff", "games.games")
                require("+ franchise" in shown, "schema diff", shown)
            if word == "freeze":
                require("franchise" in out + err and "freeze" in out + err, "the reason", out + err)
            if word == "discard_row":
                require(any("quarantine" in name for name in made.relations()), "quarantine", made.relations())


BAD = {
    "unknown_key": (GAMES.replace("primary_key", "primarykey"), "Did you mean 'primary_key'?", 2),
    "unknown_word": (GAMES.replace("merge", "upsert"), "'upsert' is no write_disposition", 2),
    "unknown_connection": (GAMES.replace("connection: api", "connection: apy"), "Did you mean 'api'?", 2),
    "no_source": (GAMES.replace("    source: games.games\n", ""), "lacks `source`", 2),
    "bad_lag": (GAMES.replace("lag: 1h", "lag: soon"), "duration", 2),
    "not_found": (GAMES.replace("/v4/games", "/nothing/here"), "404", 1),
    "bad_selector": (simple("{path: /offset/games, data_selector: dota}", "single_page"), "data", 1),
    "no_such_env": (GAMES.replace("/v4/games", "/{{ env_var('NOT_SET_AT_ALL') }}"), "NOT_SET_AT_ALL", 1),
    "no_such_cursor": (GAMES.replace("field: updated_at", "field: changed_at").replace("primary_key: id\n", "primary_key: id\n")
                       .replace("lag: 1h", "lag: 1h, nulls: fail"), "changed_at", 1),
    "small_page": (simple("{path: /offset/games, data_selector: data}", "{type: offset, limit: 300}"), "fewer rows", 1),
}


def bad(name):
    text, wanted, code = BAD[name]

    def check(options):
        with Api(games=500, page_limit=100) as api, world(options, api, text) as made:
            out, err = made.run("ingest", code=code)
            require(wanted in out + err, "no word of it: %s" % wanted, out + err)
            require("ingest/api.yml" in out + err, "no place", out + err)
    check.__name__ = "bad_" + name
    TESTS.append(check)


for bad_name in BAD:
    bad(bad_name)


def odd(action, said):
    def check(options):
        """An answer gone wrong once: it is said where, nothing is lost, the next run is whole."""
        text = simple("{path: /offset/games, data_selector: data}", "{type: offset, limit: 100}")
        with Api(games=500, page_limit=100, rules=[{"action": action, "match": "^GET /offset", "nth": 3}]) as api, \
                world(options, api, text, "    concurrency: %d\n" % (2 if action == "empty" else 1)) as made:
            out, err = made.run("ingest", code=None)
            if said:
                require(said in out + err and "ingest/api.yml" in out + err, "what went wrong: %s" % said, out + err)
                require(not [n for n in made.relations() if n.endswith("s.r")] or not made.table("s.r"), "half a table")
            made.run("ingest")
            check_equal(made.table("s.r"), api.rows("games"), what=action)
    check.__name__ = "odd_" + action
    TESTS.append(check)


odd("not_json", "JSON")
odd("half", "found the end")
odd("bad_utf8", "UTF-8")
odd("empty", "empty")
odd("repeat_page", "")
odd("cut", "")
odd("drop", "")


@test
def publish_to_endpoint(options):
    text = """publish:
  - name: out
    model: m
    connection: api
    to: {path: /sink/things, batch_size: 10}
"""
    files = {"models/m.sql": "{{ config(materialized='table') }}\nselect range as id, 'x' || range as name from range(35)\n"}
    with Api() as api, world(options, api, text, files=files) as made:
        made.run("build")
        require(sorted(row["id"] for row in api.received("things")) == list(range(35)), "all rows once")


@test
def two_loads_at_once(options):
    """The second is told so, or waits: never a half or doubled table."""
    with Api(games=800, latency=0.05) as api, world(options, api, GAMES) as made:
        first, second = start(made, "ingest"), start(made, "ingest")
        texts = [child.communicate()[0].decode(errors="replace") for child in (first, second)]
        require(sorted((first.returncode, second.returncode))[0] == 0, "one goes well", texts)
        made.run("ingest")
        check_equal(made.table("games.games"), api.rows("games"), what="two at once")


def cases(options):
    return [("ingest_api/" + function.__name__, lambda function=function: function(options), None) for function in TESTS]
