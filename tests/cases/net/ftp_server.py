"""A small FTP server (RFC 959, EPSV of RFC 2428) for src/net's tests.

    python3 ftp_server.py FOLDER     prints its port, serves FOLDER to user "etl", password "ftp-password", until its
                                     standard input ends

The first RETR of a name that begins with "cut" breaks off after half of the file.
"""
import os
import socket
import socketserver
import subprocess
import sys
import threading

ROOT = os.path.abspath(sys.argv[1])
was_cut = set()


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def path(self, name):
        return os.path.normpath(ROOT + os.path.join("/", self.here, name))

    def handle(self):
        self.here, self.offset, self.user, self.is_known, self.renamed = "/", 0, "", False, None
        self.say("220 ready")
        for line in self.rfile:
            command, _, name = line.decode().rstrip("\r\n").partition(" ")
            command = command.upper()
            action = getattr(self, "do_" + command.lower(), None)
            if command == "QUIT":
                return self.say("221 bye")
            if not self.is_known and command not in ("USER", "PASS"):
                self.say("530 log in")
            elif action is None:
                self.say("502 unknown")
            elif action(name) is False:
                return None
        return None

    def do_user(self, name):
        self.user = name
        self.say("331 password")

    def do_pass(self, name):
        self.is_known = (self.user, name) == ("etl", "ftp-password")
        self.say("230 welcome" if self.is_known else "530 no")

    def do_pwd(self, name):
        self.say(f'257 "{self.here}"')

    def do_type(self, name):
        self.say("200 ok")

    def do_cwd(self, name):
        if not os.path.isdir(self.path(name)):
            return self.say("550 no such folder")
        self.here = os.path.normpath(os.path.join("/", self.here, name))
        return self.say("250 ok")

    def do_mkd(self, name):
        os.makedirs(self.path(name), exist_ok=True)
        self.say("257 made")

    def do_epsv(self, name):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.say(f"229 passive (|||{self.listener.getsockname()[1]}|)")

    def do_rest(self, name):
        self.offset = int(name)
        self.say("350 ok")

    def do_size(self, name):
        if not os.path.isfile(self.path(name)):
            return self.say("550 no such file")
        return self.say(f"213 {os.path.getsize(self.path(name))}")

    def data(self):
        self.say("150 here it comes")
        with self.listener:
            return self.listener.accept()[0]

    def do_list(self, name):
        out = subprocess.run(["ls", "-la", self.path("")], stdout=subprocess.PIPE,
                             env={**os.environ, "LC_ALL": "C", "TZ": "UTC"}).stdout
        with self.data() as data:
            data.sendall(out.replace(b"\n", b"\r\n"))
        self.say("226 done")

    def do_retr(self, name):
        if not os.path.isfile(self.path(name)):
            return self.say("550 no such file")
        with open(self.path(name), "rb") as file:
            file.seek(self.offset)
            content = file.read()
        self.offset = 0
        is_cut = os.path.basename(name).startswith("cut") and name not in was_cut
        with self.data() as data:
            data.sendall(content[:len(content) // 2] if is_cut else content)
        if is_cut:
            was_cut.add(name)
            return False
        return self.say("226 done")

    def do_stor(self, name):
        with self.data() as data, open(self.path(name), "wb") as file:
            while piece := data.recv(65536):
                file.write(piece)
        self.say("226 done")

    def do_dele(self, name):
        if not os.path.isfile(self.path(name)):
            return self.say("550 no such file")
        os.remove(self.path(name))
        return self.say("250 gone")

    def do_rnfr(self, name):
        self.renamed = self.path(name)
        self.say("350 and now?")

    def do_rnto(self, name):
        os.replace(self.renamed, self.path(name))
        self.say("250 renamed")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


with Server(("127.0.0.1", 0), Session) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
