"""OpenSSH's SFTP server with keys of its own; you log in as the account that runs the tests, by key only.

Paths are the machine's: sftp://127.0.0.1:PORT/<describe()["root"]>/...
"""
import os
import signal

from .process import Server, ask, program, who_am_i


class Sftp(Server):
    name = "sftp"
    needs = ("sshd", "ssh-keygen")

    def prepare(self):
        os.makedirs(self.path("files"), exist_ok=True)
        if os.getuid() == 0:
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)         # sshd insists
        for name, kind in (("host_ed25519", "ed25519"), ("host_rsa", "rsa"), ("host_ecdsa", "ecdsa"),
                           ("user_key", "rsa"), ("user_key_ed25519", "ed25519"), ("stranger_key", "rsa")):
            if not os.path.exists(self.path(name)):
                ask([program("ssh-keygen"), "-q", "-t", kind, *(["-b", "2048", "-m", "PEM"] if kind == "rsa" else []), "-N", "",
                     "-C", name, "-f", self.path(name)], what="ssh-keygen")
        self._write("authorized", "".join(self._read(name + ".pub") for name in ("user_key", "user_key_ed25519")))
        self._write("known_hosts", "".join("[%s]:%d %s\n" % (self.host, self.port, " ".join(self._read(name + ".pub").split()[:2]))
                                           for name in ("host_ed25519", "host_rsa", "host_ecdsa")))
        self._write("known_hosts_wrong", "[%s]:%d %s\n" % (self.host, self.port, " ".join(self._read("stranger_key.pub").split()[:2])))
        self._write("sshd_config", "\n".join([
            "ListenAddress %s" % self.host, "Port %d" % self.port, "PidFile %s" % self.path("pid"),
            *("HostKey %s" % self.path(name) for name in ("host_ed25519", "host_rsa", "host_ecdsa")),
            "AuthorizedKeysFile %s" % self.path("authorized"), "StrictModes no", "UsePAM %s" % ("yes" if _is_locked() else "no"),
            "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin yes", "UseDNS no",
            "HostKeyAlgorithms +ssh-rsa", "PubkeyAcceptedAlgorithms +ssh-rsa", "MaxStartups 100", "MaxSessions 100",
            "PrintMotd no", "LogLevel VERBOSE", "Subsystem sftp internal-sftp", "ForceCommand internal-sftp", ""]))

    def command(self):
        return [program("sshd"), "-D", "-e", "-f", self.path("sshd_config")]

    def stop(self, wait_seconds=30):
        """The listener and the sessions that it has begun."""
        sessions = _children(self.process.pid) if self.process and self.process.poll() is None else []
        super().stop(wait_seconds)
        for pid in sessions:
            try:
                os.kill(pid, signal.SIGTERM)
            except OSError:
                pass

    def describe(self):
        return {**super().describe(), "user": who_am_i(), "key_file": self.path("user_key"),
                "key_file_ed25519": self.path("user_key_ed25519"), "stranger_key_file": self.path("stranger_key"),
                "known_hosts": self.path("known_hosts"), "known_hosts_wrong": self.path("known_hosts_wrong"),
                "root": self.path("files"), "url": "sftp://%s:%d%s" % (self.host, self.port, self.path("files")), "env": {}}

    def _read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def _write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)


def _is_locked():
    """A password that begins with ! keeps an account out unless PAM is asked."""
    try:
        with open("/etc/shadow", encoding="utf-8") as file:
            return any(line.startswith(who_am_i() + ":!") for line in file)
    except OSError:
        return False


def _children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            direct = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return [one for child in direct for one in [child, *_children(child)]]
