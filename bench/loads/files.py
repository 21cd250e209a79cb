"""JSONL that lands: some hundred MB from nginx into bronze (each record split off, its shape noted, written), as pages of
2 MB and as one answer; then bronze into a table. Peers: `cp` of the file; DuckDB's read_json into a table.
"""
import json
import os
import random
import subprocess
import sys

from servers import Cdn

from . import common

PAGE_BYTES = 2000000

INGEST = """connections:
  web: {type: http, base_url: "%(url)s"}
  here: {type: file, path: "%(folder)s"}
ingest:
  - {name: pages, connection: web, source: raw.landed, endpoint: {path: "/page-{{ page.number }}.jsonl", format: jsonl},
     paginator: {type: page_number, base_page: 1, maximum_page: %(pages)d}, load: false,
     raw: "lake/rows-{{ batch }}.jsonl", write_disposition: replace}
  - {name: one, connection: web, source: raw.one, endpoint: {path: /rows.jsonl, format: jsonl}, load: false,
     raw: "lake/rows-{{ batch }}.jsonl", write_disposition: replace}
  - {name: table, connection: here, source: raw.loaded, path: rows.jsonl, write_disposition: replace}
"""
READ_JSON = "create or replace table loaded as from read_json('%s', format = 'newline_delimited')"


def make_file(path, megabytes):
    """Records of mixed types, nested ones too, the same at every call; whole and as pages. Gives lines and pages."""
    pick = random.Random(1)
    rows = []
    for number in range(20000):
        rows.append(json.dumps({
            "id": number, "name": "game %d %s" % (number, "x" * (number % 40)), "rating": pick.random() * 100, "is_free": number % 3 == 0,
            "released": "2024-%02d-%02d" % (number % 12 + 1, number % 28 + 1), "updated_at": "2025-01-01T00:%02d:%02dZ" % (number // 60 % 60, number % 60),
            "platforms": [pick.randrange(200) for _ in range(number % 5)], "company": {"id": number % 900, "country": "KR", "public": None},
            "summary": "주문 🎮 \"quoted\"\n" + "lorem ipsum " * (number % 9)}, ensure_ascii=number % 2 == 0))
    block = [(row + "\n").encode() for row in rows]
    times = max(1, megabytes * 1000000 // sum(map(len, block)))
    pages, page, size = 0, [], 0
    with open(path, "wb") as file:
        for number, row in enumerate(row for _ in range(times) for row in block):
            page.append(row)
            size += len(row)
            if size > PAGE_BYTES or number == times * len(block) - 1:
                pages += 1
                file.writelines(page)
                with open(os.path.join(os.path.dirname(path), "page-%d.jsonl" % pages), "wb") as part:
                    part.writelines(page)
                page, size = [], 0
    return times * len(block), pages


def measure(tools, options, report):
    root = common.folder(tools, "files")
    path = os.path.join(root, "rows.jsonl")
    # a process of its own: what this one had in memory would count as its children's peak
    said = subprocess.run([sys.executable, "-c", "import sys; sys.path[:0] = %r; from loads import files; print(*files.make_file(%r, %d))" %
                           ([os.path.dirname(os.path.dirname(os.path.abspath(__file__)))], path, 60 if options.quick else 600)],
                          check=True, capture_output=True, text=True).stdout
    rows, pages = map(int, said.split())
    size_mb = os.path.getsize(path) / 1e6
    web = common.start(Cdn, root=root)
    if not web:
        report.skip("files", "nginx is not installed (tools/setup --bench)")
        return
    try:
        top = common.project(tools, "landing", INGEST % {"url": web.describe()["url"], "folder": root, "pages": pages + 1})    # maximum_page is the first that is not asked for
        library = tools.duckdb_library()
        statements = common.write(os.path.join(root, "read.sql"), READ_JSON % path)
        count = 1 if options.quick else options.turns

        def scan():
            return tools.run(["python3", os.path.join(common.PEERS, "scanner.py"), library, root, os.path.join(root, "scan.duckdb"), statements])

        for resource, words in (("pages", "%d pages" % pages), ("one", "one answer")):
            landed = tools.rounds({"weir": lambda r=resource: common.weir(tools, options, top, r),
                                   "cp": lambda: tools.run(["cp", path, os.path.join(root, "copy")])}, {"weir": count, "cp": count})
            check(tools, top, rows)
            speed = {name: size_mb / (tools.median(runs, "cpu_ms") / 1e3) for name, runs in landed.items()}
            report.add("files: %d MB of JSONL by HTTP to bronze, %s, MB a CPU second, cp" % (size_mb, words), speed["weir"], speed["cp"], None,
                       ">= 300", speed["weir"] >= 300, "MB/s")
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
