"""`weir generate source|model|schema`: YAML and staging models from the catalogue, and files that grow."""
from . import commands, projects

PROJECT = {**projects.frame("made"),
           "models/names.sql": "{{ config(materialized='table') }}\nselect 1 as id, 'x' as label, [1, 2] as parts, {'a': 1, 'B c': 2} as pair\n",
           "models/plain.sql": "select id from {{ ref('names') }}\n",
           "macros/raw.sql": "{% macro make_raw(more='') %}{% do run_query('create schema if not exists raw; create or replace table raw.orders '"
                             " ~ '(\"OrderID\" integer, \"Ordered at\" timestamp, amount decimal(10,2)' ~ more ~ ')') %}"
                             "{% do run_query('create or replace view raw.people as select 1 as id, true as is_here') %}{% endmacro %}\n"}
SOURCES = """sources:
  - name: raw
    schema: raw
    tables:
      - name: orders
        columns:
          - name: OrderID
            data_type: integer
          - name: "Ordered at"
            data_type: timestamp
          - name: amount
            data_type: 'decimal(10,2)'
      - name: people
        columns:
          - name: id
            data_type: integer
          - name: is_here
            data_type: boolean
"""
KEPT = """# kept
sources:
  - name: shop   # ours
    schema: raw
    tables:
      - name: orders
        description: "orders: all"
        columns:
          - name: OrderID   # the key
            data_tests: [unique]
          - name: gone
"""
MODEL = """with source as (

    select * from {{ source('raw', 'orders') }}

),

renamed as (

    select
        "OrderID" as order_id,
        "Ordered at" as ordered_at,
        amount

    from source

)

select * from renamed
"""


def world_of(program, files=None):
    world = commands.World(program, {**PROJECT, **(files or {})})
    world.run("run-operation", "make_raw")
    return world


def read(world, *parts):
    with open(world.path(*parts), encoding="utf-8") as file:
        return file.read()


def source(program):
    with world_of(program) as world:
        out, _ = world.run("--quiet", "generate", "source", "raw")
        assert out == SOURCES, out
        world.run("generate", "source", "raw", "-o", "models/sources.yml")
        assert read(world, "models", "sources.yml") == SOURCES
        _, err = world.run("generate", "source", "raw", "-o", "models/sources.yml")
        assert "is up to date" in err and read(world, "models", "sources.yml") == SOURCES, err
        assert "source:made.raw.orders" in world.run("ls", "--resource-type", "source")[0]


def source_grows(program):
    with world_of(program, {"models/kept.yml": KEPT}) as world:
        _, err = world.run("generate", "source", "raw", "-o", "models/kept.yml")
        got = read(world, "models", "kept.yml")
        assert got.startswith(KEPT), got
        assert got[len(KEPT):] == ('          - name: "Ordered at"\n            data_type: timestamp\n          - name: amount\n'
                                   "            data_type: 'decimal(10,2)'\n      - name: people\n        columns:\n          - name: id\n"
                                   "            data_type: integer\n          - name: is_here\n            data_type: boolean\n"), got
        assert "column gone is described, but is not in the database" in err, err
        world.run("parse")


def model(program):
    with world_of(program, {"models/sources.yml": SOURCES}) as world:
        out, _ = world.run("--quiet", "generate", "model", "raw.orders")
        assert out == MODEL, out
        world.run("generate", "model", "raw.orders", "raw.people", "-o", "models")
        assert read(world, "models", "stg_raw__orders.sql") == MODEL
        world.run("run", "-s", "stg_raw__orders", "stg_raw__people")
        world.run("run-operation", "make_raw", "--args", "{more: ', \"isPaid\" boolean'}")
        world.run("generate", "model", "raw.orders", "-o", "models/stg_raw__orders.sql")
        want = MODEL.replace("        amount\n", '        amount,\n        "isPaid" as is_paid\n')
        assert read(world, "models", "stg_raw__orders.sql") == want, read(world, "models", "stg_raw__orders.sql")
        world.run("run", "-s", "stg_raw__orders")


def odd_model(program):
    """A table and a column whose names cannot stand as they are: the model that is written runs."""
    odd = "{% macro make_odd() %}{% do run_query('create table raw.\"Odd Table\" (\"select\" integer, \"a \"\"b\"\"\" text)') %}{% endmacro %}\n"
    source = "sources:\n  - name: raw\n    tables: [{name: Odd Table}]\n"
    with world_of(program, {"models/odd.yml": source, "macros/odd.sql": odd}) as world:
        world.run("run-operation", "make_odd")
        world.run("generate", "model", "raw.Odd Table", "-o", "models")
        assert '        "select",\n        "a ""b""" as a_b\n' in read(world, "models", "stg_raw__odd_table.sql")
        world.run("run", "-s", "stg_raw__odd_table")


def schema(program):
    kept = "models:\n  - name: plain\n    description: kept   # so\n"
    with world_of(program, {"models/kept.yml": kept}) as world:
        world.run("run")
        world.run("generate", "schema", "plain", "names", "-o", "models/kept.yml")
        got = read(world, "models", "kept.yml")
        assert got.startswith(kept + "    columns:\n      - name: id\n        data_type: integer\n  - name: names\n    columns:\n"), got
        assert "data_type: 'integer[]'" in got and "STRUCT(a INTEGER, \"B c\" INTEGER)" in got, got
        world.run("run")


def mistakes(program):
    flow = "sources: [{name: raw, schema: raw, tables: [{name: people}]}]\n"
    with world_of(program, {"models/sources.yml": SOURCES, "flow.yml": flow, "bad.yml": "sources: [\n"}) as world:
        for words, text in ((("source", "rwa"), "no table stands in schema 'rwa'"), (("model", "raw.order"), "did you mean 'raw.orders'?"),
                            (("schema", "nmaes"), "did you mean 'names'?"), (("schema", "plain"), "run it first"),
                            (("source", "raw", "-o", "flow.yml"), "flow.yml:1:"), (("source", "raw", "-o", "bad.yml"), "bad.yml:2:"),
                            (("source",), "of which schema?"), (("model",), "of which sources?"), (("schema",), "of which models?")):
            out, err = world.run("--quiet", "generate", *words, code=2)
            assert text in out + err, (words, out, err)
        assert read(world, "flow.yml") == flow


def cases(options):
    def case(function):
        return lambda: function(options.program)
    yield from (("generate/" + one.__name__, case(one), None) for one in (source, source_grows, model, odd_model, schema, mistakes))
