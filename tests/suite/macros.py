"""Suite: the built-in library by name and signature. Whatever a package or a project calls of dbt's own
macros must be there and take the same arguments: names in order, with defaults.

`record()` writes down the facts (names and argument lists, no bodies) that the peer's manifest holds;
the case compares the same list of what `weir parse` puts into its manifest.
"""
import json
import os
import re
import subprocess
import tempfile

from . import observe

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RECORDED = os.path.join(HERE, "peers", "recorded", "_macros.json")
PROJECT = 'name: facts\nversion: "1.0"\nprofile: facts\n'
PROFILES = {
    "duckdb": "facts: {target: dev, outputs: {dev: {type: duckdb, path: warehouse.duckdb}}}\n",
    "postgres": "facts: {target: dev, outputs: {dev: {type: postgres, host: localhost, user: nobody, password: none, "
                "port: 5432, dbname: none, schema: none}}}\n",
}
# MotherDuck's names of Python models there: a service, which weir does not run models on.
ABSENT = {"dbt_duckdb.flight_name", "dbt_duckdb.default__flight_name", "dbt_duckdb.duckdb__flight_name"}
BLOCK = re.compile(r"\{%-?\+?\s*(macro|test|materialization|data_test|snapshot)\s+(\w+)\s*", re.S)


def signature(text):
    """"(name, value=none)" of the block that `text` begins with; "" for a materialization."""
    found = BLOCK.search(text)
    if not found or found.group(1) == "materialization":
        return ""
    at, depth, quote = found.end(), 0, None
    if at >= len(text) or text[at] != "(":
        return ""
    for end in range(at, len(text)):
        letter = text[end]
        if quote:
            quote = None if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
            if not depth:
                break
    words = re.sub(r"\s+", " ", text[at + 1:end]).strip().rstrip(",").rstrip()
    words = re.sub(r"\s*([=,])\s*", r"\1", words).replace('"', "'").replace(",", ", ")
    return "(%s)" % re.sub(r"=(None|none)\b", "=none", re.sub(r"=(True|true)\b", "=true", re.sub(r"=(False|false)\b", "=false", words)))


def facts(program, engine):
    """{"dbt.alter_column_type": "(relation, column_name, new_column_type)"} of the built-in packages."""
    with tempfile.TemporaryDirectory(prefix="weir-macros-") as top:
        for name, text in (("dbt_project.yml", PROJECT), ("profiles.yml", PROFILES[engine])):
            with open(os.path.join(top, name), "w", encoding="utf-8") as file:
                file.write(text)
        code, out, err = observe.run_program(program, ["parse"], top, top)
        assert code == 0, "parse failed: %s %s" % (out[-1000:], err[-1000:])
        with open(os.path.join(top, "target", "manifest.json"), encoding="utf-8") as file:
            macros = json.load(file)["macros"]
    return {"%s.%s" % (one["package_name"], one["name"]): signature(one["macro_sql"])
            for one in macros.values() if one["package_name"].startswith("dbt")}


def record(program):
    return {engine: facts(program, engine) for engine in PROFILES}


def _check(options, engine):
    with open(RECORDED, encoding="utf-8") as file:
        wanted = json.load(file)[engine]
    got = facts(options.program, engine)
    lines = ["missing: %s%s" % (name, wanted[name]) for name in sorted(wanted) if name not in got and name not in ABSENT]
    lines += ["differs: %s%s, here %s" % (name, wanted[name], got[name]) for name in sorted(wanted)
              if name in got and got[name] != wanted[name]]
    assert not lines, "%d of %d macros\n%s" % (len(lines), len(wanted), "\n".join(lines))


def cases(options):
    if not os.path.exists(RECORDED):
        return []
    with open(RECORDED, encoding="utf-8") as file:
        engines = sorted(json.load(file))
    return [("macros/" + engine, lambda engine=engine: _check(options, engine), None) for engine in engines]
