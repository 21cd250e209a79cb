"""pytest's side: profiles for the two engines, the bridge, and a report of what ran what."""
import json
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import bridge  # noqa: E402

pytest_plugins = ["dbt.tests.fixtures.project"]
ENGINE = os.environ["WEIR_ADAPTER_ENGINE"]
(bridge.install if bridge.PROGRAM else bridge.count)()
outcomes = {}


@pytest.fixture(scope="class")
def dbt_profile_target(tmp_path_factory):
    if ENGINE == "duckdb":
        return {"type": "duckdb", "threads": 4, "path": str(tmp_path_factory.mktemp("db") / "test.duckdb")}
    return {"type": "postgres", "threads": 4, "host": "127.0.0.1", "port": int(os.environ["POSTGRES_TEST_PORT"]),
            "user": os.environ["POSTGRES_TEST_USER"], "pass": os.environ.get("POSTGRES_TEST_PASS", ""),
            "dbname": os.environ["POSTGRES_TEST_DATABASE"]}


@pytest.fixture(scope="class")
def profile_user(dbt_profile_target):
    return dbt_profile_target.get("user")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    name = item.nodeid.split("::", 1)[1]
    if report.when == "call" or report.outcome != "passed":
        ran = bridge.runs != item.stash.get(before, 0)
        if outcomes.get(name, ("passed", 0))[0] == "passed":
            outcomes[name] = (report.outcome, ran)


def pytest_collection_modifyitems(items):
    """The tests that are asked for, one of n parts of them: classes stay whole."""
    only = os.environ.get("WEIR_ADAPTER_ONLY")
    if only:
        with open(only, encoding="utf-8") as file:
            names = set(json.load(file))
        items[:] = [item for item in items if item.nodeid.split("::", 1)[1] in names]
    part, parts = map(int, os.environ.get("WEIR_ADAPTER_PART", "1/1").split("/"))
    classes = sorted({item.cls.__name__ for item in items})
    mine = set(classes[part - 1::parts])
    items[:] = [item for item in items if item.cls.__name__ in mine]


before = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    item.stash[before] = bridge.runs


def pytest_sessionfinish(session):
    path = os.environ.get("WEIR_ADAPTER_REPORT")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(outcomes, file)
