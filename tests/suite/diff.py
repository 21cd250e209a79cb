"""`weir diff` and `weir convert`: what they tell of tables and of plain SQL."""
import json
import os

from . import commands, projects

PROJECT = {
    "dbt_project.yml": "name: pair\nversion: '1.0'\nprofile: pair\nmodels: {pair: {+materialized: table}}\n",
    "profiles.yml": "pair:\n  target: prod\n  outputs:\n    prod: {type: duckdb, path: one.duckdb, schema: main}\n"
                    "    ci: {type: duckdb, path: one.duckdb, schema: ci}\n    away: {type: duckdb, path: odd name.duckdb, schema: main}\n",
    "seeds/raw.csv": "id,name,amount\n1,ann,1.5\n2,bob,2.5\n3,cat,3.5\n",
    "models/old.sql": "select * from {{ ref('raw') }}\n",
    "models/new.sql": "select id, name, case when id = 2 then 9.5 else amount end as amount, 'x' as extra from {{ ref('raw') }}\n"
                      "where id < 3 union all select 4, null, null, null\n",
    "models/doubled.sql": "select * from {{ ref('raw') }} union all select 1, 'ann', 1.5 union all select null, 'nobody', 0\n",
    "models/pair.yml": "models:\n  - name: old\n    columns: [{name: id, data_tests: [unique, not_null]}]\n"
                       "sources:\n  - name: away\n    schema: main\n    tables: [{name: raw}]\n",
}


def told(world, code, *words):
    out, err = world.run("--quiet", "diff", *words, "--output", "json", code=code)
    assert "[" in out, out + err
    return json.loads(out[out.find("["):])


def built(program, *more):
    world = commands.World(program, PROJECT)
    world.run("build")
    for words in more:
        world.run(*words)
    return world


def by_key(program):
    with built(program) as world:
        (one,) = told(world, 1, "old", "new")
        columns = {column["name"]: column for column in one["columns"]}
        assert (one["rows_a"], one["rows_b"], one["keys"]) == (3, 3, ["id"]), one
        assert (one["only_a"], one["only_b"]) == (1, 1), one
        assert one["samples_a"] == [{"id": 3}] and one["samples_b"] == [{"id": 4}], one
        assert columns["amount"]["differing"] == 1 and columns["name"]["differing"] == 0, columns
        assert columns["extra"]["type_a"] is None and columns["extra"]["type_b"] == "VARCHAR", columns
        sample = columns["amount"]["samples"][0]
        assert [float(sample[key]) for key in ("id", "weir_value_a", "weir_value_b")] == [2, 2.5, 9.5], sample
        out, _ = world.run("--quiet", "diff", "old", "new", code=1)
        for words in ("column extra (VARCHAR): only in B", "keys only in A: 1", "column amount: differs in 1 rows"):
            assert words in out, out


def odd_names(program):
    """A key of two words, a name with quotes in it."""
    queries = ["select 1 as \"Order Id\", %d as \"with \"\"quotes\"\"\"" % number for number in (2, 3)]
    with built(program) as world:
        (one,) = told(world, 1, *queries, "--key", "Order Id")
        assert one["keys"] == ["Order Id"], one
        assert [column["name"] for column in one["columns"] if column.get("differing")] == ['with "quotes"'], one
        (one,) = told(world, 1, *queries)
        assert (one["only_a"], one["only_b"]) == (1, 1), one


def equal(program):
    with built(program) as world:
        (one,) = told(world, 0, "old", "select id, name, amount from {{ ref('raw') }} order by 1 desc")
        assert not one["differs"] and one["only_a"] == one["only_b"] == 0, one
        assert "equal: 3 rows, 3 columns" in world.run("--quiet", "diff", "old", "raw", code=0)[0]


def without_key(program):
    with built(program) as world:
        (one,) = told(world, 1, "raw", "doubled")
        assert one["keys"] == [] and (one["only_a"], one["only_b"]) == (0, 2), one
        (one,) = told(world, 1, "raw", "doubled", "--key", "id")
        assert (one["not_unique_a"], one["not_unique_b"]) == (0, 3), one


def targets(program):
    with built(program, ("build", "--target", "ci")) as world:
        assert [one["differs"] for one in told(world, 0, "target:prod", "target:ci")] == [False] * 4
        projects.write(world.project, {"models/old.sql": "select * from {{ ref('raw') }} where id > 1\n"})
        world.run("build", "--target", "away")
        found = {one["a"]: one for one in told(world, 1, "target:prod", "target:away", "-s", "old", "new")}
        assert set(found) == {"old in target prod", "new in target prod"}, found
        assert found["old in target prod"]["only_a"] == 1 and not found["new in target prod"]["differs"], found


def target_without_table(program):
    with built(program, ("build", "--target", "ci", "-s", "raw", "old")) as world:
        out, _ = world.run("--quiet", "diff", "target:prod", "target:ci", "-s", "old", "new", code=1)
        assert "equal: 3 rows" in out and "only in A: B has no such table" in out, out
        found = {one["a"]: one.get("missing") for one in told(world, 1, "target:ci", "target:prod", "-s", "old", "new")}
        assert found == {"old in target ci": None, "new in target ci": "a"}, found


def mistakes(program):
    with built(program) as world:
        for words, text in ((("old", "nwe"), "did you mean 'new'?"), (("old",), "two things to compare"),
                            (("target:prod", "old"), "with another target"), (("old", "select nothing from nowhere"), "nowhere"),
                            (("old", "new", "--key", "extra"), "both sides must have"),
                            (("target:prod", "target:cj"), "cj")):
            out, err = world.run("--quiet", "diff", *words, code=2)
            assert text in out + err, (words, out, err)


def convert(program):
    plain = "with a as (select * from main.old) -- from raw\nselect * from a join raw using (id);\n"
    model = "with a as (select * from {{ ref('old') }}) -- from raw\nselect * from a join raw using (id)\n"
    with built(program) as world:
        projects.write(world.project, {"plain.sql": plain, "bad.sql": "select 1; drop table raw"})
        out, err = world.run("--quiet", "convert", "plain.sql")
        assert out == model, out
        assert "main.old -> ref('old')" in err and "plain.sql: raw stays" in err, err    # a seed and a source: two
        world.run("--quiet", "convert", "plain.sql", "--output", "models/made.sql")
        with open(world.path("models", "made.sql"), encoding="utf-8") as file:
            assert file.read() == model
        out, err = world.run("--quiet", "convert", "plain.sql", "--output", "models/made.sql", code=2)
        assert "exists" in out + err
        out, err = world.run("--quiet", "convert", "bad.sql", code=2)
        assert "second statement" in out + err and "bad.sql:1:11" in out + err, out + err
        assert os.path.exists(world.path("models", "made.sql"))


def cases(options):
    def case(function):
        return lambda: function(options.program)
    yield from (("diff/" + one.__name__, case(one), None) for one in (by_key, odd_names, equal, without_key, targets, target_without_table, mistakes))
    yield "convert/model", case(convert), None
