"""Small projects made on the spot, for suites that need something of their own."""
import os


def write(top, files):
    """Writes {path: text} below `top`; returns `top`."""
    for path, text in files.items():
        full = os.path.join(top, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
    return top


def frame(name="made", threads=1):
    """The two files every project has."""
    return {"dbt_project.yml": "name: %s\nversion: '1.0'\nconfig-version: 2\nprofile: %s\n" % (name, name),
            "profiles.yml": "%s:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: warehouse.duckdb, threads: %d}\n"
                            "    other: {type: duckdb, path: other.duckdb, threads: 1, schema: elsewhere}\n" % (name, threads)}


def shop(threads=1):
    """A seed, a view, a table, an incremental model, an ephemeral one, tests: all succeed."""
    return {**frame("shop", threads),
            "seeds/items.csv": "id,price\n1,10\n2,20\n3,30\n",
            "macros/twice.sql": "{% macro twice(x) %}{{ x }} * 2{% endmacro %}\n"
                                "{% macro hello(name='world') %}{{ print('hello ' ~ name) }}{% endmacro %}\n",
            "models/stg_items.sql": "select id, price from {{ ref('items') }}\n",
            "models/between.sql": "{{ config(materialized='ephemeral') }}\nselect id, {{ twice('price') }} as price2 from {{ ref('stg_items') }}\n",
            "models/totals.sql": "{{ config(materialized='table', tags=['daily']) }}\nselect sum(price2) as total from {{ ref('between') }}\n",
            "models/grows.sql": "{{ config(materialized='incremental', unique_key='id') }}\nselect id, price from {{ ref('stg_items') }}\n",
            "models/schema.yml": "models:\n  - name: stg_items\n    description: items\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n"
                                 "exposures:\n  - {name: board, type: dashboard, owner: {email: a@example.com}, depends_on: [\"ref('totals')\"]}\n",
            "tests/positive.sql": "select * from {{ ref('totals') }} where total < 0\n"}
