"""What all servers share: a folder, a port, a child process that ends with us, waiting until it answers.

A server is a context manager: started on entering, stopped and its folder removed on leaving. In between stop() and
start() play an outage on the same port with the same data, kill() a crash. A folder that was given is kept: the next
server with it goes on with its data.
"""
import concurrent.futures
import ctypes
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

START_SECONDS = 60
_libc = ctypes.CDLL(None, use_errno=True)
_SET_PARENT_DEATH_SIGNAL = 1
# The kernel ends a child when the *thread* that started it ends: hence one that lives as long as the program.
_starter = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="server-starter")


class Missing(Exception):
    """The server's program is not on this machine: a test says skip, not fail."""


def program(name, *places):
    """The path of a program in PATH or one of the folders."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join([*places, "/usr/sbin", "/usr/local/sbin"]))
    if not found:
        raise Missing("%s is not installed (tools/setup --servers)" % name)
    return found


def free_port():
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_account(name):
    try:
        pwd.getpwnam(name)
        return True
    except KeyError:
        return False


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


class Server:
    """One foreign server program. Subclasses say command(), prepare() and is_ready()."""
    name = "server"
    user = None                     # the account to run as when we are root, or None: as we are
    stop_signal = signal.SIGTERM
    needs = ()                      # programs

    @classmethod
    def find(cls):
        """Fails with Missing if the machine lacks something."""
        for name in cls.needs:
            program(name)

    def __init__(self, folder=None, port=None):
        self.host, self.port = "127.0.0.1", port or free_port()
        self.is_temporary = folder is None
        self.folder = os.path.abspath(folder) if folder else tempfile.mkdtemp(prefix="weir-%s-" % self.name)
        self.process = None

    # ---- what a server says of itself ----

    def prepare(self):
        """Makes what the first start needs; called before each start."""

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        return listens(self.port)

    def after_start(self):
        """Called each time it has begun to answer."""

    def describe(self):
        """What the command prints: where it is and how to log in; `env` is for the environment of weir."""
        return {"name": self.name, "host": self.host, "port": self.port, "folder": self.folder, "env": {}}

    # ---- life ----

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        if self.account():
            os.chmod(self.folder, 0o755)                    # mkdtemp's 0700 would keep the account out
        self.prepare()
        log = open(self.log_path(), "ab")
        self.process = self.spawn(self.command(), stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("%s does not start:\n%s" % (self.name, self.log()[-3000:]))
            time.sleep(0.03)
        self.after_start()
        return self

    def stop(self, wait_seconds=30):
        """An orderly end; connections that are open break. No error if it does not run."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(wait_seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self):
        """A crash: no chance to tidy up."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        return self.start()

    def pause(self):
        """Hangs: connections stand, nothing is answered, until resume()."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def close(self):
        """Stops it and removes the folder if it was ours."""
        self.stop()
        if self.is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- helpers ----

    def log_path(self):
        return os.path.join(self.folder, "server.log")

    def log(self):
        try:
            with open(self.log_path(), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def account(self):
        """The account's entry if we must change to it, else None."""
        if self.user is None or os.getuid() != 0:
            return None
        if not has_account(self.user):
            raise Missing("there is no account %s (tools/setup --servers)" % self.user)
        return pwd.getpwnam(self.user)

    def owned_folder(self, *names):
        """A folder below ours which the account owns."""
        path = self.path(*names)
        os.makedirs(path, mode=0o700, exist_ok=True)
        account = self.account()
        if account:
            os.chown(path, account.pw_uid, account.pw_gid)
        return path

    def spawn(self, command, **more):
        """Starts a program that the kernel ends with this one, whichever way this one ends."""
        account, end = self.account(), int(self.stop_signal)

        def in_child():
            _libc.prctl(_SET_PARENT_DEATH_SIGNAL, end)

        if account:
            more.update(user=account.pw_uid, group=account.pw_gid, extra_groups=[])
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("env", dict(os.environ, LC_ALL="C.UTF-8", HOME=account.pw_dir if account else
                                    os.environ.get("HOME", "/")))
        return _starter.submit(subprocess.Popen, command, cwd="/", preexec_fn=in_child, start_new_session=True,
                               **more).result()

    def run(self, command, **more):
        """Runs a helper program of the server to its end, as its account; fails with what it said."""
        process = self.spawn(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
        said = process.communicate()[0].decode("utf-8", "replace")
        if process.returncode != 0:
            raise RuntimeError("%s: exit %d\n%s" % (command[0], process.returncode, said[-3000:]))
        return said


def ask(command, text=None, env=None, what="command"):
    """Runs a client; gives its output. RuntimeError with its message when it fails."""
    done = subprocess.run(command, input=text.encode() if isinstance(text, str) else text, capture_output=True,
                          check=False, env=dict(os.environ, LC_ALL="C.UTF-8", **(env or {})))
    if done.returncode != 0:
        raise RuntimeError("%s: exit %d: %s" % (what, done.returncode, done.stderr.decode("utf-8", "replace").strip()[-3000:]))
    return done.stdout.decode("utf-8", "replace")


def who_am_i():
    return getpass.getuser()
