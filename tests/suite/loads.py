"""What the suites of loads share: a project with an ingest/ folder, its tables, and the comparison with the source."""
import json
import os

from . import commands, projects, tables

PROFILE = ("made:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, threads: 2}\n")
META = ("_weir_loaded_at", "_weir_run_id", "_weir_load_id", "_weir_source_file", "_weir_row_hash")


class Loads(commands.World):
    """A project: {path: text}; `env` goes to every command."""

    def __init__(self, program, files, env=None):
        self.env = dict(env or {})
        super().__init__(program, {**projects.frame("made", threads=2), "profiles.yml": PROFILE, **files})

    def run(self, *args, env=None, **more):
        return super().run(*args, env={**self.env, **(env or {})}, **more)

    def table(self, name, with_meta=False):
        """Rows of warehouse.NAME as a list of dicts of texts, sorted; weir's own columns left out."""
        found = tables.read(self.project).get("warehouse." + name)
        assert found and "rows" in found, "no table %s: %s" % (name, found)
        columns = [column[0] for column in found["columns"]]
        rows = [dict(zip(columns, row)) for row in found["rows"]]
        if not with_meta:
            rows = [{k: v for k, v in row.items() if k not in META} for row in rows]
        return rows

    def types(self, name):
        found = tables.read(self.project)["warehouse." + name]
        return {column: kind for column, kind in found["columns"] if column not in META}

    def relations(self):
        return sorted(name for name in tables.read(self.project) if not name.startswith(("!", "file:")))

    def query(self, sql):
        """Rows of a query over the warehouse, as texts."""
        return tables.query(self.project, sql)

    def files(self, folder):
        out = []
        for top, _, names in os.walk(self.path(folder)):
            out += [os.path.relpath(os.path.join(top, name), self.project) for name in names]
        return sorted(out)


def as_text(value):
    """A JSON value as DuckDB's cast to VARCHAR shows it (scalars alone)."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return value if isinstance(value, str) else json.dumps(value)


def check_equal(rows, truth, key="id", columns=None, what=""):
    """Row for row: the same keys once each, and in `columns` (default: the scalars of the truth) the same values."""
    found = {}
    for row in rows:
        assert row[key] not in found, "%s: key %s is there twice" % (what, row[key])
        found[row[key]] = row
    wanted = {as_text(row[key]): row for row in truth}
    missing, surplus = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    assert not missing and not surplus, "%s: %d rows are missing (%s), %d too many (%s)" % (
        what, len(missing), missing[:5], len(surplus), surplus[:5])
    for name, row in wanted.items():
        names = columns or [c for c, v in row.items() if not isinstance(v, (dict, list))]
        for column in names:
            want, got = as_text(row[column]), found[name].get(column)
            if want != got and not (isinstance(row[column], float) and got is not None and float(got) == row[column]):
                raise AssertionError("%s: %s of %s is %r, the source has %r" % (what, column, name, got, want))
