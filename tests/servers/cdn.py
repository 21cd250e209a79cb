"""nginx as a CDN: serves the files of a folder over plain HTTP, with ranges and ETags, without listings."""
import os
import signal

from .process import Server, program


class Cdn(Server):
    name = "cdn"
    needs = ("nginx",)
    stop_signal = signal.SIGTERM                # at once; SIGQUIT would wait for transfers

    def __init__(self, folder=None, port=None, root=None):
        """root: the folder to serve (default: `files` in its own)."""
        super().__init__(folder, port)
        self.root = os.path.abspath(root) if root else self.path("files")

    def prepare(self):
        os.makedirs(self.root, exist_ok=True)
        os.makedirs(self.path("temp"), exist_ok=True)
        temps = "".join("  %s_temp_path %s;\n" % (kind, self.path("temp"))
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = """%s
daemon off; worker_processes 1; pid %s; error_log %s;
events { worker_connections 512; }
http {
%s  log_format plain '$request_method $uri $status "$http_range" $body_bytes_sent';
  access_log %s plain;
  default_type application/octet-stream; sendfile on; tcp_nopush on; keepalive_requests 100000;
  server {
    listen %s:%d backlog=256;
    root "%s"; autoindex off; etag on;
    add_header Access-Control-Allow-Origin "*";
  }
}
""" % ("user root;" if os.getuid() == 0 else "", self.path("pid"), self.log_path(), temps, self.path("access.log"), self.host,
            self.port, self.root)
        with open(self.path("nginx.conf"), "w", encoding="utf-8") as file:
            file.write(text)

    def command(self):
        return [program("nginx"), "-p", self.folder, "-c", self.path("nginx.conf"), "-e", self.log_path()]

    def describe(self):
        url = "http://%s:%d" % (self.host, self.port)
        return {**super().describe(), "url": url, "root": self.root, "env": {"CDN": url}}

    def requests(self):
        """What was asked: (method, path, status, range or "-", bytes sent), in order."""
        found = []
        with open(self.path("access.log"), encoding="utf-8", errors="replace") as file:
            for line in file:
                before, asked, sent = line.rsplit('"', 2)[0].split('"')[0], line.split('"')[1], line.rsplit(" ", 1)[1]
                method, rest = before.strip().split(" ", 1)
                path, status = rest.rsplit(" ", 1)
                found.append((method, path, int(status), asked, int(sent)))
        return found
