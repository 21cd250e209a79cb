#!/usr/bin/env python3
"""Records the names and ids that dbt gives to generic tests, for src/project/prop_test.c.

    record_test_names.py DBT        (the program; writes test_names.json beside itself)

A project with many tests is written to a scratch folder and parsed; what its manifest says of each is kept.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = "a_rather_long_name_for_a_model_that_is_about_orders_of_customers"

# Arguments of the test `any_arguments`, which takes a, b, c, d and column_name.
ARGUMENTS = [
    {}, {"a": 1}, {"a": -1}, {"a": 0}, {"a": 1.5}, {"a": 1.0}, {"a": 1e20}, {"a": 1e-7}, {"a": 123456789012345678}, {"a": True}, {"a": False}, {"a": None}, {"a": ""},
    {"a": " "}, {"a": "x"}, {"a": "two words"}, {"a": "a.b.c"}, {"a": "it's"}, {"a": 'say "hi"'}, {"a": "both ' and \""}, {"a": "back\\slash"}, {"a": "tab\there"},
    {"a": "line\nbreak"}, {"a": "caf\u00e9"}, {"a": "\u65e5\u672c\u8a9e"}, {"a": "\U0001f389 party"}, {"a": "___"}, {"a": "--x--"}, {"a": "a__b"}, {"a": "> 5 and b < 3"},
    {"a": "ref('customers')"}, {"a": "source('raw', 'orders')"}, {"a": [1, 2, 3]}, {"a": ["x", "y z", "it's"]}, {"a": []}, {"a": [None, True, 1.5, "z"]},
    {"a": [[1, 2], ["b"]]}, {"a": {"k": "v", "j": 2}}, {"a": {"z": [1], "a": {"b": None}}}, {"a": {}}, {"b": 2, "a": 1}, {"d": "last", "b": "mid", "a": "first", "c": [3]},
    {"a": ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]}, {"a": "x" * 80}, {"a": "\u00e9" * 40}, {"a": "y" * 34}, {"a": "y" * 35}, {"a": "y" * 36},
    {"a": "y" * 37}, {"a": "y" * 38}, {"a": "y" * 39}, {"a": "y" * 40}, {"a": "y" * 41}, {"a": "y" * 42}, {"column_name": "amount"}, {"column_name": "a || '-' || b", "a": "x"},
    {"a": "0123"}, {"a": "2020-01-01"}, {"a": "%d %s {0}"}, {"a": "\u00a0"}, {"a": "a\u200bb"}, {"a": [{"k": [1, {"m": "n"}]}]},
]
GENERIC = "{% test any_arguments(model, column_name=none, a=none, b=none, c=none, d=none) %}select 1 where false{% endtest %}\n"


def tests_of(arguments):
    return [{"any_arguments": {"arguments": one} if one else {}} for one in arguments]


def project(folder):
    def put(path, content):
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(content)

    put("dbt_project.yml", "name: names\nversion: '1.0'\nprofile: names\nflags: {send_anonymous_usage_stats: false}\n")
    put("profiles.yml", "names: {target: dev, outputs: {dev: {type: duckdb, path: w.duckdb}}}\n")
    put("macros/any.sql", GENERIC)
    for model in ("m", "versioned_v1", LONG):
        put("models/%s.sql" % model, "select 1 as id\n")
    put("seeds/s.csv", "id\n1\n")
    short = [{"any_arguments": {"arguments": one}} for one in ARGUMENTS[1:6]]
    put("models/schema.yml", json.dumps({
        "models": [
            {"name": "m", "data_tests": tests_of(ARGUMENTS) + [{"names.any_arguments": {"arguments": {"a": "spaced"}}}, {"dbt.unique": {"arguments": {"column_name": "x"}}}],
             "columns": [{"name": "id", "data_tests": ["unique", "not_null"] + short}, {"name": "Quoted Name", "quote": True, "data_tests": ["unique"] + short}]},
            {"name": LONG, "columns": [{"name": "id", "data_tests": ["unique", "not_null", {"accepted_values": {"arguments": {"values": ["a", "b"], "quote": False}}}]}]},
            {"name": "versioned", "versions": [{"v": 1}], "columns": [{"name": "id", "data_tests": ["unique"] + short}]},
        ],
        "seeds": [{"name": "s", "columns": [{"name": "id", "data_tests": ["unique", {"relationships": {"arguments": {"to": "ref('m')", "field": "id"}}}]}]}],
        "sources": [{"name": "raw", "tables": [{"name": "orders", "columns": [{"name": "id", "data_tests": ["unique", "not_null"] + short}]}]}],
    }, ensure_ascii=False))


def main():
    with tempfile.TemporaryDirectory() as folder:
        project(folder)
        subprocess.run([sys.argv[1], "--no-use-colors", "parse", "--profiles-dir", "."], cwd=folder, check=True)
        with open(os.path.join(folder, "target/manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
    cases = []
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        metadata, kwargs = node["test_metadata"], node["test_metadata"]["kwargs"]
        target = node["file_key_name"].split(".", 1)[1]
        is_source = node["file_key_name"].startswith("sources.")
        if is_source:
            target = "_".join(node["sources"][-1])
        elif node["refs"][-1]["version"] is not None:
            target += "_v%s" % node["refs"][-1]["version"]
        cases.append({"type": metadata["name"], "namespace": metadata["namespace"], "is_source": is_source, "target": target, "kwargs": kwargs,
                      "name": node["name"], "short": node["path"][:-len(".sql")], "hash": node["unique_id"].rsplit(".", 1)[1]})
    with open(os.path.join(HERE, "test_names.json"), "w", encoding="utf-8") as file:
        json.dump({"from": "dbt-core " + manifest["metadata"]["dbt_version"], "cases": cases}, file, indent=0)
        file.write("\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
