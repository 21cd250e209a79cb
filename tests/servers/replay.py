"""Any number of archives over HTTP, made of a few: for inputs that no disk holds.

    Replay(folder="DIR-of-archives", count=50_000, prefix="20261120/partner_a_20261120_")

lists `count` names in /_index.json; each is one of the folder's *.tar.gz in turn, with its own number in the gzip header's time
field, so that no two have the same bytes. They are kept in memory. Threads of the process that makes it, or
`python3 -m tests.servers replay` in one of its own (for measurements).
"""
import http.server
import json
import os
import re
import socketserver
import struct
import threading

from .process import free_port


class Replay:
    name = "replay"

    def __init__(self, folder=None, port=None, count=100, prefix="20261120/partner_a_20261120_"):
        self.host, self.port = "127.0.0.1", port or free_port()
        self.url = "http://%s:%d" % (self.host, self.port)
        names = sorted(name for name in os.listdir(folder) if name.endswith(".tar.gz"))
        if not names:
            raise RuntimeError("no archives in %s" % folder)
        self.blobs = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                self.blobs.append(file.read())
        self.count, self.prefix = count, prefix

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def start(self):
        self._server = _HttpServer((self.host, self.port), _Handler)
        self._server.replay = self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    stop = close

    def describe(self):
        return {"name": self.name, "host": self.host, "port": self.port, "url": self.url, "count": self.count,
                "bytes": sum(len(self.blobs[n % len(self.blobs)]) for n in range(self.count)), "env": {"REPLAY": self.url}}

    def index(self):
        return json.dumps({"files": [{"name": "%s%06d.tar.gz" % (self.prefix, n), "size": len(self.blobs[n % len(self.blobs)]),
                                      "etag": "r%d" % n} for n in range(self.count)]}).encode()

    def find(self, path):
        """The pieces of what lies at a path and its ETag; None: nothing."""
        if path == "/_index.json":
            return (self.index(),), "index"
        found = re.fullmatch(r"/%s(\d+)\.tar\.gz" % re.escape(self.prefix), path)
        if not found or int(found.group(1)) >= self.count:
            return None
        number = int(found.group(1))
        blob = self.blobs[number % len(self.blobs)]
        return (blob[:4], struct.pack("<I", number + 1), memoryview(blob)[8:]), "r%d" % number


class _HttpServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        found = self.server.replay.find(self.path)
        if not found:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        pieces, etag = found
        size = sum(map(len, pieces))
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first = int(asked.group(1)) if asked else 0
        last = min(int(asked.group(2)), size - 1) if asked and asked.group(2) else size - 1
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (first, last, size))
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("ETag", '"%s"' % etag)
        self.end_headers()
        if self.command == "HEAD":
            return
        at = 0
        for piece in pieces:
            begin, end = max(first - at, 0), min(last + 1 - at, len(piece))
            if begin < end:
                self.connection.sendall(memoryview(piece)[begin:end])
            at += len(piece)

    do_HEAD = do_GET
