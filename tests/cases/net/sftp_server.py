"""OpenSSH's SFTP server for src/net's tests, as the user who starts it.

    python3 sftp_server.py FOLDER    puts keys and known_hosts into FOLDER, prints its port (0: sshd is not installed),
                                     serves until its standard input ends

FOLDER then holds: id (a key that may log in), id_protected (the same with the pass phrase "phrase"), known_hosts,
other_hosts (with another key for this host), no_hosts (empty), files/ (where the tests work).
"""
import os
import shutil
import socket
import subprocess
import sys


def main():
    folder = os.path.abspath(sys.argv[1])
    sshd = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not sshd or not shutil.which("ssh-keygen"):
        print(0, flush=True)
        return
    os.makedirs(os.path.join(folder, "files"), exist_ok=True)
    at = {name: os.path.join(folder, name) for name in ("host", "other", "id", "id_protected", "config", "log")}
    for name, phrase in (("host", ""), ("other", ""), ("id", ""), ("id_protected", "phrase")):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", phrase, "-f", at[name]], check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keys = "".join(open(at[name] + ".pub").read() for name in ("id", "id_protected"))
    files = {
        "authorized_keys": keys,
        "known_hosts": f"[127.0.0.1]:{port} {open(at['host'] + '.pub').read()}",
        "other_hosts": f"[127.0.0.1]:{port} {open(at['other'] + '.pub').read()}",
        "no_hosts": "",
        "config": f"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {at['host']}
            AuthorizedKeysFile {folder}/authorized_keys
            PidFile none
            StrictModes no
            UsePAM no
            PermitRootLogin yes
            PasswordAuthentication no
            MaxStartups 100
            Subsystem sftp internal-sftp
        """,
    }
    for name, content in files.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(content)
    if os.getuid() == 0:
        os.makedirs("/run/sshd", exist_ok=True)
    server = subprocess.Popen([sshd, "-D", "-f", at["config"], "-E", at["log"]], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
    print(port, flush=True)
    sys.stdin.read()
    server.terminate()
    server.wait()


main()
