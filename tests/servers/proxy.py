"""A proxy on loopback that spoils things on purpose: in front of S3, the API, nginx (HTTP) or a database (plain bytes).

Actions of its rules (faults.py), HTTP:

    status      answers `status` (500) with `body` itself; the request never reaches the server
    drop        closes the connection instead of asking the server
    lose        the server gets and carries out the request; its answer is lost, the connection closed
    cut         closes the connection after `bytes` (0) of the answer's body
    cut_upload  closes both connections after `bytes` (0) of the request's body
    delay       waits `seconds` (1), then goes on as usual
    hang        waits `seconds` (3600) and then closes without an answer

Plain bytes (is_http=False), decided once a connection, matched against "CONNECT": drop, hang, and cut after `bytes` from
the server.
"""
import re
import select
import socket
import struct
import threading
import time

from .faults import Faults
from .process import free_port

_HEAD_LIMIT = 1 << 20


class Proxy:
    name = "proxy"

    def __init__(self, target=None, rules=(), seed=1, is_http=True, port=None, folder=None, target_port=None):
        """target: a server of this package; or target_port on loopback. Listens once entered or started."""
        self.host, self.port = "127.0.0.1", port or free_port()
        self.target_port = target.port if target else target_port
        self.faults, self.is_http = Faults(rules, seed), is_http
        self._lock = threading.Lock()
        self.requests = []                      # (what, action or None), in order
        self._open, self._ended = set(), threading.Event()

    def describe(self):
        return {"name": self.name, "host": self.host, "port": self.port, "target_port": self.target_port,
                "endpoint": "http://%s:%d" % (self.host, self.port), "env": {}}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self._ended.clear()
        self._listener = socket.create_server((self.host, self.port), backlog=256)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        """Ends all connections. The port is free afterwards."""
        self._ended.set()
        for end in [self._listener, *list(self._open)]:
            _shut(end)

    close = stop

    def count(self, pattern=""):
        """How many requests matched."""
        with self._lock:
            return sum(1 for what, _ in self.requests if re.search(pattern, what))

    # ---- connections ----

    def _accept(self):
        while not self._ended.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(client)
        try:
            if self.is_http:
                self._serve_http(_Wire(client))
            else:
                self._serve_bytes(client)
        except (OSError, _Ended):
            pass
        finally:
            self._open.discard(client)
            _shut(client)

    def _server(self):
        server = socket.create_connection((self.host, self.target_port), timeout=300)
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(server)
        return server

    def _decide(self, what):
        rule = self.faults.pick(what)
        with self._lock:
            self.requests.append((what, rule["action"] if rule else None))
        return rule or {"action": None}

    def _serve_bytes(self, client):
        rule = self._decide("CONNECT")
        if rule["action"] == "drop":
            return _reset(client)
        if rule["action"] == "hang":
            return self._ended.wait(rule.get("seconds", 3600))
        left = rule.get("bytes", 0) if rule["action"] == "cut" else float("inf")
        server = self._server()
        try:
            while left > 0:
                for ready in select.select([client, server], [], [])[0]:
                    piece = ready.recv(65536)
                    if not piece:
                        return
                    if ready is server:
                        piece = piece[:int(min(len(piece), left))]
                        left -= len(piece)
                    (client if ready is server else server).sendall(piece)
            _reset(client)
        finally:
            self._open.discard(server)
            _shut(server)

    def _serve_http(self, client):
        upstream = None
        try:
            while True:
                head = client.head()
                if not head:
                    return
                line, fields, head = _parse(head)
                what = " ".join(line.split(" ")[:2])
                rule = self._decide(what)
                action = rule["action"]
                if action == "delay":
                    self._ended.wait(rule.get("seconds", 1))
                elif action == "hang":
                    self._ended.wait(rule.get("seconds", 3600))
                    return
                elif action == "drop":
                    return _reset(client.socket)
                if fields.get("expect", "").lower() == "100-continue":
                    client.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    head = re.sub(rb"(?i)\r\nexpect:[^\r\n]*", b"", head)
                if action == "status":
                    for _ in client.body(fields, is_request=True):
                        pass
                    client.socket.sendall(_answer(rule))
                    continue
                upstream = upstream or _Wire(self._server())
                upstream = self._send(upstream, head, client, fields, rule)
                if upstream is None:
                    return
                if not self._answer(upstream, client, line, rule):
                    return
        finally:
            if upstream:
                self._open.discard(upstream.socket)
                _shut(upstream.socket)

    def _send(self, upstream, head, client, fields, rule):
        """The request to the server; gives the connection (a new one if the server had closed the idle old one), or
        None if cut."""
        try:
            readable = select.select([upstream.socket], [], [], 0)[0]
            if readable and not upstream.socket.recv(1, socket.MSG_PEEK):
                raise OSError
        except OSError:
            _shut(upstream.socket)
            self._open.discard(upstream.socket)
            upstream = _Wire(self._server())
        upstream.socket.sendall(head)
        left = rule.get("bytes", 0) if rule["action"] == "cut_upload" else None
        for piece in client.body(fields, is_request=True):
            if left is not None:
                piece = piece[:left]
                left -= len(piece)
            upstream.socket.sendall(piece)
            if left == 0:
                break
        if left is not None:
            _shut(upstream.socket)
            _reset(client.socket)
            return None
        return upstream

    def _answer(self, upstream, client, line, rule):
        """The answer to the client; false when the connection is over."""
        while True:
            head = upstream.head()
            if not head:
                return False
            status, fields, head = _parse(head)
            if " 100 " not in status + " ":
                break
        if rule["action"] == "lose":
            _reset(client.socket)
            return False
        left = rule.get("bytes", 0) if rule["action"] == "cut" else None
        client.socket.sendall(head)
        code = status.split(" ")[1]
        if not (line.startswith("HEAD ") or code in ("204", "304")):
            for piece in upstream.body(fields, is_request=False):
                if left is not None:
                    piece = piece[:left]
                    left -= len(piece)
                client.socket.sendall(piece)
                if left == 0:
                    break
        if left is not None:
            time.sleep(0.05)                    # what was sent arrives before the end does
            _reset(client.socket)
            return False
        return fields.get("connection", "").lower() != "close"


class _Ended(Exception):
    """The other side closed in the middle of something."""


class _Wire:
    """A socket with a buffer: heads and bodies of HTTP/1.1."""

    def __init__(self, end):
        self.socket, self.buffer = end, b""

    def _more(self):
        piece = self.socket.recv(262144)
        self.buffer += piece
        return bool(piece)

    def head(self):
        """The bytes up to the empty line, or b"" at the end."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > _HEAD_LIMIT or not self._more():
                return b""
        end = self.buffer.index(b"\r\n\r\n") + 4
        head, self.buffer = self.buffer[:end], self.buffer[end:]
        return head

    def body(self, fields, is_request):
        """The body's bytes as they stand on the wire (chunks with their marks), piece by piece."""
        if "chunked" in fields.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif "content-length" in fields:
            yield from self._exactly(int(fields["content-length"]))
        elif not is_request:
            while self.buffer or self._more():
                piece, self.buffer = self.buffer, b""
                yield piece

    def _exactly(self, left):
        while left > 0:
            if not self.buffer and not self._more():
                raise _Ended
            piece, self.buffer = self.buffer[:left], self.buffer[left:]
            left -= len(piece)
            yield piece

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise _Ended
        end = self.buffer.index(b"\r\n") + 2
        line, self.buffer = self.buffer[:end], self.buffer[end:]
        return line

    def _chunks(self):
        while True:
            line = self._line()
            size = int(line.split(b";")[0], 16)
            yield line
            if size:
                yield from self._exactly(size + 2)
                continue
            while True:                         # trailers
                line = self._line()
                yield line
                if line == b"\r\n":
                    return


def _parse(head):
    """First line, fields by lower-case name, and the head itself."""
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for text in lines[1:]:
        name, colon, value = text.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    return lines[0], fields, head


def _answer(rule):
    body = rule.get("body", "<Error><Code>InternalError</Code><Message>made to fail</Message></Error>").encode()
    return ("HTTP/1.1 %d Made To Fail\r\nContent-Type: application/xml\r\n%sContent-Length: %d\r\n\r\n" %
            (rule.get("status", 500), "Retry-After: %s\r\n" % rule["retry_after"] if "retry_after" in rule else "",
             len(body))).encode() + body


def _reset(end):
    """Closes with a RST, as a connection that breaks does."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    end.close()


def _shut(end):
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    end.close()
