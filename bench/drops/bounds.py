"""What must not grow: memory with the input, work with the number of archives, memory with the number of columns."""
import json
import os
import shutil
import subprocess
import sys

from . import common

ARCHIVE_BYTES = 50_000_000          # of CSV, in each archive that is served again and again
WIDE_ROWS = 2500                    # of each archive of the wide table


class Served:
    """A replay server in a process of its own."""

    def __init__(self, tools, folder, count):
        self.child = subprocess.Popen([sys.executable, "-m", "tests.servers", "replay", "--folder", folder, "--set", "count=%d" % count],
                                      cwd=tools.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.about = json.loads(self.child.stdout.readline())

    def __enter__(self):
        return self.about

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()


def _one(tools, options, report, title, base, count, tables, memory, limit_mb, told, csv_bytes):
    """One drop of `count` archives, served from those of `base`; a fresh project."""
    archives = told["archives"]
    times = [count // len(archives) + (n < count % len(archives)) for n in range(len(archives))]
    rows = {table: sum(times[n] * entry["rows"] for n, archive in enumerate(archives) for entry in archive["files"] if entry["table"] == table)
            for table in tables}
    total = sum(times[n] * entry["bytes"] for n, archive in enumerate(archives) for entry in archive["files"])
    top = common.folder(tools, "served")
    with Served(tools, os.path.join(base, "in", common.COMPACT), count) as about:
        common.project(top, tables, {"inbox": {"type": "http", "base_url": about["url"]}}, "{{ process_date | replace('-', '') }}/*.tar.gz",
                       connection="inbox", memory_limit=memory)
        sample = common.weir(tools, options, top)
    common.check(tools, title, common.lake(top, tables), rows)
    report.add(title + ": %.1f GB of CSV, memory" % (total / 1e9), sample.peak_mb, limit="<= %d MB" % limit_mb, passes=sample.peak_mb <= limit_mb, unit="MB")
    report.add(title + ": %.1f GB, MB a CPU second" % (total / 1e9), total / 1e6 / (sample.cpu_ms / 1e3), unit="MB/s")
    report.add(title + ": %.1f GB, wall" % (total / 1e9), sample.wall_ms / 1e3, unit="s")
    shutil.rmtree(top, ignore_errors=True)


def measure_memory(tools, options, report):
    """--sizes 1G,10G,100G: as it streams, nothing but the result lies on the disk."""
    base = common.folder(tools, "served-base")
    each = 5_000_000 if options.quick else ARCHIVE_BYTES
    told, total = common.generate(tools, options, base, "--size", str(8 * each), "--archives", "8", "--drift", "columns")
    for size in (options.sizes or ("50M" if options.quick else "1G,10G")).split(","):
        count = max(1, round(common.size_of(size) / (total / 8)))
        _one(tools, options, report, "drops, memory", base, count, common.TABLES, "256MB", 256, told, total)


def measure_small(tools, options, report):
    """The same rows in 20,000 archives and in 20: what an archive costs by itself."""
    count = 1000 if options.quick else 20000
    samples = {}
    for archives in (count, 20):
        top = common.folder(tools, "small-%d" % archives)
        told, _ = common.generate(tools, options, top, "--rows", str(4 * count), "--archives", str(archives))
        common.project(top)
        samples[archives] = common.weir(tools, options, top)
        common.check(tools, "drops, small", common.lake(top), told["rows"])
        shutil.rmtree(top, ignore_errors=True)
    for what, word in (("cpu_ms", "CPU"), ("wall_ms", "wall")):
        each = (getattr(samples[count], what) - getattr(samples[20], what)) / count
        report.add("drops: %d archives of four files, %s each" % (count, word), each, limit="< 1 ms", passes=each < 1)
    report.add("drops: %d archives, memory" % count, samples[count].peak_mb, limit="<= 256 MB", passes=samples[count].peak_mb <= 256, unit="MB")


def measure_wide(tools, options, report):
    """2,000 columns, a million rows (--rows), within 512 MB."""
    rows = options.rows or (5000 if options.quick else 1_000_000)
    base = common.folder(tools, "wide-base")
    made = min(8, max(1, rows // WIDE_ROWS))
    told, total = common.generate(tools, options, base, "--rows", str(made * WIDE_ROWS), "--archives", str(made), "--columns", "2000", tables=("wide",))
    _one(tools, options, report, "drops, 2,000 columns x %d rows" % rows, base, max(1, rows // WIDE_ROWS), ("wide",), "512MB", 512, told, total)
