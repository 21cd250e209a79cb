"""The tests of the tests: every level of the differential must notice a change, every shape a wrong field.

Nothing is run: the recordings stand in for what a program did, then one thing in them is changed.
"""
import copy
import json
import os

from . import differential, observe, schemas


class _Pretend:
    """An observation made of a recording."""

    def __init__(self, steps):
        self.steps, self.output = steps, []

    def get(self):
        return self.steps


def _recorded(name):
    with open(os.path.join(differential.RECORDED, name + ".json"), encoding="utf-8") as file:
        return observe.expand(json.load(file)["steps"])


def _first(steps, part):
    return next(step[part] for step in steps if step.get(part))


def _some(mapping):
    return mapping[sorted(mapping)[0]]


def _drop_row(steps):
    _first(steps, "tables")["warehouse.main.customers"]["rows"].pop()


def _drop_node(steps):
    nodes = _first(steps, "manifest")["nodes"]
    del nodes[sorted(nodes)[0]]


CHANGES = {
    "exit": lambda steps: steps[1].update(exit=2),
    "nodes": _drop_node,
    "manifest": lambda steps: _some(_first(steps, "manifest")["nodes"]).update(fqn=[]),
    "macros": lambda steps: _some(_first(steps, "manifest")["nodes"])["depends_on"].update(macros=["macro.dbt.other"]),
    "compiled": lambda steps: _first(steps, "compiled").update({"model.tests.orders": "select 1"}),
    "sql": lambda steps: _first(steps, "compiled").update({"model.tests.orders": "select 1"}),
    "status": lambda steps: _some(_first(steps, "results")).update(status="skipped"),
    "message": lambda steps: _some(_first(steps, "results")).update(message="other"),
    "tables": _drop_row,
    "answer": lambda steps: _first(steps, "answer").pop(),
    "console": lambda steps: _first(steps, "console").pop(),
}


def _notices(level):
    def check():
        right, wrong = _recorded("tests"), copy.deepcopy(_recorded("tests"))
        differential._check(_Pretend(right), _recorded("tests"), level)()
        CHANGES[level](wrong)
        try:
            differential._check(_Pretend(wrong), _recorded("tests"), level)()
        except AssertionError:
            return
        raise AssertionError("the change went unnoticed")
    return check


def _shrinking_is_lossless():
    for name in sorted(os.listdir(differential.RECORDED)):
        if not name.startswith("_") and name.endswith(".json"):
            steps = _recorded(name[:-len(".json")])
            assert observe.expand(observe.shrink(copy.deepcopy(steps))) == steps, name


def _shapes_notice():
    table = {"root": "$Root", "objects": {
        "Root": {"fields": {"a": "int", "b": "[str]|null", "c": "{$In}", "d": '="x","y"'}, "required": ["a"], "closed": True},
        "In": {"fields": {"n": "num"}, "required": ["n"], "closed": False}}}
    for good in ({"a": 1}, {"a": 1, "b": None, "c": {"k": {"n": 1.5, "more": 1}}, "d": "x"}, {"a": 0, "b": ["t"]}):
        assert schemas.problems(table, good) == [], (good, schemas.problems(table, good))
    for bad in ({}, {"a": "1"}, {"a": True}, {"a": 1, "b": [1]}, {"a": 1, "z": 1}, {"a": 1, "c": {"k": {}}}, {"a": 1, "d": "z"}, []):
        assert schemas.problems(table, bad), bad


def cases(options):
    out = [("harness/notices_" + level, _notices(level), None) for level in CHANGES]
    return out + [("harness/shrinking_is_lossless", _shrinking_is_lossless, None), ("harness/shapes_notice", _shapes_notice, None)]
