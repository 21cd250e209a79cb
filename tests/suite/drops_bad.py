"""Partner drops: what is broken gets its verdict and loads nothing, or all but the broken record; the rest loads row for row."""
import io
import json
import os
import tarfile

from .drops_world import DATE, World, settings
from .ingest_api import require

# What must stand in the verdict of an archive that is refused; of one that loads, in its warning (None: none is needed).
REFUSED = {
    "truncated": ("gzip", "truncated", "end", "middle"),
    "corrupt": ("corrupt", "checksum", "gzip", "damaged"),
    "not_tar": ("archive", "tar"),
    "garbage": ("archive", "tar"),
    "void": ("archive", "empty", "tar"),
    "path": ("outside",),
    "link": ("link",),
    "bomb": ("bomb", "limits.ratio"),
    "quote": ("quote that does not close",),
}
RECORDS = {
    "behind": ("quote",),
    "latin1": ("UTF-8",),
    "nul": ("NUL",),
    "short": ("too few fields",),
    "long": ("too many fields",),
}
FINE = ("empty", "header", "hollow", "surplus", "nested")
TOLD = {"surplus": ("README.txt",), "nested": ("more.tar.gz",)}


def spec(**more):
    return settings(tables=["orders", "customers"], quarantine="bad", **more)


ARGS = ("--tables", "orders,customers")


def markers(made, date=DATE):
    """What the groups of a day say: all archives' rows, and verdicts."""
    archives, verdicts, tables = {}, [], {}
    top = made.path(".weir", "drops", "partner_a", date, "groups")
    for name in sorted(os.listdir(top)):
        with open(os.path.join(top, name), encoding="utf-8") as file:
            marker = json.load(file)
        archives.update({os.path.basename(row["name"]): row for row in marker["archives"]})
        verdicts += marker["verdicts"]
        for table, row in marker["tables"].items():
            tables.setdefault(table, []).append(row)
    return archives, verdicts, tables


def _has(text, words):
    return any(word.lower() in text.lower() for word in words)


def _refused(defect):
    def check(options):
        with World(options, spec(limits={"ratio": 100})) as made:
            made.drop.generate(*ARGS, "--bad", defect + "@3", archives=6)
            out, err = made.ingest()
            for table in ("orders", "customers"):
                made.same(table, what=defect)
            archives, _, _ = markers(made)
            name = os.path.basename(made.drop.archive(3))
            require(archives[name]["status"] == "bad" and _has(archives[name]["reason"], REFUSED[defect]), "the verdict", archives[name])
            require(name in out + err, "the archive is named on the console", out + err)
            require(any(name in path for path in made.files("bad")), "a copy in quarantine", made.files("bad"))
            reason = [path for path in made.files("bad") if name in path and path.endswith(".txt")]
            with open(made.path(reason[0]), encoding="utf-8") as file:
                require(_has(file.read(), REFUSED[defect]), "the reason beside it")
            require(sum(row["status"] == "bad" for row in archives.values()) == 1, "others are fine", archives)
    return check


def _record(defect):
    def check(options):
        with World(options, spec()) as made:
            made.drop.generate(*ARGS, "--bad", defect + "@3", archives=6)
            out, err = made.ingest()
            for table in ("orders", "customers"):
                made.same(table, what=defect)
            _, _, tables = markers(made)
            for table in ("orders", "customers"):
                require(sum(row["rows_bad"] for row in tables[table]) == 1, "one record of %s is left out" % table, tables[table])
                bad = [entry for row in tables[table] for entry in row["bad"]]
                require(len(bad) == 1 and _has(bad[0]["reason"], RECORDS[defect]) and "00003" in bad[0]["first"], "its verdict", bad)
            found = made.types_of("orders")
            require(defect in ("latin1", "nul") or [found[name] for name in ("order_id", "quantity", "sku")] == ["BIGINT"] * 3, "it has a say about types", found)
    return check


def _fine(defect):
    def check(options):
        with World(options, spec()) as made:
            made.drop.generate(*ARGS, "--bad", defect + "@3", archives=6)
            out, err = made.ingest()
            for table in ("orders", "customers"):
                made.same(table, what=defect)
            archives, verdicts, _ = markers(made)
            require(all(row["status"] == "ok" for row in archives.values()), "verdicts", archives)
            if defect in TOLD:
                require(any(_has(json.dumps(verdict), TOLD[defect]) for verdict in verdicts), "it is told", verdicts)
    return check


def copied_archive(options):
    """The same bytes under another name: the rows count once, and the summary says how many came twice."""
    with World(options, spec()) as made:
        made.drop.generate(*ARGS, "--bad", "copy@3", archives=6)
        made.ingest()
        for table in ("orders", "customers"):
            made.same(table)
            row = next(row for row in made.summary()["tables"] if row["table"] == table)
            require(row["rows_in"] - row["rows_out"] == row["replaced_rows"] > 0, "the summary", row)


def everything_at_once(options):
    """Every defect at once, amid drift of all kinds: the good rows are there, each bad archive has its verdict."""
    names = [*REFUSED, *RECORDS, *FINE, "copy"]
    bad = ",".join("%s@%d" % (name, 2 * i + 1) for i, name in enumerate(names))
    with World(options, settings(quarantine="bad", limits={"ratio": 100})) as made:
        made.drop.generate("--drift", "all", "--bad", bad, rows=8000, archives=2 * len(names) + 3)
        out, err = made.ingest()
        rows = made.all_same()
        told = made.drop.told()
        require(rows == told["rows"], "rows", (rows, told["rows"]))
        archives, _, _ = markers(made)
        found = {name: row["status"] == "ok" for name, row in archives.items()}
        wanted = {row["name"]: row["loads"] or row["defect"] == "copy" for row in told["archives"]}
        require(found == wanted, "verdicts", [name for name in wanted if found.get(name) != wanted[name]])
        before = made.digests()
        made.ingest()
        require(made.digests() == before, "the second run changed files")
        require(made.summary()["verdict"] == "warn", "the day's verdict", json.dumps(made.summary())[:1500])


def shares_of_bad(options):
    """Defects at rates, in many small archives."""
    rates = ",".join("%s=0.02" % name for name in ("truncated", "corrupt", "not_tar", "path", "link", "quote", "short", "surplus", "empty", "hollow"))
    with World(options, settings()) as made:
        made.drop.generate("--drift", "columns,dialect", "--bad", rates, rows=6000, archives=300)
        made.ingest()
        require(made.all_same() == made.drop.told()["rows"], "rows")
        require(any(not row["loads"] for row in made.drop.told()["archives"]), "there were bad ones")


def _limit(name, limits, words):
    """One archive beyond a limit that the others keep."""
    def check(options):
        with World(options, spec(limits=limits)) as made:
            made.drop.generate(*ARGS, archives=5)
            path = made.drop.archive(2)
            _spoil(path, name)
            made.ingest()
            for table in ("orders", "customers"):
                made.same(table, where="not contains(_archive, '_00002.')", what=name)
            archives, _, _ = markers(made)
            row = archives[os.path.basename(path)]
            require(row["status"] == "bad" and _has(row["reason"], words), "the verdict", row)
    check.__name__ = "limit_" + name
    return check


def _spoil(path, name):
    """Rewrites an archive so that it breaks the limit."""
    with tarfile.open(path) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    orders = next(member for member in members if member.startswith("orders"))
    if name == "members":
        members.update({"more%d.txt" % n: b"x" for n in range(40)})
    elif name == "record":
        lines = members[orders].split(b"\n")
        members[orders] = b"\n".join([*lines[:3], b'1,"' + b"long " * 300000 + b'"', *lines[3:]])
    else:
        members[orders] += members[orders].split(b"\n", 1)[1] * 40
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, content in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    with open(path, "wb") as file:
        file.write(out.getvalue())


def doubled_member(options):
    """The same name twice in one archive: nobody knows which counts; the archive is refused."""
    with World(options, spec()) as made:
        made.drop.generate(*ARGS, archives=4)
        with tarfile.open(made.drop.archive(1)) as tar:
            content = [(member.name, tar.extractfile(member).read()) for member in tar]
        with tarfile.open(made.drop.archive(1), "w:gz") as tar:
            for name, data in [*content, content[0]]:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        made.ingest()
        for table in ("orders", "customers"):
            made.same(table, where="not contains(_archive, '_00001.')")


def all_bad(options):
    """Nothing of a day can be used: the run fails, says why, and publishes nothing."""
    with World(options, spec()) as made:
        made.drop.generate(*ARGS, "--bad", "truncated=1", archives=4)
        out, err = made.ingest(code=1)
        require("not one of the 4 archives" in out + err and "00000.tar.gz" in out + err, "it is told", out + err)
        require(not made.published("orders"), "nothing is published")


def big_bad_archive(options):
    """An archive that turns out bad after more rows than are held back leaves none of them."""
    with World(options, settings()) as made:
        made.drop.generate("--bad", "corrupt@1", "--size", "60M", archives=3)
        made.ingest()
        require(made.all_same() == made.drop.told()["rows"], "rows")


def cases(options):
    found = [("refused_" + name, _refused(name)) for name in REFUSED] + [("record_" + name, _record(name)) for name in RECORDS]
    found += [("fine_" + name, _fine(name)) for name in FINE]
    found += [("limit_archive", _limit("archive", {"archive": "400KB"}, ("limits.archive",))),
              ("limit_member", _limit("member", {"member": "300KB"}, ("limits.member",))),
              ("limit_members", _limit("members", {"members": 20}, ("limits.members",))),
              ("limit_record", _limit("record", {"record": "1MB"}, ("record", "long", "MB", "bytes")))]
    found += [(check.__name__, check) for check in (copied_archive, everything_at_once, shares_of_bad, doubled_member, all_bad, big_bad_archive)]
    return [("drops_bad/" + name, lambda check=check: check(options), None) for name, check in found]
