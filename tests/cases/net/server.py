"""The HTTP server of src/net's tests: misbehaves as its paths ask, and counts.

    python3 server.py        prints its port, serves until its standard input ends

Every path may carry key=NAME: requests are counted under it (else under the path), /count?key=NAME tells how often and
/times?key=NAME when, in seconds.

    /status/503?times=2&retry_after=1   that status twice (0: always), then 200 "fine"
    /slow?ms=500                        answers late
    /stall                              half an answer, then silence
    /cut?times=1                        closes in the middle of the body, then sends it whole
    /drop?times=1                       closes without an answer
    /numbers?count=9                    that many lines "0\\n1\\n..."; &ms=5: pauses after each thousand
    /echo                               what was asked, as JSON
    /gzip                               "compressed" a thousand times, gzip
    /redirect?to=URL&status=302
    /token?life=3600                    OAuth 2; /expire makes all tokens invalid; &refresh=1 rotates
    /guarded                            needs a token; ?uses=N: a token is good for N requests
"""
import gzip
import json
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
times = {}
tokens = {}             # token -> requests made with it
refresh = ["first-refresh-token"]
secrets = {"weir": "s3cret-of-client"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self, body, status=200, **headers):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            whole = b""
            while True:
                size = int(self.rfile.readline(), 16)
                whole += self.rfile.read(size)
                self.rfile.readline()
                if not size:
                    return whole
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        name = url.path.split("/")[1]
        key = query.get("key", url.path)
        if name in ("count", "times"):
            with lock:
                seen = list(times.get(key, []))
            return self.answer(json.dumps(seen if name == "times" else len(seen)))
        with lock:
            times.setdefault(key, []).append(time.monotonic())
            number = len(times[key])
        text = self.body()
        wanted = int(query.get("times", 0))
        return getattr(self, "do_" + name)(url, query, text, wanted == 0 or number <= wanted)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any

    def do_status(self, url, query, text, is_wanted):
        status = int(url.path.split("/")[2])
        if not is_wanted:
            return self.answer("fine")
        headers = {}
        after = query.get("retry_after")
        if after and query.get("form") == "date":
            after = self.date_time_string(int(time.time()) + int(after))
        if after:
            headers["Retry_After"] = after
        return self.answer(query.get("text", "it is so\nsecond line"), status, **headers)

    def do_slow(self, url, query, text, is_wanted):
        time.sleep(int(query["ms"]) / 1000)
        return self.answer("late")

    def do_stall(self, url, query, text, is_wanted):
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"half ")
        self.wfile.flush()
        time.sleep(20)
        self.close_connection = True

    def do_cut(self, url, query, text, is_wanted):
        whole = b"0123456789" * 10000
        self.send_response(200)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole[:50000] if is_wanted else whole)
        self.close_connection = is_wanted

    def do_drop(self, url, query, text, is_wanted):
        if not is_wanted:
            return self.answer("fine")
        self.close_connection = True

    def do_numbers(self, url, query, text, is_wanted):
        count, pause = int(query["count"]), int(query.get("ms", 0)) / 1000
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for first in range(0, count, 1000):
            lines = "".join(f"{n}\n" for n in range(first, min(first + 1000, count))).encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(lines), lines))
            time.sleep(pause)
        self.wfile.write(b"0\r\n\r\n")

    def do_echo(self, url, query, text, is_wanted):
        self.answer(json.dumps({
            "method": self.command, "path": self.path, "body": text.decode("latin-1"),
            "headers": {name.lower(): value for name, value in self.headers.items()}}), X_Answer="yes")

    def do_gzip(self, url, query, text, is_wanted):
        self.answer(gzip.compress(b"compressed" * 1000), Content_Encoding="gzip")

    def do_redirect(self, url, query, text, is_wanted):
        self.answer("elsewhere", int(query.get("status", 302)), Location=query["to"])

    def do_token(self, url, query, text, is_wanted):
        form = dict(urllib.parse.parse_qsl(text.decode()))
        if form.get("client_secret", "") != secrets.get(form.get("client_id")):
            return self.answer('{"error": "invalid_client"}', 401)
        more = {}
        with lock:
            if form["grant_type"] == "refresh_token":
                if form["refresh_token"] != refresh[-1]:
                    return self.answer('{"error": "invalid_grant"}', 400)
                refresh.append(f"refresh-token-{len(refresh)}")
                more["refresh_token"] = refresh[-1]
            token = f"access-token-{len(tokens)}-{time.monotonic_ns()}"
            tokens[token] = 0
        time.sleep(0.05)
        if "life" in query:
            more["expires_in"] = int(query["life"])
        return self.answer(json.dumps({"access_token": token, "token_type": "bearer", **more}))

    def do_expire(self, url, query, text, is_wanted):
        with lock:
            tokens.clear()
        self.answer("gone")

    def do_guarded(self, url, query, text, is_wanted):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        with lock:
            is_good = token in tokens and tokens[token] < int(query.get("uses", 1 << 30))
            if is_good:
                tokens[token] += 1
        if not is_good:
            return self.answer(f"token {token} is not good", 401)
        time.sleep(int(query.get("ms", 0)) / 1000)
        return self.answer("come in")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass            # clients that cancel


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
