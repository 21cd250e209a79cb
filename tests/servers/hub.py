"""A package registry on loopback: the hub's JSON, tarballs made from dicts of files, and git repositories over http.

    with Hub() as hub:
        hub.add("acme/tools", "1.0.0", {"macros/a.sql": "..."}, packages=[...], require_dbt_version=[">=1.3.0"])
        url = hub.add_repository("tools", [{"files": {...}, "tag": "v1"}, {"files": {...}, "branch": "next"}])
        hub.fault("/api/v1/acme/tools.json", status=500, times=2)

describe()["env"] holds DBT_PACKAGE_HUB_URL. Standard library and the program `git` only.
"""
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import time

from .process import program

PROJECT = "name: %s\nversion: '1.0'\nconfig-version: 2\n"
GIT = ["git", "-c", "user.name=weir", "-c", "user.email=weir@example.com", "-c", "init.defaultBranch=main",
       "-c", "protocol.file.allow=always"]
GIT_DATES = {"GIT_AUTHOR_DATE": "2024-01-02T03:04:05Z", "GIT_COMMITTER_DATE": "2024-01-02T03:04:05Z"}


def archive(files, top):
    """A tar.gz of text files below the folder `top`; a value (type, target) is a link."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        folder = tarfile.TarInfo(top)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        for path, content in files.items():
            member = tarfile.TarInfo(path[1:] if path.startswith("!") else "%s/%s" % (top, path))
            if isinstance(content, tuple):
                member.type, member.linkname = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}[content[0]], content[1]
                tar.addfile(member)
                continue
            content = content.encode() if isinstance(content, str) else content
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


class Hub:
    """The server; started on entering."""
    name = "hub"

    @classmethod
    def find(cls):
        program("git")

    def __init__(self, folder=None, port=None):
        self.is_temporary = folder is None
        self.folder = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="weir-hub-")
        self.packages, self.files, self.faults, self.asked = {}, {}, [], []
        self.lock = threading.Lock()
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                hub.answer(self, b"")

            def do_POST(self):
                hub.answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port or 0), Handler)
        self.server.handle_error = lambda *_: None          # clients that are killed
        self.server.daemon_threads = True
        self.host, self.port = self.server.server_address[:2]
        self.url = "http://%s:%d" % (self.host, self.port)

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        if self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def describe(self):
        return {"name": self.name, "host": self.host, "port": self.port, "url": self.url,
                "env": {"DBT_PACKAGE_HUB_URL": self.url}}

    # ---- what it offers ----

    def add(self, package, version, files=None, packages=(), require_dbt_version=(), name=None, tarball=None, **more):
        """A version of a package; `more` goes to the top of its JSON (redirectname, redirectnamespace)."""
        namespace, short = package.split("/")
        name = name or short
        path = "/tar/%s/%s.tar.gz" % (package, version)
        content = {"dbt_project.yml": PROJECT % name, **(files or {})}
        if packages:
            content["packages.yml"] = json.dumps({"packages": list(packages)})
        self.files[path] = tarball if tarball is not None else archive(content, "%s-%s" % (short, version))
        entry = self.packages.setdefault(package, {"name": short, "namespace": namespace, "latest": version, "versions": {}})
        entry.update(more)
        entry["versions"][version] = {
            "id": "%s/%s" % (package, version), "name": name, "version": version, "packages": list(packages),
            "require_dbt_version": require_dbt_version if isinstance(require_dbt_version, str) else list(require_dbt_version), "works_with": [], "_source": {},
            "downloads": {"tarball": self.url + path, "format": "tgz", "sha1": hashlib.sha1(self.files[path]).hexdigest()}}
        return self.url + path

    def add_file(self, path, content):
        self.files[path] = content
        return self.url + path

    def add_repository(self, name, commits):
        """A bare repository; each commit {files, tag?, branch?}. The URL over http; over file: describe in `folder`."""
        work = os.path.join(self.folder, "work-" + name)
        os.makedirs(work)
        run = lambda *args: subprocess.run([*GIT, *args], cwd=work, check=True, capture_output=True, text=True,
                                           env={**os.environ, **GIT_DATES}).stdout.strip()
        run("init", "-q", ".")
        shas = []
        for number, commit in enumerate(commits):
            if commit.get("branch"):
                run("checkout", "-q", "-B", commit["branch"])
            for path, text in commit["files"].items():
                path = os.path.join(work, path)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)
            run("add", "-A")
            run("commit", "-q", "-m", "change %d" % number)
            if commit.get("tag"):
                run("tag", commit["tag"])
            shas.append(run("rev-parse", "HEAD"))
            if commit.get("branch"):
                run("checkout", "-q", "main")
        bare = os.path.join(self.folder, "git", name + ".git")
        run("clone", "-q", "--bare", work, bare)
        subprocess.run([*GIT, "config", "uploadpack.allowAnySHA1InWant", "true"], cwd=bare, check=True)
        subprocess.run([*GIT, "config", "uploadpack.allowFilter", "true"], cwd=bare, check=True)
        shutil.rmtree(work)
        return "%s/git/%s.git" % (self.url, name), "file://" + bare, shas

    def fault(self, path, status=None, times=1, seconds=0, body=None, cut=None):
        """The next answers to a path: a status, a wait, another body, or only the first `cut` bytes."""
        with self.lock:
            self.faults.append({"path": path, "status": status, "times": times, "seconds": seconds, "body": body, "cut": cut})

    def count(self, path):
        with self.lock:
            return sum(1 for one in self.asked if one.startswith(path))

    def index(self):
        return sorted(self.packages)

    # ---- answering ----

    def answer(self, request, body):
        path = request.path.split("?")[0]
        with self.lock:
            self.asked.append(path)
            fault = next((one for one in self.faults if one["path"] == path and one["times"] > 0), None)
            if fault:
                fault["times"] -= 1
        if fault and fault["seconds"]:
            time.sleep(fault["seconds"])
        if path.startswith("/git/"):
            return self.answer_git(request, path, body)
        status, content, kind = self.find_content(path)
        if fault and fault["status"]:
            status, content = fault["status"], b"broken on purpose"
        if fault and fault["body"] is not None:
            content = fault["body"]
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        if fault and fault["cut"] is not None:
            content, request.close_connection = content[:fault["cut"]], True
        request.end_headers()
        try:
            request.wfile.write(content)
        except OSError:
            pass

    def find_content(self, path):
        if path == "/api/v1/index.json":
            return 200, json.dumps(self.index()).encode(), "application/json"
        name = path[len("/api/v1/"):-len(".json")] if path.startswith("/api/v1/") else ""
        if name in self.packages:
            return 200, json.dumps(self.packages[name]).encode(), "application/json"
        if path in self.files:
            return 200, self.files[path], "application/gzip"
        return 404, b"not here", "text/plain"

    def answer_git(self, request, path, body):
        query = request.path.partition("?")[2]
        env = {**os.environ, "GIT_PROJECT_ROOT": os.path.join(self.folder, "git"), "GIT_HTTP_EXPORT_ALL": "1",
               "PATH_INFO": path[len("/git"):], "QUERY_STRING": query, "REQUEST_METHOD": request.command,
               "CONTENT_TYPE": request.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
               "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
               "GIT_PROTOCOL": request.headers.get("Git-Protocol", "")}
        made = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True).stdout
        head, _, content = made.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        request.send_response(int(headers.pop("Status", "200").split()[0]))
        for key, value in headers.items():
            request.send_header(key, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
