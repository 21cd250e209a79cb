"""An HTTP API with all that makes real ones hard: tokens that expire, pages, limits, faults on demand, data that changes.

README.md lists the endpoints, settings and faults. It runs as threads of the process that makes it, or by
`python3 -m tests.servers api` in one of its own (for measurements); /_stats, /_set and /_rows work in both.
"""
import base64
import binascii
import bisect
import collections
import gzip
import http.server
import json
import re
import secrets
import socket
import socketserver
import struct
import threading
import time
import urllib.parse

from . import igdb
from .faults import Faults
from .process import free_port
from .tables import Table, encode, orders_of, seconds_of

_CACHE_BYTES = 256 << 20
_TYPES = {"json": "application/json", "jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8",
          "xml": "application/xml; charset=utf-8"}
_MARK = b'"name":"'


class Refused(Exception):
    """An answer that is an error: status, what it says, more headers."""

    def __init__(self, status, text, **headers):
        super().__init__(text)
        self.status, self.text, self.headers = status, text, {k.replace("_", "-"): str(v) for k, v in headers.items()}


class Answer:
    """status, body and headers; `link` and the like are in headers."""

    def __init__(self, body, form="json", status=200, **headers):
        self.body, self.status = body, status
        self.headers = {"Content-Type": _TYPES.get(form, form), **{k.replace("_", "-"): v for k, v in headers.items()}}


class Page:
    """What a request asks of a table: which rows, from where, how many, and in which form."""

    def __init__(self, query, limit_most):
        self.form = query.get("format", "json")
        if self.form not in _TYPES:
            raise Refused(400, "format must be one of %s" % ", ".join(_TYPES))
        self.since, self.after, self.before = (seconds_of(query[k]) if query.get(k) not in (None, "") else None
                                               for k in ("since", "after", "before"))
        self.by_time = query.get("sort") == "updated_at" or any(v is not None for v in (self.since, self.after, self.before))
        self.limit = min(_number(query, "limit", _number(query, "per_page", 100)), limit_most)
        self.offset = _number(query, "offset", 0)
        if "page" in query:
            self.offset = (max(_number(query, "page", 1), 1) - 1) * self.limit

    def key(self):
        return (self.form, self.since, self.after, self.before, self.by_time, self.limit, self.offset)


def _number(query, name, default):
    text = str(query.get(name, default))
    if not text.isdigit():
        raise Refused(400, "%s must be a whole number, found %r" % (name, text))
    return int(text)


class Limiter:
    """Counts requests as they arrive; says which are too many."""

    def __init__(self):
        self.lock = threading.Lock()
        self.times, self.second = collections.deque(), collections.deque()
        self.violations = self.most_in_a_second = self.open = self.most_open = 0

    def arrive(self, now, rate, window, slack):
        """True when this request keeps the limit of `rate` requests in any `window` seconds."""
        with self.lock:
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            for times, length in ((self.second, 1.0), (self.times, window * (1 - slack))):
                times.append(now)
                while times and times[0] <= now - length:
                    times.popleft()
            self.most_in_a_second = max(self.most_in_a_second, len(self.second))
            if rate and len(self.times) > rate:
                self.violations += 1
                return False
            return True

    def leave(self):
        with self.lock:
            self.open -= 1


class Tokens:
    """OAuth2: client credentials and refresh tokens."""

    def __init__(self):
        self.lock = threading.Lock()
        self.live, self.refresh = {}, set()
        self.issued = self.refused = 0

    def issue(self, fields, settings):
        if (fields.get("client_id"), fields.get("client_secret")) != (settings["client_id"], settings["client_secret"]):
            raise Refused(401, json.dumps({"error": "invalid_client"}))
        grant = fields.get("grant_type")
        with self.lock:
            if grant == "refresh_token":
                given = fields.get("refresh_token")
                if given != settings["refresh_token"] and given not in self.refresh:
                    raise Refused(400, json.dumps({"error": "invalid_grant"}))
            elif grant != "client_credentials":
                raise Refused(400, json.dumps({"error": "unsupported_grant_type"}))
            token = secrets.token_hex(16)
            life = settings["token_seconds"] or 3600
            self.live[token] = {"uses": 0, "ends": time.monotonic() + life}
            self.issued += 1
            said = {"access_token": token, "token_type": "bearer", "expires_in": settings["announced_seconds"] or life}
            if grant == "refresh_token" and settings["rotates_refresh"]:
                self.refresh.discard(given)
                said["refresh_token"] = secrets.token_hex(16)
                self.refresh.add(said["refresh_token"])
            return said

    def use(self, token, most_uses):
        """True if the token is good for this request."""
        with self.lock:
            entry = self.live.get(token)
            if not entry or time.monotonic() > entry["ends"] or (most_uses and entry["uses"] >= most_uses):
                self.refused += 1
                return False
            entry["uses"] += 1
            return True

    def expire(self):
        """All tokens at once, as when the server forgets them."""
        with self.lock:
            self.live.clear()


class Api:
    name = "api"
    DEFAULTS = {
        "auth": "none",                 # none | oauth | bearer | api_key | api_key_query | basic; or by path: /as/KIND/...
        "client_id": "weir-client", "client_secret": "weir-client-secret", "refresh_token": "weir-refresh-0",
        "token": "weir-static-token", "api_key": "weir-api-key", "user": "weir", "password": "weir-password",
        "token_requests": 0,            # a token is good for so many requests (0: any number)
        "token_seconds": 0,             # ... and so long (0: an hour)
        "announced_seconds": 0,         # expires_in in the answer, where it is to differ (0: the truth)
        "rotates_refresh": False,       # each refresh token works once
        "rate": 0, "rate_window": 1.0,  # requests in any window of seconds; 0: no limit
        "rate_slack": 0.05,             # the window is measured this much shorter: what the network squeezes together
        "retry_after": 1,               # seconds, with each 429
        "concurrency": 0,               # requests at the same time; 0: no limit
        "latency": 0.0,                 # seconds before each answer
        "page_limit": 500,              # rows a page at most
        "past_end": "empty",            # a page behind the last: empty | 404
        "gzip": True,                   # to those who accept it
    }

    def __init__(self, folder=None, port=None, games=1000, platforms=200, users=100, rules=(), seed=1, **settings):
        """folder is not used. settings: those of DEFAULTS."""
        self.host, self.port = "127.0.0.1", port or free_port()
        self.url = "http://%s:%d" % (self.host, self.port)
        self.tables = {"games": Table("games", games), "platforms": Table("platforms", platforms), "users": Table("users", users)}
        self.faults = Faults(rules, seed)
        self.settings = dict(self.DEFAULTS)
        self.set(**settings)
        self.tokens = Tokens()
        self.sinks, self.sink_keys, self.sink_calls = {}, set(), []
        self._cache, self._cache_bytes, self._cache_lock = collections.OrderedDict(), 0, threading.Lock()
        self._selected = collections.OrderedDict()
        self._stats_lock = threading.Lock()
        self.ended = threading.Event()
        self.reset()

    # ---- life ----

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.ended.clear()
        self._server = _HttpServer((self.host, self.port), _Handler)
        self._server.api = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        """Down: the port refuses, open connections break. start() goes on with the same data and tokens."""
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            _break(connection)

    close = stop

    def describe(self):
        return {"name": self.name, "host": self.host, "port": self.port, "url": self.url, "token_url": self.url + "/oauth2/token",
                **{k: self.settings[k] for k in ("client_id", "client_secret", "refresh_token", "token", "api_key", "user", "password")},
                "env": {"GAMES_API": self.url, "TOKEN_URL": self.url + "/oauth2/token", "ID": self.settings["client_id"],
                        "SECRET": self.settings["client_secret"]}}

    # ---- control ----

    def set(self, **changes):
        """Settings; besides: rules (list; replaces all faults), seed, change/add/delete {table, ...}, add_field {table, name,
        value}, wrong_types {table, every}, expire_tokens, reset. Gives what the changes of data gave (ids)."""
        said = {}
        for key, value in changes.items():
            if key in self.DEFAULTS:
                self.settings[key] = value
            elif key == "rules":
                self.faults.clear()
                for rule in value:
                    self.faults.add(**rule)
            elif key == "seed":
                self.faults.seed(value)
            elif key in ("change", "add", "delete", "add_field", "wrong_types"):
                arguments = dict(value)
                said[key] = getattr(self.tables[arguments.pop("table")], key)(**arguments)
            elif key == "expire_tokens":
                self.tokens.expire()
            elif key == "reset":
                self.reset()
            else:
                raise ValueError("the API has no setting %s" % key)
        return said

    def reset(self):
        """Counters to zero."""
        with self._stats_lock:
            self.limiter = Limiter()
            self._stats = {"requests": 0, "by_status": {}, "by_path": {}, "bytes_sent": 0, "connections": 0}
            self._first_at = self._last_at = None
            self.tokens.issued = self.tokens.refused = 0
            self.faults.happened = {}
            self.log = []                       # (seconds, method, path with query, status); the first 100,000

    def stats(self):
        """requests, by_status, by_path, bytes_sent, connections; tokens, tokens_refused; violations of the rate,
        max_per_second, max_open; faults by action; seconds between the first and last request, and their mean rate."""
        with self._stats_lock:
            took = (self._last_at or 0) - (self._first_at or 0)
            return {**json.loads(json.dumps(self._stats)), "tokens": self.tokens.issued, "tokens_refused": self.tokens.refused,
                    "violations": self.limiter.violations, "max_per_second": self.limiter.most_in_a_second,
                    "max_open": self.limiter.most_open, "faults": dict(self.faults.happened), "seconds": took,
                    "mean_rate": (self._stats["requests"] - 1) / took if took else 0.0}

    def rows(self, table):
        """The truth: all rows by id (orders: of all users)."""
        if table == "orders":
            return [order for number in self.tables["users"].by_id for order in orders_of(number)]
        return self.tables[table].rows()

    def received(self, sink):
        """The rows that were sent to /sink/NAME, in the order of their arrival."""
        return list(self.sinks.get(sink, []))

    def count(self, now, method, path, status, size):
        with self._stats_lock:
            stats = self._stats
            stats["requests"] += 1
            stats["bytes_sent"] += size
            by_status, by_path = stats["by_status"], stats["by_path"]
            by_status[str(status)] = by_status.get(str(status), 0) + 1
            short = "/".join(path.split("?")[0].split("/")[:3])
            by_path[short] = by_path.get(short, 0) + 1
            self._first_at = now if self._first_at is None else self._first_at
            self._last_at = now
            if len(self.log) < 100_000:
                self.log.append((round(now - self._first_at, 6), method, path, status))

    def count_connection(self):
        with self._stats_lock:
            self._stats["connections"] += 1

    # ---- pages ----

    def _ids(self, table, page):
        """The ids that the page's filter leaves, in its order. Under the table's lock."""
        if not page.by_time:
            return table.by_id
        first, last = 0, len(table.times)
        if page.since is not None:
            first = bisect.bisect_left(table.times, page.since)
        if page.after is not None:
            first = max(first, bisect.bisect_right(table.times, page.after))
        if page.before is not None:
            last = bisect.bisect_left(table.times, page.before)
        return table.by_time[first:last] if (first, last) != (0, len(table.times)) else table.by_time

    def _cached(self, key, make):
        with self._cache_lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        made = make()
        with self._cache_lock:
            if key not in self._cache:
                self._cache[key] = made
                self._cache_bytes += len(made[0])
                while self._cache_bytes > _CACHE_BYTES:
                    self._cache_bytes -= len(self._cache.popitem(last=False)[1][0])
        return made

    def rows_page(self, resource, page, wrap):
        """(body, total, rows in it): wrap(rows, total) makes the JSON of the other forms' plain rows."""
        parts = resource.split("/")
        if len(parts) > 1 or parts[0] == "orders":
            rows = self._children(parts)
            cut = rows[page.offset:page.offset + page.limit]
            return self._encoded(cut, len(rows), page, wrap, parts[-1]), len(rows), len(cut)
        table = self.tables.get(parts[0])
        if table is None:
            raise Refused(404, "there is no %s" % resource)

        def make():
            with table.lock:
                ids = self._ids(table, page)
                rows = [table.row(n) for n in ids[page.offset:page.offset + page.limit]]
                total = len(ids)
            return self._encoded(rows, total, page, wrap, table.name), total, len(rows)
        return self._cached((resource, table.generation, page.key(), wrap.__name__), make)

    def _encoded(self, rows, total, page, wrap, name):
        return encode(wrap(rows, total, page), "json") if page.form == "json" else encode(rows, page.form, name)

    def _children(self, parts):
        users = self.tables["users"]
        if parts == ["orders"]:
            return self.rows("orders")
        if parts[0] == "users" and len(parts) == 3 and parts[2] == "orders" and parts[1].isdigit():
            if int(parts[1]) not in users.updated:
                raise Refused(404, "there is no user %s" % parts[1])
            return orders_of(int(parts[1]))
        raise Refused(404, "there is no %s" % "/".join(parts))

    def igdb_page(self, resource, text, wants_count, back):
        """The rows of a query in IGDB's language; back: the page before the one asked for."""
        table = self.tables.get(resource)
        if table is None:
            raise Refused(404, "there is no %s" % resource)

        def make():
            query = igdb.Query(text)
            ids = self._igdb_ids(table, query, text)
            if wants_count:
                return encode({"count": len(ids)}, "json"), len(ids), 1
            offset = max(query.offset - query.limit, 0) if back else query.offset
            with table.lock:
                rows = [query.chosen(table.row(n)) for n in ids[offset:offset + query.limit] if n in table.updated]
            return encode(rows, "json"), len(ids), len(rows)
        return self._cached((resource, table.generation, text, wants_count, back), make)

    def _igdb_ids(self, table, query, text):
        key = (table.name, table.generation, re.sub(r"(limit|offset)[^;]*;", "", text))
        with self._cache_lock:
            if key in self._selected:
                return self._selected[key]
        page = Page({"sort": query.sort or ""}, 1)
        others = []
        for field, sign, value in query.where:
            name = {">": "after", ">=": "since", "<": "before"}.get(sign)
            if field == "updated_at" and name and table.name != "users" and getattr(page, name) is None:
                setattr(page, name, value)
            else:
                others.append((field, sign, value))
        query.where = others
        page.by_time = page.by_time or page.since is not None or page.after is not None or page.before is not None
        with table.lock:
            ids = self._ids(table, page)
            if others or query.search:
                ids = [n for n in ids if query.accepts(table.row(n))]
            if query.sort not in ("updated_at", None) or (query.sort is None and page.by_time):
                rows = {n: table.row(n).get(query.sort or "id") for n in ids}
                ids = sorted(ids, key=lambda n: (rows[n] is None, rows[n] if rows[n] is not None else 0, n))
            ids = ids[::-1] if query.descends else ids
        with self._cache_lock:
            self._selected[key] = ids
            while len(self._selected) > 16:
                self._selected.popitem(last=False)
        return ids


# ---- answers of the endpoints -------------------------------------------------------------------------------------

def _plain(rows, total, page):
    return rows


def _with_total(rows, total, page):
    return {"data": rows, "total": total, "offset": page.offset, "limit": page.limit}


def _with_pages(rows, total, page):
    return {"data": rows, "page": page.offset // page.limit + 1, "pages": -(-total // page.limit), "total": total}


def _with_cursor(rows, total, page):
    after = page.offset + len(rows)
    return {"data": rows, "next_cursor": _cursor(after) if after < total else None, "has_more": after < total}


def _with_next(rows, total, page):
    return {"results": {"items": rows, "count": len(rows)}, "paging": {"next": "@next@"}}


def _cursor(offset):
    return base64.urlsafe_b64encode(b"o:%d" % offset).decode()


def _offset_of(cursor):
    try:
        text = base64.urlsafe_b64decode(cursor.encode())
        return int(text.split(b"o:")[1])
    except (binascii.Error, ValueError, IndexError):
        raise Refused(400, "the cursor %r is not one of mine" % cursor) from None


class _HttpServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, *arguments):
        self.connections = set()
        super().__init__(*arguments)

    def server_bind(self):                      # without the look-up of our own name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        """A client that went away is not worth a word; the rest is in the answer 500."""


class _Gone(Exception):
    """The connection ends without a (whole) answer, on purpose."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version, sys_version = "weir-tests", ""
    wbufsize = -1
    timeout = 600

    def setup(self):
        super().setup()
        self.api = self.server.api
        self.server.connections.add(self.connection)
        self.api.count_connection()

    def finish(self):
        self.server.connections.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def handle(self):
        try:
            super().handle()
        except (OSError, _Gone):
            pass

    def log_message(self, *_):                  # pylint: disable=arguments-differ
        pass

    def parse_request(self):
        self.arrived = time.monotonic()
        return super().parse_request()

    def do_GET(self):
        self._run()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    # ---- one request ----

    def _run(self):
        body = self._read_body()
        split = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))
        path = urllib.parse.unquote(split.path).strip("/")
        if path.startswith("_"):
            return self._control(path, body)
        api = self.api
        settings, limiter = api.settings, api.limiter
        is_token = path == "oauth2/token"
        is_allowed = limiter.arrive(self.arrived, 0 if is_token else settings["rate"], settings["rate_window"], settings["rate_slack"])
        status, sent = 0, 0
        try:
            answer, rule = None, None
            if not is_allowed or (settings["concurrency"] and limiter.open > settings["concurrency"]):
                answer = _refusal(Refused(429, "too many requests", Retry_After=settings["retry_after"]))
            else:
                rule = api.faults.pick("%s %s %s" % (self.command, self.path, body[:4096].decode("utf-8", "replace")))
            if settings["latency"]:
                api.ended.wait(settings["latency"])
            if not answer:
                answer = self._answer(path, query, body, rule or {"action": None})
            answer = self._packed(answer, rule)
            status, sent = answer.status, len(answer.body)
            self._send(answer, rule)
        except _Gone:
            status = status or 0
            raise
        finally:
            limiter.leave()
            api.count(self.arrived, self.command, self.path, status, sent)

    def _answer(self, path, query, body, rule):
        action = rule["action"]
        if action == "status":
            more = {"Retry_After": rule["retry_after"]} if "retry_after" in rule else {}
            return _refusal(Refused(rule.get("status", 500), rule.get("body", "made to fail"), **more))
        if action == "delay":
            self.api.ended.wait(rule.get("seconds", 1))
        elif action == "hang":
            self.api.ended.wait(rule.get("seconds", 3600))
            raise _Gone
        elif action == "drop":
            self._break()
        try:
            answer = self._route(path, query, body, action)
        except Refused as refused:
            answer = _refusal(refused)
        except igdb.Bad as problem:
            answer = Answer(encode([{"title": str(problem).split(":", maxsplit=1)[0], "status": 400, "cause": str(problem)}], "json"), status=400)
        except Exception as problem:            # pylint: disable=broad-except
            answer = _refusal(Refused(500, "the test server itself broke: %r" % problem))
        if action == "lose":
            self._break()
        return self._spoiled(answer, action)

    def _spoiled(self, answer, action):
        if action == "not_json":
            return Answer(b"<html><body><h1>We'll be right back</h1></body></html>", "text/html")
        if action == "half":
            answer.body = answer.body[:len(answer.body) // 2]
        elif action == "bad_utf8":
            answer.body = answer.body.replace(_MARK, _MARK + b"\xff\xfe", 1)
        elif action == "wrong_types":
            answer.body = re.sub(rb'"rating_count":\d+', b'"rating_count":"many"', answer.body, count=1)
        elif action == "empty":
            answer.body = re.sub(rb"^(\[).*\]$|(\"(?:data|items)\":\[).*\](,\")", lambda m: (m[1] or m[2]) + b"]" + (m[3] or b""),
                                 answer.body, count=1, flags=re.DOTALL)
        return answer

    def _packed(self, answer, rule):
        if (self.api.settings["gzip"] and len(answer.body) > 1000 and not rule
                and "gzip" in self.headers.get("Accept-Encoding", "")):
            key = ("gzip", answer.body)
            answer.body = self.api._cached(key, lambda: (gzip.compress(answer.body, 1), 0, 0))[0]
            answer.headers["Content-Encoding"] = "gzip"
        return answer

    def _send(self, answer, rule):
        action = rule["action"] if rule else None
        huge = rule.get("bytes", 1 << 31) if action == "huge" else 0
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        chunked = action is None and "chunked=1" in self.path
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(answer.body) + huge))
        self.end_headers()
        if action in ("cut", "stall"):
            self.wfile.write(answer.body[:rule.get("bytes", len(answer.body) // 2)])
            self.wfile.flush()
            self.api.ended.wait(0.05 if action == "cut" else rule.get("seconds", 3600))
            self._break()
        if huge:
            self._send_huge(answer.body, huge)
        elif chunked:
            for at in range(0, len(answer.body), 65536):
                piece = answer.body[at:at + 65536]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _send_huge(self, body, size):
        """The answer with a first name that is `size` bytes longer."""
        at = body.find(_MARK) + len(_MARK)
        self.wfile.write(body[:at])
        while size > 0:
            size -= self.wfile.write(b"x" * min(size, 1 << 20))
        self.wfile.write(body[at:])

    def _break(self):
        """Ends the connection as a fault of the network does."""
        self.close_connection = True
        _break(self.connection)
        raise _Gone

    def _read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    # ---- endpoints ----

    def _control(self, path, body):
        api = self.api
        if path == "_stats":
            answer = Answer(encode(api.stats(), "json"))
        elif path == "_set":
            try:
                answer = Answer(encode(api.set(**json.loads(body)), "json"))
            except (ValueError, TypeError, KeyError) as problem:
                answer = _refusal(Refused(400, "%r" % problem))
        elif path.startswith("_rows/"):
            name, _, form = path[len("_rows/"):].partition(".")
            answer = Answer(encode(api.rows(name), form or "json", name), form or "json")
        elif path.startswith("_received/"):
            answer = Answer(encode(api.received(path[len("_received/"):]), "json"))
        else:
            answer = _refusal(Refused(404, "no such control"))
        self._send(answer, None)

    def _route(self, path, query, body, action):
        api, kind = self.api, self.api.settings["auth"]
        if path == "oauth2/token":
            return self._token(query, body)
        if path.startswith("as/"):
            _, kind, path = path.split("/", 2)
        self._check(kind, query)
        head, _, rest = path.partition("/")
        if head == "v4":
            resource, _, last = rest.partition("/")
            done, total, _ = api.igdb_page(resource, body.decode("utf-8"), last == "count", action == "repeat_page")
            return Answer(done, X_Count=str(total))
        if head == "sink":
            return self._sink(rest, body)
        if head == "redirect":
            return Answer(b"", status=302, Location="/" + rest + ("?" + urllib.parse.urlencode(query) if query else ""))
        if head == "status":
            raise Refused(int(rest), "as you wished")
        if head == "all" and re.fullmatch(r"users/\d+", rest):
            users = api.tables["users"]
            with users.lock:
                if int(rest[6:]) not in users.updated:
                    raise Refused(404, "there is no such user")
                return Answer(encode(users.row(int(rest[6:])), "json"))
        return self._page(head, rest, query, action)

    def _page(self, pager, resource, query, action):
        wraps = {"offset": _with_total, "page": _with_pages, "cursor": _with_cursor, "link": _plain, "next": _with_next, "all": _plain}
        if pager not in wraps:
            raise Refused(404, "there is no /%s" % pager)
        most = 1 << 60 if pager == "all" else max(self.api.settings["page_limit"], 1)
        page = Page(query, most)
        page.limit = most if pager == "all" and "limit" not in query else page.limit
        if page.limit == 0:
            raise Refused(400, "limit must be at least 1")
        if query.get("cursor"):
            page.offset = _offset_of(query["cursor"])
        if action == "repeat_page":
            page.offset = max(page.offset - page.limit, 0)
        body, total, count = self.api.rows_page(resource, page, wraps[pager])
        if not count and page.offset and self.api.settings["past_end"] == "404":
            raise Refused(404, "there is no such page")
        answer = Answer(body, page.form, X_Total_Count=str(total))
        after = page.offset + count
        if action == "repeat_page":
            after += page.limit
        if pager == "link":
            numbers = [("next", after // page.limit + 1)] if after < total else []
            numbers += [("first", 1), ("last", max(-(-total // page.limit), 1))]
            answer.headers["Link"] = ", ".join('<%s>; rel="%s"' % (self._url(query, page=n), rel) for rel, n in numbers)
        elif pager == "next" and page.form == "json":
            following = json.dumps(self._url(query, offset=after) if after < total else None).encode()
            answer.body = body.replace(b'"@next@"', following)
        return answer

    def _url(self, query, **changes):
        """This address with other values in its query; relative=1 in the query: without the host."""
        kept = urllib.parse.urlencode({**query, **{k: str(v) for k, v in changes.items()}})
        path = urllib.parse.urlsplit(self.path).path + "?" + kept
        return path if query.get("relative") else "http://%s%s" % (self.headers.get("Host"), path)

    def _token(self, query, body):
        if self.command != "POST":
            raise Refused(405, "POST it")
        fields = {**query, **dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))}
        given = self.headers.get("Authorization", "")
        if given.startswith("Basic "):
            pair = base64.b64decode(given[6:]).decode().split(":", 1)
            fields["client_id"], fields["client_secret"] = (urllib.parse.unquote(part) for part in pair)
        return Answer(encode(self.api.tokens.issue(fields, self.api.settings), "json"), Cache_Control="no-store")

    def _check(self, kind, query):
        settings, given = self.api.settings, self.headers.get("Authorization", "")
        if kind == "oauth":
            is_good = given[:7].lower() == "bearer " and self.api.tokens.use(given[7:], settings["token_requests"])
        elif kind == "bearer":
            is_good = given == "Bearer " + settings["token"]
        elif kind == "basic":
            pair = "%s:%s" % (settings["user"], settings["password"])
            is_good = given == "Basic " + base64.b64encode(pair.encode()).decode()
        elif kind == "api_key":
            is_good = self.headers.get("X-Api-Key") == settings["api_key"]
        elif kind == "api_key_query":
            is_good = query.pop("api_key", None) == settings["api_key"]
        elif kind == "none":
            is_good = True
        else:
            raise Refused(404, "there is no auth %s" % kind)
        if not is_good:
            challenge = 'Bearer error="invalid_token"' if kind in ("oauth", "bearer") else 'Basic realm="weir"'
            raise Refused(401, "who are you?", WWW_Authenticate=challenge)

    def _sink(self, name, body):
        """Takes rows: a JSON array, {"rows": [...]} or JSONL; twice the same Idempotency-Key counts once."""
        api, key = self.api, self.headers.get("Idempotency-Key")
        try:
            rows = json.loads(body)
            rows = rows["rows"] if isinstance(rows, dict) and "rows" in rows else rows if isinstance(rows, list) else [rows]
        except ValueError:
            try:
                rows = [json.loads(line) for line in body.decode("utf-8").splitlines() if line]
            except ValueError:
                raise Refused(400, "neither JSON nor JSONL") from None
        with api._stats_lock:
            api.sink_calls.append((name, len(rows), key))
            is_new = key is None or (name, key) not in api.sink_keys
            api.sink_keys.add((name, key))
            if is_new:
                api.sinks.setdefault(name, []).extend(rows)
        return Answer(encode({"accepted": len(rows) if is_new else 0}, "json"))


def _refusal(refused):
    body = refused.text if refused.text.startswith("{") else json.dumps({"error": refused.text})
    answer = Answer(body.encode(), status=refused.status)
    answer.headers.update(refused.headers)
    return answer


def _break(connection):
    """A RST: as a cut cable or a crashed server looks from the other side."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    try:
        # The handler's files hold the socket open: the descriptor itself is what must go.
        socket.socket(fileno=connection.detach()).close()
    except (OSError, ValueError):               # the handler has closed it meanwhile
        pass
