"""An HTTP API with a limit of requests a second and a latency: how much of the limit is used, what a record costs.

The API is tests/servers' own, in a process of its own; 500 records a page, all pages asked for by offset. Peer: a script of
httpx with as many requests in flight and the same limit (peers/httpx_api.py), which writes JSONL and no table.
"""
import json
import os
import statistics
import subprocess
import sys
import urllib.request

from . import common

RATE, LATENCY, PAGE = 40, 0.05, 500
INGEST = """connections:
  api: {type: http, base_url: "%(url)s", rate_limit: %(rate)d/s, concurrency: 8}
ingest:
  - {name: games, connection: api, source: raw.games, endpoint: {path: /offset/games, data_selector: data},
     paginator: {type: offset, limit: %(page)d, total_path: total}, primary_key: id, write_disposition: merge}
"""


class Server:
    """tests/servers' API as a process."""

    def __init__(self, tools, records):
        command = [sys.executable, "-m", "tests.servers", "api", "--set", "games=%d" % records, "--set", "rate=%d" % RATE,
                   "--set", "latency=%g" % LATENCY, "--set", "page_limit=%d" % PAGE]
        self.process = subprocess.Popen(command, cwd=tools.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def ask(self, path, body=None):
        with urllib.request.urlopen(self.url + path, data=body and json.dumps(body).encode()) as answer:
            return json.loads(answer.read())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def watched(server, start, rates, name):
    """Runs a contestant and notes what rate the server saw."""
    server.ask("/_set", {"reset": True})
    sample = start()
    rates.setdefault(name, []).append(server.ask("/_stats"))
    return sample


def measure(tools, options, report):
    requests = 100 if options.quick else 400
    records = requests * PAGE
    python = None if options.quick else common.venv(tools)
    server = Server(tools, records)
    try:
        top = common.project(tools, "api", INGEST % {"url": server.url, "rate": RATE, "page": PAGE})
        rates = {}
        out = os.path.join(top, "httpx.jsonl")
        script = [python, os.path.join(common.PEERS, "httpx_api.py"), server.url, str(RATE), str(PAGE), out]
        contestants = {"weir": lambda: watched(server, lambda: common.weir(tools, options, top, "games"), rates, "weir")}
        if python:
            contestants["httpx"] = lambda: watched(server, lambda: tools.run(script), rates, "httpx")
        tools.rounds(contestants, {name: 1 for name in contestants})    # the server makes its pages at the first asking
        rates.clear()
        samples = tools.rounds(contestants, {name: 1 if options.quick else options.turns for name in contestants})
        found = common.count_rows(tools, os.path.join(top, "warehouse.duckdb"), "warehouse.raw.games")
        common.check_rows(tools, "weir", found, records)
        tell(tools, report, samples, rates, records)
    finally:
        server.close()


def tell(tools, report, samples, rates, records):
    share = {name: statistics.median(100 * said["mean_rate"] / RATE for said in told) for name, told in rates.items()}
    title = "api: %d/s, %d ms" % (RATE, LATENCY * 1000)
    report.add(title + ", share of the allowed rate, httpx", share["weir"], share.get("httpx"), None, ">= 97 %", share["weir"] >= 97, "%")
    beyond = sum(said["violations"] for said in rates["weir"])
    report.add(title + ", requests beyond the limit", beyond, limit="0", passes=beyond == 0, unit="")
    each = {name: records / (tools.median(runs, "cpu_ms") / 1e3) for name, runs in samples.items()}
    report.add("api: JSON records a CPU second, httpx", each["weir"], each.get("httpx"), each["weir"] / each["httpx"] if "httpx" in each else None,
               ">= 50000", each["weir"] >= 50000, "/s")
    peak = tools.median(samples["weir"], "peak_mb")
    report.add("api: memory, httpx", peak, tools.median(samples["httpx"], "peak_mb") if "httpx" in samples else None, None,
               "<= 100 MB", peak <= 100, "MB")
