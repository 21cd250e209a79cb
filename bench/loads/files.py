"""JSONL that lands: an answer of some hundred MB from nginx into bronze (each record split off, its shape noted, written),
then bronze into a table. Peers: `cp` of the file; DuckDB's read_json into a table.
"""
import json
import os
import random

from servers import Cdn

from . import common

INGEST = """connections:
  web: {type: http, base_url: "%(url)s"}
  here: {type: file, path: "%(folder)s"}
ingest:
  - {name: land, connection: web, source: raw.landed, endpoint: {path: /rows.jsonl, format: jsonl}, load: false,
     raw: "lake/rows-{{ batch }}.jsonl", write_disposition: replace}
  - {name: table, connection: here, source: raw.loaded, path: rows.jsonl, write_disposition: replace}
"""
READ_JSON = "create or replace table loaded as from read_json('%s', format = 'newline_delimited')"


def make_file(path, megabytes):
    """Records of mixed types, nested ones too; the same at every call."""
    pick = random.Random(1)
    rows = []
    for number in range(20000):
        rows.append(json.dumps({
            "id": number, "name": "game %d %s" % (number, "x" * (number % 40)), "rating": pick.random() * 100, "is_free": number % 3 == 0,
            "released": "2024-%02d-%02d" % (number % 12 + 1, number % 28 + 1), "updated_at": "2025-01-01T00:%02d:%02dZ" % (number // 60 % 60, number % 60),
            "platforms": [pick.randrange(200) for _ in range(number % 5)], "company": {"id": number % 900, "country": "KR", "public": None},
            "summary": "주문 🎮 \"quoted\"\n" + "lorem ipsum " * (number % 9)}, ensure_ascii=number % 2 == 0))
    block = ("\n".join(rows) + "\n").encode()
    with open(path, "wb") as file:
        for _ in range(max(1, megabytes * 1000000 // len(block))):
            file.write(block)
    return os.path.getsize(path) / 1e6, max(1, megabytes * 1000000 // len(block)) * len(rows)


def measure(tools, options, report):
    root = common.folder(tools, "files")
    path = os.path.join(root, "rows.jsonl")
    size_mb, rows = make_file(path, 60 if options.quick else 600)
    web = common.start(Cdn, root=root)
    if not web:
        report.skip("files", "nginx is not installed (tools/setup --bench)")
        return
    try:
        top = common.project(tools, "landing", INGEST % {"url": web.describe()["url"], "folder": root})
        library = tools.duckdb_library()
        statements = common.write(os.path.join(root, "read.sql"), READ_JSON % path)
        count = 1 if options.quick else 3

        def scan():
            return tools.run(["python3", os.path.join(common.PEERS, "scanner.py"), library, root, os.path.join(root, "scan.duckdb"), statements])

        landed = tools.rounds({"weir": lambda: common.weir(tools, options, top, "land"),
                               "cp": lambda: tools.run(["cp", path, os.path.join(root, "copy")])}, {"weir": count, "cp": count})
        check(tools, top, rows)
        speed = {name: size_mb / (tools.median(runs, "cpu_ms") / 1e3) for name, runs in landed.items()}
        report.add("files: %d MB of JSONL by HTTP to bronze, MB a CPU second, cp" % size_mb, speed["weir"], speed["cp"], None, ">= 300 MB",
                   speed["weir"] >= 300, "MB/s")
        report.add("files: the same, memory", tools.median(landed["weir"], "peak_mb"), unit="MB")
        loaded = tools.rounds({"weir": lambda: common.weir(tools, options, top, "table"), "read_json": scan},
                              {"weir": count, "read_json": count})
        found = common.count_rows(tools, os.path.join(top, "warehouse.duckdb"), "warehouse.raw.loaded")
        common.check_rows(tools, "weir", found, rows)
        common.add_peers(tools, report, "files: %d MB of JSONL, bronze and table" % size_mb, loaded, {})
    finally:
        web.close()


def check(tools, top, rows):
    """Line for line; records lose the blanks between their parts."""
    folder, lines = os.path.join(top, "lake"), 0
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            lines += sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
    common.check_rows(tools, "weir, landing", lines, rows)
