"""`weir lint` and `weir format`: on files, folders, selections and standard input; the rendered SQL stays what it was."""
import json
import os
import re
import stat
import subprocess

from . import commands

UNTIDY = ("{{config(materialized='table')}}\n"
          "with a as (SELECT id,  name from {{ref('people')}} ), b as (\nselect id , upper( name ) as Upper_name\nfrom a)\n"
          "select b.id,b.Upper_name,\n{% for x in [1, 2] %}\n{{x}} as n{{ x }}{% if not loop.last %},{% endif %}\n{% endfor %}\n"
          "from b -- all of them\nwhere b.id > 0 AND\n  b.id<10\n")
TIDY = "select\n    id,\n    name\nfrom {{ ref('people') }}\n"
FILES = {
    "dbt_project.yml": "name: shop\nprofile: shop\nmodel-paths: [models]\nseed-paths: [seeds]\n",
    "profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: x.duckdb}\n",
    "seeds/people.csv": "id,name\n1,Ann\n2,Bob\n",
    "models/tidy.sql": TIDY,
    "models/untidy.sql": UNTIDY,
    "target/left_alone.sql": UNTIDY,
}
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def read(world, path):
    with open(world.path(path), encoding="utf-8", newline="") as file:
        return file.read()


def write(world, path, text):
    with open(world.path(path), "w", encoding="utf-8", newline="") as file:
        file.write(text)


def piped(world, text, *args):
    done = subprocess.run([*world.program, *args], input=text, capture_output=True, text=True, cwd=world.project, timeout=60,
                          check=False)
    return done.returncode, done.stdout, done.stderr


def same_rendered(before, after):
    def bare(text):
        return re.sub(r"\s+", "", text).lower()
    return bare(before) == bare(after)


@test
def exit_codes(world):
    world.run("lint", "models/tidy.sql", code=0)
    out, _ = world.run("lint", "models", code=1)
    assert re.search(r"^models/untidy\.sql:2:\d+ LT01 .* \(layout\.spacing\)$", out, re.M), out
    assert "left_alone" not in world.run("lint", code=1)[0]
    _, err = world.run("lint", "models/none.sql", code=2)
    assert "does not exist" in err, err
    _, err = world.run("lint", "models", "--dialect", "duckbd", code=2)
    assert "Did you mean 'duckdb'?" in err, err


@test
def forms(world):
    rows = json.loads(world.run("lint", "--format", "json", "models", code=1)[0])
    assert [row["filepath"] for row in rows] == ["models/tidy.sql", "models/untidy.sql"] and not rows[0]["violations"], rows
    assert {"start_line_no", "start_line_pos", "code", "description", "name"} <= set(rows[1]["violations"][0]), rows
    notes = json.loads(world.run("lint", "--format", "github-annotation", "models", code=1)[0])
    assert notes[0]["file"] == "models/untidy.sql" and notes[0]["annotation_level"] == "failure", notes
    assert not os.path.exists(world.path("logs")), "a log was written"


@test
def format_keeps_what_is_rendered(world):
    world.run("compile", "--target-path", "before")
    os.chmod(world.path("models/untidy.sql"), 0o640)
    world.run("format", "models", "--check", code=1)
    out, _ = world.run("format", "models", "--diff", code=1)
    assert out.startswith("--- models/untidy.sql") and "\n+select\n" in out and read(world, "models/untidy.sql") == UNTIDY, out
    world.run("format", "models")
    assert stat.S_IMODE(os.stat(world.path("models/untidy.sql")).st_mode) == 0o640
    assert read(world, "models/tidy.sql") == TIDY and read(world, "target/left_alone.sql") == UNTIDY
    world.run("format", "models", "--check")
    world.run("compile", "--target-path", "after")
    for name in ("tidy", "untidy"):
        path = "compiled/shop/models/%s.sql" % name
        assert same_rendered(read(world, "before/" + path), read(world, "after/" + path)), name


@test
def line_ends_and_links(world):
    write(world, "models/crlf.sql", "SELECT a,b\r\nFROM t\r\n")
    os.symlink("../models/crlf.sql", world.path("seeds/link.sql"))
    world.run("format", "seeds/link.sql")
    assert os.path.islink(world.path("seeds/link.sql"))
    assert read(world, "models/crlf.sql") == "select\r\n    a,\r\n    b\r\nfrom t\r\n", read(world, "models/crlf.sql")


@test
def standard_input(world):
    assert piped(world, "SELECT a,b FROM t\n", "format", "-") == (0, "select\n    a,\n    b\nfrom t\n", "")
    code, out, _ = piped(world, "select  a\nfrom t\n", "lint", "-")
    assert code == 1 and out.startswith("stdin:1:7 LT01 "), out
    assert piped(world, "select  a\nfrom t\n", "lint", "--fix", "-")[1] == "select a\nfrom t\n"


@test
def selected(world):
    out, _ = world.run("lint", "--select", "untidy", "--rules", "LT01", code=1)
    assert "models/untidy.sql:" in out and "tidy.sql:" in out and "models/tidy.sql" not in out, out
    world.run("lint", "-s", "tidy", code=0)


@test
def configured(world):
    write(world, ".sqlfluff", "[sqlfluff]\nrules = CP01\n[sqlfluff:rules:capitalisation.keywords]\ncapitalisation_policy = upper\n")
    out, _ = world.run("lint", "models/tidy.sql", code=1)
    assert out.count("CP01") == 2 and out.count("\n") == 2, out
    world.run("lint", "--fix", "models/tidy.sql")
    assert read(world, "models/tidy.sql") == TIDY.replace("select", "SELECT").replace("from", "FROM")
    write(world, ".sqlfluffignore", "models/\n")
    assert world.run("lint", "models")[0] == ""


def cases(options):
    def case(function):
        def check():
            with commands.World(options.program, FILES) as world:
                function(world)
        return check
    return [("lint/" + function.__name__, case(function), None) for function in TESTS]
