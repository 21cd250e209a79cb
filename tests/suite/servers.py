"""The test servers themselves: what they claim to do to a program under test, they do. No weir is started here."""
import ftplib
import http.client
import io
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse

from servers import Api, Cdn, Ftp, MariaDb, Postgres, Proxy, S3, Sftp, missing, mixed
from servers.process import listens

_PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def ask(port, method, path, body=None, headers=None):
    """One request: (status, body, headers in lower case)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def breaks(port, *request, **more):
    """Does the connection break instead of giving a whole answer?"""
    try:
        ask(port, *request, **more)
        return False
    except (OSError, http.client.HTTPException):
        return True


def fails(function, *arguments, **more):
    try:
        function(*arguments, **more)
    except RuntimeError as problem:
        return str(problem)
    raise AssertionError("%s went well" % function.__name__)


def same(found, wanted, what=""):
    assert found == wanted, "%s: found %.300r, expected %.300r" % (what, found, wanted)


# ---- databases ----

def _database(make):
    def check():
        with make() as server:
            server.sql("create table t (a int, b varchar(20)); insert into t values (1, 'x'), (2, null), (3, '')")
            same(server.rows("select a, b from t order by a"), [["1", "x"], ["2", None], ["3", ""]])
            assert "nowhere" in fails(server.sql, "select * from nowhere")
            server.stop()
            assert not listens(server.port), "still there after stop()"
            server.start()
            server.kill()
            assert not listens(server.port), "still there after kill()"
            server.start()
            same(server.rows("select count(*) from t"), [["3"]], "after a crash")
            folder = server.folder
        assert not os.path.exists(folder) and not listens(server.port), "something is left"
    return check


def _psql(server, port, password, query):
    return subprocess.run(["psql", "-X", "-w", "-A", "-t", "-h", "127.0.0.1", "-p", str(port), "-U", server.login, "-d",
                           server.database, "-c", query], capture_output=True, text=True, check=False, timeout=60,
                          env=dict(os.environ, PGPASSWORD=password))


def postgres_login():
    with Postgres() as server:
        same(_psql(server, server.port, server.password, "select current_user").stdout, "etl\n")
        assert "password authentication failed" in _psql(server, server.port, "wrong", "select 1").stderr
        with Proxy(server, is_http=False, rules=[{"action": "cut", "bytes": 60000, "nth": 2}]) as proxy:
            big = "select repeat('x', 100) from generate_series(1, 5000)"
            same(len(_psql(server, proxy.port, server.password, big).stdout), 5000 * 101)
            assert _psql(server, proxy.port, server.password, big).returncode != 0, "the second connection was not cut"


def mixed_rows():
    """The same table in both; the comparison notices a row that lacks, comes twice, or differs."""
    with Postgres() as first, MariaDb() as second:
        for server in (first, second):
            mixed.fill(server, "orders", 2000)
        before = mixed.lines(first, "orders")
        same(len(before), 2000)
        mixed.compare(before, mixed.lines(second, "orders"))
        for server in (first, second):
            mixed.change(server, "orders", share=0.01)
        truth = mixed.lines(first, "orders")
        mixed.compare(truth, mixed.lines(second, "orders"))
        same(sum(one != other for one, other in zip(before, truth)), 20)
        same(first.sql("select count(*) from orders where updated_at > '2025-01-01 00:06:40'"), "20")
    for copy, word in ((before, "20 differ"), (truth[1:], "1 lacking ['1']"), (truth + truth[:1], "1 twice"), (truth + ["9999|x"], "1 too many")):
        try:
            mixed.compare(truth, copy)
        except AssertionError as problem:
            assert word in str(problem), problem
        else:
            raise AssertionError("went unnoticed: %s" % word)


def mariadb_login():
    with MariaDb() as server:
        def client(password):
            return subprocess.run(["mariadb", "--no-defaults", "-h127.0.0.1", "-P%d" % server.port, "-uetl", "-p" + password, "-N",
                                   "-e", "select current_user()", "shop"], capture_output=True, text=True, check=False)
        same(client(server.password).stdout, "etl@%\n")
        assert "Access denied" in client("wrong").stderr


# ---- files ----

def s3_objects():
    with S3(buckets=("lake", "other")) as server:
        tag = server.put("lake", "a b/é=1/x.json", b"hello")
        same(server.get("lake", "a b/é=1/x.json"), b"hello")
        server.put("lake", "a b/y", b"")
        same(server.keys("lake", "a b/"), {"a b/y": 0, "a b/é=1/x.json": 5})
        same(server.get("lake", "none"), None)
        for condition, wanted in (({"If-None-Match": "*"}, 412), ({"If-Match": '"0"'}, 412), ({"If-Match": tag}, 200)):
            same(server.request("PUT", "/lake/a b/é=1/x.json", body=b"again", headers=condition)[0], wanted, condition)
        status, said, _ = server.request("POST", "/lake/parts", {"uploads": ""})
        assert status == 200 and b"UploadId" in said
        same(server.uploads("lake"), ["parts"])
        server.secret_key = "wrong"
        same(server.request("GET", "/lake/a b/y")[0], 403)
        server.secret_key = "weir-test-secret"
        server.remove_bucket("other")
        same(server.request("GET", "/other/x")[0], 404)


def s3_faults():
    rules = [{"action": "status", "match": "^PUT /lake/a", "status": 503, "retry_after": 1}, {"action": "lose", "match": "^PUT /lake/b"},
             {"action": "drop", "match": "^PUT /lake/c"}, {"action": "cut_upload", "match": "^PUT /lake/d", "bytes": 1000},
             {"action": "cut", "match": "^GET /lake/e", "bytes": 10}, {"action": "delay", "match": "^GET /lake/f", "seconds": 0.5}]
    with S3() as server, Proxy(server, rules) as proxy:
        direct, server.port = server.port, proxy.port
        assert "503" in fails(server.put, "lake", "a", b"x" * 5000)
        for name in "bcd":
            try:
                server.put("lake", name, b"x" * 5000)
                raise AssertionError("%s went well" % name)
            except (OSError, http.client.HTTPException):
                pass
        server.put("lake", "e", b"x" * 5000)
        server.put("lake", "f", b"x")
        try:
            server.get("lake", "e")
            raise AssertionError("not cut")
        except (OSError, http.client.HTTPException):
            pass
        began = time.monotonic()
        server.get("lake", "f")
        assert time.monotonic() - began > 0.5, "not delayed"
        server.port = direct
        same(server.keys("lake"), {"b": 5000, "e": 5000, "f": 1})
        same(proxy.count("^PUT"), 6)
        same(proxy.faults.happened, {"status": 1, "lose": 1, "drop": 1, "cut_upload": 1, "cut": 1, "delay": 1})


def sftp_keys():
    with Sftp() as server:
        about = server.describe()
        with open(os.path.join(about["root"], "hello.txt"), "w", encoding="ascii") as file:
            file.write("hi")

        def client(key, hosts):
            return subprocess.run(["sftp", "-q", "-P", str(server.port), "-i", about[key], "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
                                   "-o", "UserKnownHostsFile=" + about[hosts], "-o", "GlobalKnownHostsFile=/dev/null", "-b", "-",
                                   "%s@127.0.0.1" % about["user"]], input="ls -l %s\n" % about["root"], capture_output=True,
                                  text=True, check=False, timeout=60)
        for key in ("key_file", "key_file_ed25519"):
            assert "hello.txt" in client(key, "known_hosts").stdout, client(key, "known_hosts")
        assert client("key_file", "known_hosts_wrong").returncode != 0, "another host's key was good"
        assert client("stranger_key_file", "known_hosts").returncode != 0, "a stranger came in"


def ftp_files():
    with Ftp() as server:
        os.makedirs(os.path.join(server.root, "out"))
        with open(os.path.join(server.root, "out", "a.csv"), "wb") as file:
            file.write(b"0123456789" * 1000)
        client = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=server.describe()["ca_file"])) if server.tls else ftplib.FTP()
        client.connect(server.host, server.port, timeout=20)
        try:
            client.login(server.user, "wrong")
            raise AssertionError("a stranger came in")
        except ftplib.error_perm:
            pass
        client.login(server.user, server.password)
        if server.tls:
            client.prot_p()
        same([(name, facts["size"]) for name, facts in client.mlsd("/out")], [("a.csv", "10000")])

        def get(rest=None):
            pieces = []
            client.retrbinary("RETR /out/a.csv", pieces.append, rest=rest)
            return b"".join(pieces)
        same(get(9990), b"0123456789")
        client.storbinary("STOR /out/b.tmp", io.BytesIO(b"new"))
        client.rename("/out/b.tmp", "/out/b.csv")
        same(client.nlst("/out"), ["a.csv", "b.csv"])
        server.cut_after = 100
        try:
            get()
            raise AssertionError("not cut")
        except (ftplib.Error, OSError):
            pass
        client.close()


def cdn_ranges():
    with Cdn() as server:
        os.makedirs(os.path.join(server.root, "marts"))
        with open(os.path.join(server.root, "marts", "a.parquet"), "wb") as file:
            file.write(bytes(range(200)))
        status, body, headers = ask(server.port, "GET", "/marts/a.parquet", headers={"Range": "bytes=10-19"})
        same((status, body, headers["content-range"]), (206, bytes(range(10, 20)), "bytes 10-19/200"))
        same(ask(server.port, "GET", "/marts/a.parquet", headers={"If-None-Match": headers["etag"]})[0], 304)
        same([ask(server.port, "GET", path)[0] for path in ("/marts/", "/none")], [403, 404])
        deadline = time.monotonic() + 10
        while len(server.requests()) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)
        same(server.requests()[0], ("GET", "/marts/a.parquet", 206, "bytes=10-19", 10))


# ---- the API ----

def _pages(api, kind, size=400):
    """All rows of /KIND/games, as a client that knows the paginator reads them."""
    path, rows, page = "/%s/games?limit=%d" % (kind, size), [], 1
    while path:
        status, body, headers = ask(api.port, "GET", path)
        same(status, 200, body)
        said, path = json.loads(body), None
        some = said if isinstance(said, list) else said["data"] if "data" in said else said["results"]["items"]
        rows, page = rows + some, page + 1
        if kind == "offset" and len(rows) < said["total"]:
            path = "/offset/games?limit=%d&offset=%d" % (size, len(rows))
        elif kind == "page" and page <= said["pages"]:
            path = "/page/games?limit=%d&page=%d" % (size, page)
        elif kind == "cursor" and said["next_cursor"]:
            path = "/cursor/games?limit=%d&cursor=%s" % (size, urllib.parse.quote(said["next_cursor"]))
        elif kind == "next" and said["paging"]["next"]:
            path = said["paging"]["next"]
        elif kind == "link":
            found = [part for part in headers["link"].split(", ") if 'rel="next"' in part]
            path = urllib.parse.urlsplit(found[0][1:found[0].index(">")]) if found else None
            path = path.path + "?" + path.query if path else None
    return rows


def _query(api, where="", limit=500):
    rows, more = [], True
    while more:
        body = "fields *; %s sort updated_at asc; limit %d; offset %d;" % (where, limit, len(rows))
        status, said, _ = ask(api.port, "POST", "/v4/games", body)
        same(status, 200, said)
        more = json.loads(said)
        rows += more
    return rows


def api_pages():
    with Api(games=1501) as api:
        truth = api.rows("games")
        same([row["id"] for row in truth], list(range(1, 1502)))
        for kind in ("offset", "page", "cursor", "next", "link"):
            assert _pages(api, kind) == truth, kind
        assert json.loads(ask(api.port, "GET", "/all/games?chunked=1")[1]) == truth
        by_time = sorted(truth, key=lambda row: (row["updated_at"], row["id"]))
        assert _query(api) == by_time
        middle = by_time[700]["updated_at"]
        assert by_time[699]["updated_at"] == middle or by_time[701]["updated_at"] == middle, "no equal cursor values"
        same(_query(api, "where updated_at > %d;" % middle), [row for row in by_time if row["updated_at"] > middle])
        same(_query(api, "where updated_at >= %d & rating != null & platforms = (3, 9);" % middle),
             [row for row in by_time if row["updated_at"] >= middle and row["rating"] is not None and {3, 9} & set(row["platforms"])])
        since = json.loads(ask(api.port, "GET", "/offset/games?since=%d&limit=500" % middle)[1])
        same(since["total"], sum(row["updated_at"] >= middle for row in truth))
        same(ask(api.port, "POST", "/v4/games", "fields *; limit 501;")[0], 400)
        lines = ask(api.port, "GET", "/all/games?format=jsonl")[1].decode().splitlines()
        same([json.loads(line) for line in lines], truth)
        same(ask(api.port, "GET", "/all/users/3/orders")[0], 200)
        same(len(json.loads(ask(api.port, "GET", "/all/orders")[1])), len(api.rows("orders")))


def api_tokens():
    with Api(games=10, auth="oauth", token_requests=3) as api:
        form = {"client_id": "weir-client", "client_secret": "weir-client-secret", "grant_type": "client_credentials"}

        def token(**changes):
            status, body, _ = ask(api.port, "POST", "/oauth2/token", urllib.parse.urlencode({**form, **changes}))
            return json.loads(body).get("access_token") if status == 200 else status

        def get(value):
            return ask(api.port, "GET", "/all/games", headers={"Authorization": "Bearer " + value})[0]
        same(token(client_secret="wrong"), 401)
        same(get("none"), 401)
        first = token()
        same([get(first) for _ in range(4)], [200, 200, 200, 401])
        api.set(token_requests=0, token_seconds=0.3)
        second = token()
        same(get(second), 200)
        time.sleep(0.4)
        same(get(second), 401)
        same(token(grant_type="refresh_token", refresh_token="wrong"), 400)
        assert isinstance(token(grant_type="refresh_token", refresh_token="weir-refresh-0"), str)
        same((api.stats()["tokens"], api.stats()["tokens_refused"]), (3, 3))
        for kind, headers, query in (("api_key", {"X-Api-Key": "weir-api-key"}, ""), ("api_key_query", {}, "?api_key=weir-api-key"),
                                     ("bearer", {"Authorization": "Bearer weir-static-token"}, ""),
                                     ("basic", {"Authorization": "Basic d2Vpcjp3ZWlyLXBhc3N3b3Jk"}, "")):
            same(ask(api.port, "GET", "/as/%s/all/games%s" % (kind, query), headers=headers)[0], 200, kind)
            same(ask(api.port, "GET", "/as/%s/all/games" % kind)[0], 401, kind)


def api_limits():
    with Api(games=10, rate=5, retry_after=2) as api:
        answers = [ask(api.port, "GET", "/all/games") for _ in range(7)]
        same([status for status, _, _ in answers], [200] * 5 + [429] * 2)
        same(answers[-1][2]["retry-after"], "2")
        same((api.stats()["violations"], api.stats()["max_per_second"]), (2, 7))
        time.sleep(1)
        api.reset()
        for _ in range(6):
            same(ask(api.port, "GET", "/all/games")[0], 200)
            time.sleep(0.21)
        same((api.stats()["violations"], api.stats()["requests"], api.stats()["by_status"]), (0, 6, {"200": 6}))


def api_faults():
    with Api(games=50) as api:
        path = "/offset/games?limit=5&offset=5"
        right = ask(api.port, "GET", path)[1]

        def once(action, **more):
            api.set(rules=[dict(more, action=action, times=1)])
            return ask(api.port, "GET", path)
        same(once("status", status=503, retry_after=7)[::2][0], 503)
        same(once("not_json")[0], 200)
        for action in ("not_json", "half", "bad_utf8"):
            try:
                json.loads(once(action)[1])
                raise AssertionError("%s is good JSON" % action)
            except ValueError:
                pass
        same(json.loads(once("empty")[1])["data"], [])
        same([row["id"] for row in json.loads(once("repeat_page")[1])["data"]], [1, 2, 3, 4, 5])
        assert any(isinstance(row["rating_count"], str) for row in json.loads(once("wrong_types")[1])["data"])
        same(len(once("huge", bytes=3_000_000)[1]), len(right) + 3_000_000)
        for action in ("drop", "cut", "lose"):
            api.set(rules=[{"action": action, "nth": 2}])
            same([breaks(api.port, "GET", path) for _ in range(3)], [False, True, False], action)
        same(ask(api.port, "GET", path)[1], right)

        def pattern():
            api.set(seed=5, rules=[{"action": "status", "rate": 0.3}])
            return [ask(api.port, "GET", path)[0] for _ in range(40)]
        first = pattern()
        assert 3 < first.count(500) < 25, first
        same(pattern(), first, "the same seed")


def api_changes():
    with Api(games=1000) as api:
        before = {row["id"]: row for row in api.rows("games")}
        newest = max(row["updated_at"] for row in before.values())
        said = json.loads(ask(api.port, "POST", "/_set", json.dumps({"change": {"table": "games", "share": 0.01}}))[1])
        same(len(said["change"]), 10)
        same(sorted(row["id"] for row in _query(api, "where updated_at > %d;" % newest)), sorted(said["change"]))
        api.set(add={"table": "games", "count": 3}, delete={"table": "games", "ids": [7]},
                add_field={"table": "games", "name": "franchise", "value": 9})
        rows = {row["id"]: row for row in json.loads(ask(api.port, "GET", "/_rows/games")[1])}
        same((len(rows), 7 in rows, rows[1003]["franchise"]), (1002, False, 9))
        for number in set(before) - {7} - set(said["change"]):
            same({**before[number], "franchise": 9}, rows[number])
        for key in ("k1", "k1", "k2"):
            ask(api.port, "POST", "/sink/out", json.dumps([{"key": key}]), {"Idempotency-Key": key})
        same(api.received("out"), [{"key": "k1"}, {"key": "k2"}])
        api.stop()
        assert breaks(api.port, "GET", "/all/games"), "answers while it is down"
        api.start()
        same(len(json.loads(ask(api.port, "GET", "/all/games")[1])), 1002)


# ---- the command ----

def command():
    started = subprocess.Popen([sys.executable, "-m", "tests.servers", "api", "--set", "games=7"], cwd=_PROJECT,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    about = json.loads(started.stdout.readline())
    same(len(json.loads(ask(about["port"], "GET", "/all/games")[1])), 7)
    started.stdin.close()
    same(started.wait(20), 0)
    started.stdout.close()
    assert not listens(about["port"])


def ends_with_its_parent():
    started = subprocess.Popen([sys.executable, "-m", "tests.servers", "cdn"], cwd=_PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    about = json.loads(started.stdout.readline())
    assert listens(about["port"])
    started.send_signal(signal.SIGKILL)
    started.wait()
    for stream in (started.stdin, started.stdout):
        stream.close()
    deadline = time.monotonic() + 20
    while listens(about["port"]):
        assert time.monotonic() < deadline, "the server outlives who started it"
        time.sleep(0.05)
    subprocess.run(["rm", "-rf", about["folder"]], check=True)


def cases(options):
    """Every case needs some servers; what the machine lacks is the reason to skip it."""
    table = [("postgres_comes_and_goes", _database(Postgres), Postgres), ("postgres_login", postgres_login, Postgres),
             ("mariadb_comes_and_goes", _database(MariaDb), MariaDb), ("mariadb_login", mariadb_login, MariaDb),
             ("s3_objects", s3_objects, S3), ("s3_faults", s3_faults, S3), ("sftp_keys", sftp_keys, Sftp), ("cdn_ranges", cdn_ranges, Cdn),
             ("ftp_files", ftp_files, Ftp),
             ("api_pages", api_pages, Api), ("api_tokens", api_tokens, Api), ("api_limits", api_limits, Api), ("api_faults", api_faults, Api),
             ("api_changes", api_changes, Api), ("command", command, Api), ("ends_with_its_parent", ends_with_its_parent, Cdn)]
    return [("servers/" + name, check, missing(kind)) for name, check, kind in table] + [
        ("servers/mixed_rows", mixed_rows, missing(Postgres, MariaDb))]
