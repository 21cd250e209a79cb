"""A small FTP server of our own for one folder: passive mode, with AUTH TLS if the machine has openssl.

    USER PASS PWD CWD CDUP TYPE MODE STRU SYST FEAT OPTS NOOP QUIT EPSV PASV SIZE MDTM LIST NLST MLSD RETR REST STOR
    RNFR RNTO DELE MKD RMD AUTH PBSZ PROT

Names are those below `root`, which the client sees as /. `cut_after` (bytes) ends a data connection early, once.
"""
import os
import posixpath
import shutil
import socket
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time

from .process import free_port


class Ftp:
    name = "ftp"

    def __init__(self, folder=None, port=None, user="weir", password="weir-password"):
        self.host, self.port = "127.0.0.1", port or free_port()
        self.is_temporary = folder is None
        self.folder = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="weir-ftp-")
        self.root = os.path.join(self.folder, "files")
        self.user, self.password = user, password
        self.tls, self.cut_after = None, None
        self.commands = []                      # what was asked, without passwords

    def describe(self):
        return {"name": self.name, "host": self.host, "port": self.port, "user": self.user, "password": self.password,
                "root": self.root, "url": "ftp://%s:%d" % (self.host, self.port), "has_tls": self.tls is not None,
                "ca_file": os.path.join(self.folder, "cert.pem"), "env": {}}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def start(self):
        os.makedirs(self.root, exist_ok=True)
        self._make_certificate()
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer((self.host, self.port), _Session)
        self._server.daemon_threads, self._server.ftp = True, self
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def close(self):
        self.stop()
        if self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _make_certificate(self):
        key, certificate = (os.path.join(self.folder, name) for name in ("key.pem", "cert.pem"))
        if shutil.which("openssl") and not os.path.exists(certificate):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=localhost", "-addext",
                            "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate], check=True,
                           capture_output=True)
        if os.path.exists(certificate):
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate, key)


class _Session(socketserver.StreamRequestHandler):
    def setup(self):
        super().setup()
        self.ftp = self.server.ftp
        self.at, self.asked_user, self.is_in = "/", "", False
        self.passive, self.from_byte, self.rename, self.protects = None, 0, None, False

    def say(self, text):
        self.wfile.write((text + "\r\n").encode())

    def handle(self):
        try:
            self.say("220 ready")
            for line in iter(lambda: self.rfile.readline(), b""):     # which AUTH replaces
                word, _, rest = line.decode("utf-8", "surrogateescape").rstrip("\r\n").partition(" ")
                word = word.upper()
                self.ftp.commands.append(word if word == "PASS" else ("%s %s" % (word, rest)).strip())
                if word == "QUIT":
                    return self.say("221 bye")
                self.obey(word, rest)
        except (OSError, ValueError):
            pass
        finally:
            if self.passive:
                self.passive.close()

    def obey(self, word, rest):
        answer = getattr(self, "do_" + word.lower(), None)
        if not answer:
            self.say("502 no such command")
        elif not self.is_in and word not in ("USER", "PASS", "AUTH", "PBSZ", "PROT", "FEAT", "SYST", "NOOP", "OPTS"):
            self.say("530 log in first")
        else:
            try:
                answer(rest)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as problem:
                self.say("550 %s" % problem.strerror)

    def path(self, name):
        """The file that a name means; names cannot leave the root."""
        return self.ftp.root + posixpath.normpath(posixpath.join("/", self.at, name))

    # ---- who and how ----

    def do_user(self, rest):
        self.asked_user = rest
        self.say("331 password?")

    def do_pass(self, rest):
        self.is_in = (self.asked_user, rest) == (self.ftp.user, self.ftp.password)
        self.say("230 welcome" if self.is_in else "530 login incorrect")

    def do_auth(self, rest):
        if rest.upper() not in ("TLS", "SSL") or not self.ftp.tls:
            return self.say("504 no TLS here")
        self.say("234 go on")
        self.connection = self.request = self.ftp.tls.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def do_prot(self, rest):
        self.protects = rest.upper() == "P"
        self.say("200 ok")

    def _ok(self, rest):
        self.say("200 ok")

    do_pbsz = do_noop = do_opts = do_type = do_mode = do_stru = _ok

    def do_syst(self, rest):
        self.say("215 UNIX Type: L8")

    def do_feat(self, rest):
        self.say("211-\r\n SIZE\r\n MDTM\r\n MLSD\r\n REST STREAM\r\n UTF8\r\n EPSV%s\r\n211 end" % ("\r\n AUTH TLS" if self.ftp.tls else ""))

    # ---- folders ----

    def do_pwd(self, rest):
        self.say('257 "%s"' % self.at.replace('"', '""'))

    def do_cwd(self, rest):
        if not os.path.isdir(self.path(rest)):
            return self.say("550 no such folder")
        self.at = posixpath.normpath(posixpath.join("/", self.at, rest))
        self.say("250 ok")

    def do_cdup(self, rest):
        self.do_cwd("..")

    def do_mkd(self, rest):
        os.makedirs(self.path(rest), exist_ok=True)
        self.say("257 made")

    def do_rmd(self, rest):
        os.rmdir(self.path(rest))
        self.say("250 ok")

    def do_dele(self, rest):
        os.remove(self.path(rest))
        self.say("250 ok")

    def do_rnfr(self, rest):
        os.stat(self.path(rest))
        self.rename = self.path(rest)
        self.say("350 to what?")

    def do_rnto(self, rest):
        os.replace(self.rename, self.path(rest))
        self.say("250 ok")

    def do_size(self, rest):
        if not os.path.isfile(self.path(rest)):
            return self.say("550 no such file")
        self.say("213 %d" % os.path.getsize(self.path(rest)))

    def do_mdtm(self, rest):
        self.say("213 " + _stamp(os.path.getmtime(self.path(rest))))

    # ---- data ----

    def do_epsv(self, rest):
        self._listen()
        self.say("229 Extended (|||%d|)" % self.passive.getsockname()[1])

    def do_pasv(self, rest):
        self._listen()
        port = self.passive.getsockname()[1]
        self.say("227 Passive (127,0,0,1,%d,%d)" % (port >> 8, port & 255))

    def _listen(self):
        if self.passive:
            self.passive.close()
        self.passive = socket.create_server((self.ftp.host, 0))
        self.passive.settimeout(20)

    def _open(self):
        if not self.passive:
            raise ValueError("no data connection was asked for")
        self.say("150 here it comes")
        data, _ = self.passive.accept()
        self.passive.close()
        self.passive = None
        return self.ftp.tls.wrap_socket(data, server_side=True) if self.protects else data

    def _send(self, pieces):
        data, left = self._open(), self.ftp.cut_after
        for piece in pieces:
            data.sendall(piece if left is None else piece[:left])
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    self.ftp.cut_after = None
                    data.close()
                    return self.say("426 connection closed")
        self._end(data)

    def _end(self, data):
        if self.protects:
            try:
                data = data.unwrap()
            except OSError:                     # the client did not wait for our farewell
                pass
        data.close()
        self.say("226 done")

    def _entries(self, rest):
        folder = self.path("" if rest.startswith("-") else rest)
        return [(name, os.stat(os.path.join(folder, name)), os.path.isdir(os.path.join(folder, name)))
                for name in sorted(os.listdir(folder))]

    def do_list(self, rest):
        def line(name, about, is_folder):
            when = time.strftime("%b %d %H:%M" if time.time() - about.st_mtime < 15_000_000 else "%b %d  %Y", time.gmtime(about.st_mtime))
            return "%s 1 weir weir %d %s %s\r\n" % ("drwxr-xr-x" if is_folder else "-rw-r--r--", about.st_size, when, name)
        self._send([line(*entry).encode() for entry in self._entries(rest)])

    def do_mlsd(self, rest):
        self._send([("type=%s;size=%d;modify=%s; %s\r\n" % ("dir" if is_folder else "file", about.st_size, _stamp(about.st_mtime), name))
                    .encode() for name, about, is_folder in self._entries(rest)])

    def do_nlst(self, rest):
        self._send([(name + "\r\n").encode() for name, _, _ in self._entries(rest)])

    def do_rest(self, rest):
        self.from_byte = int(rest)
        self.say("350 from there")

    def do_retr(self, rest):
        begin, self.from_byte = self.from_byte, 0
        with open(self.path(rest), "rb") as file:
            file.seek(begin)
            self._send(iter(lambda: file.read(65536), b""))

    def do_stor(self, rest):
        begin, self.from_byte = self.from_byte, 0
        with open(self.path(rest), "r+b" if begin else "wb") as file:
            file.seek(begin)
            data = self._open()
            for piece in iter(lambda: data.recv(65536), b""):
                file.write(piece)
        self._end(data)


def _stamp(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))
