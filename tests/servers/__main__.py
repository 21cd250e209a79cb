"""python3 -m tests.servers NAME [--port N] [--folder F] [--set KEY=VALUE ...]

Starts one server, prints a line of JSON (host, port, credentials, env) once it answers, and stops it on SIGTERM,
SIGINT
or, where standard input is a pipe, when that ends: a server does not outlive who started it. --set gives the arguments of the server's
class: values are JSON if they can be read as such, else text.
"""
import argparse
import json
import os
import signal
import stat
import sys
import threading

from . import SERVERS, Missing


def main():
    parse = argparse.ArgumentParser(prog="tests.servers", description=__doc__,
                                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("name", choices=sorted(SERVERS))
    parse.add_argument("--port", type=int)
    parse.add_argument("--folder", help="kept when the server ends (default: a temporary one)")
    parse.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parse.parse_args()
    arguments = dict(_setting(text) for text in options.set)

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_read_to_end, args=(ended,), daemon=True).start()
    try:
        with SERVERS[options.name](folder=options.folder, port=options.port, **arguments) as server:
            print(json.dumps(server.describe()), flush=True)
            while not ended.wait(3600):
                pass
    except (Missing, RuntimeError, TypeError, OSError) as problem:
        print("tests.servers: %s" % problem, file=sys.stderr)
        return 1
    return 0


def _setting(text):
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _read_to_end(ended):
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    ended.set()


if __name__ == "__main__":
    sys.exit(main())
