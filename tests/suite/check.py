"""`weir check`: faults of models found before anything runs, with the place where a person would mend them."""
import json
import os

from . import commands, observe, projects

PROJECT = {
    **projects.frame("faults"),
    "seeds/people.csv": "id,name,born\n1,Ann,2001-01-31\n2,Bob,1999-12-01\n",
    "models/sources.yml": "sources:\n  - name: raw\n    tables:\n      - name: known\n        columns:\n"
                          "          - {name: id, data_type: integer}\n          - {name: total, data_type: 'decimal(10,2)'}\n"
                          "      - name: unknown\n",
    "models/good.sql": "select id, upper(name) as name, born from {{ ref('people') }}\n",
    "models/from_source.sql": "select id, total * 2 as double_total from {{ source('raw', 'known') }}\n",
}


def check(world, code):
    """The findings of a project."""
    out, err = world.run("--quiet", "check", "--output", "json", code=code)
    assert "[" in out, out + err
    return json.loads(out[out.find("["):])


CASES = {
    # name: (files, level, words of the message, file, line)
    "column": ({"models/bad.sql": "with p as (\n  select * from {{ ref('good') }}\n)\nselect\n  id,\n  nmae\nfrom p\n"},
               "error", "nmae", "models/bad.sql", 6),
    "type": ({"models/bad.sql": "select\n  id,\n  born + name as x\nfrom {{ ref('good') }}\n"},
             "error", "+(DATE, VARCHAR)", "models/bad.sql", 3),
    "declared source": ({"models/bad.sql": "select totl\nfrom {{ source('raw', 'known') }}\n"},
                        "error", "totl", "models/bad.sql", 1),
    "grandchild": ({"models/mid.sql": "select id, name as full_name from {{ ref('good') }}\n",
                    "models/bad.sql": "select id,\n  name\nfrom {{ ref('mid') }}\n"},
                   "error", "name", "models/bad.sql", 2),
    "syntax": ({"models/bad.sql": "select id\nform {{ ref('good') }} where\n"}, "error", "syntax", "models/bad.sql", 2),
    "template": ({"models/bad.sql": "select id\nfrom {{ rfe('good') }}\n"}, "error", "'rfe' is undefined",
                 "models/bad.sql", 2),
    "increment": ({"models/bad.sql": "{{ config(materialized='incremental') }}\nselect id from {{ ref('good') }}\n"
                                     "{% if is_incremental() %}\nwhere id > (select max(idd) from {{ this }})\n{% endif %}\n"},
                  "error", "idd", "models/bad.sql", 4),
    "contract": ({"models/bad.sql": "select id, name from {{ ref('good') }}\n",
                  "models/bad.yml": "models:\n  - name: bad\n    config: {contract: {enforced: true}}\n    columns:\n"
                                    "      - {name: id, data_type: integer}\n      - {name: born, data_type: date}\n"},
                 "error", "contract", "models/bad.sql", None),
    "described": ({"models/bad.sql": "select id from {{ ref('good') }}\n",
                   "models/bad.yml": "models:\n  - name: bad\n    columns:\n      - name: id\n      - name: idx\n"},
                  "warning", "idx", "models/bad.yml", 5),
    "test": ({"models/bad.sql": "select id from {{ ref('good') }}\n",
              "models/bad.yml": "models:\n  - name: bad\n    columns:\n      - name: idx\n        data_tests: [unique]\n"},
             "error", "unique_bad_idx", "models/bad.yml", 4),
    "snapshot": ({"snapshots/s.sql": "{% snapshot s %}\n{{ config(unique_key='id', strategy='check', check_cols='all') }}\n"
                                     "select idd from {{ ref('good') }}\n{% endsnapshot %}\n"},
                 "error", "idd", "snapshots/s.sql", 3),
    "unknown source": ({"models/bad.sql": "select anything from {{ source('raw', 'unknown') }}\n"},
                       "note", "raw.unknown", "models/bad.sql", None),
    "rows of parents": ({"models/bad.sql": "{% set names = dbt_utils_like() %}\nselect {{ names | join(', ') }}\n"
                                           "from {{ ref('good') }}\n",
                         "macros/m.sql": "{% macro dbt_utils_like() %}{% if execute %}{% set rows = run_query('select name from '"
                                         " ~ ref('good')) %}{{ return(rows.columns[0].values()) }}{% endif %}"
                                         "{{ return([]) }}{% endmacro %}\n"},
                        "note", "rows of its parents", "models/bad.sql", None),
}


def look(program, name):
    files, level, words, file, line = CASES[name]
    with commands.World(program, {**PROJECT, **files}) as world:
        found = check(world, 1 if level == "error" else 0)
    about = [one for one in found if one["level"] == level]
    assert len(about) == 1, found
    assert words in about[0]["message"], about
    assert (about[0]["file"], about[0]["line"]) == (file, line), about
    assert "__weir_check" not in json.dumps(found), found


def nothing_wrong(program):
    with commands.World(program, PROJECT) as world:
        found = check(world, 0)
    assert not found, found


def leaves_nothing(program):
    """Built, then checked after a change: tables stay as they were, the changed model's too."""
    with commands.World(program, PROJECT) as world:
        def rows():
            return world.run("--quiet", "show", "--inline", "select * from {{ ref('good') }}")[0]
        world.run("build", "--exclude", "from_source")
        before = rows()
        projects.write(world.project, {"models/good.sql": "select id, nmae from {{ ref('people') }}\n"})
        found = check(world, 1)
        assert found[0]["line"] == 1, found
        projects.write(world.project, PROJECT)
        assert rows() == before and "ANN" in before, before


def slim_ci(program):
    """The example: one model of four changed, two are built, in a schema of their own that is dropped again."""
    example = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "examples", "slim-ci")
    with commands.World(program, {}) as world:
        code, out, err = observe.run_program([os.path.join(example, "run")], [program[0], world.path("copy")], world.top.name,
                                             world.home)
        assert code == 0, out + err
        assert "PASS=8 WARN=0 ERROR=0" in out and "PASS=3 WARN=0 ERROR=0 SKIP=0 NO-OP=1" in out, out
        assert "Checked 2 models, 1 test: 0 errors" in out, out


def cases(options):
    def case(function, *args):
        return lambda: function(options.program, *args)
    yield from (("check/" + name, case(look, name), None) for name in CASES)
    yield from (("check/" + one.__name__, case(one), None) for one in (nothing_wrong, leaves_nothing, slim_ci))
