"""Suite (i): every project of tests/peers/projects run by weir, compared with what dbt was recorded to do.

One observation of a project serves several cases, one for each level of likeness, so that a report
says which kind of thing differs:

  exit      exit code of every step
  nodes     ids of all nodes, sources, exposures, groups, docs, disabled ones; parent_map and child_map
  manifest  every field of every node (but macros)
  macros    the macros each node depends on; the project's own macros
  compiled  compiled SQL of every node, byte for byte
  sql       the same with white space run together
  status    status and count of failures of every node
  message   message, relation_name and adapter_response of every node
  tables    every relation's kind, column names, types, rows
  answer    what ls, show, compile and run-operation print
  console   the lines tools grep for
  catalog   catalog.json
  freshness sources.json
"""
import functools
import json
import os
import re
import subprocess
import threading

from . import compare, observe, postgres

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROJECTS = os.path.join(HERE, "peers", "projects")
RECORDED = os.path.join(HERE, "peers", "recorded")
PLACES = {"duckdb": observe.DuckPlace, "postgres": postgres.Place}
NODE_PARTS = ("nodes", "sources", "exposures", "groups", "metrics", "semantic_models", "saved_queries", "unit_tests",
              "functions", "docs", "disabled")


def _nodes(step):
    if "manifest" not in step:
        return None
    whole = step["manifest"]
    out = {part: sorted(whole[part]) for part in NODE_PARTS}
    out.update({part: whole[part] for part in ("parent_map", "child_map", "group_map")})
    return out


def _without_macros(node):
    """Also without the order of sources among themselves: dbt finds them as a set, in another order each time."""
    node = dict(node)
    node["depends_on"] = {key: value for key, value in (node.get("depends_on") or {}).items() if key != "macros"}
    if isinstance(node.get("sources"), list):
        node["sources"] = sorted(node["sources"])
    parents = node["depends_on"].get("nodes")
    if parents:
        sources = sorted(name for name in parents if name.startswith("source."))
        node["depends_on"]["nodes"] = [sources.pop(0) if name.startswith("source.") else name for name in parents]
    return node


def _manifest(step):
    if "manifest" not in step:
        return None
    whole = step["manifest"]
    out = {part: {name: _without_macros(node) for name, node in whole[part].items()}
           for part in NODE_PARTS if part != "disabled"}
    out["disabled"] = {name: [_without_macros(node) for node in nodes] for name, nodes in whole["disabled"].items()}
    out["selectors"], out["metadata"] = whole["selectors"], whole["metadata"]
    return out


def _macros(step):
    if "manifest" not in step:
        return None
    whole = step["manifest"]
    used = {name: sorted((node.get("depends_on") or {}).get("macros", []))
            for part in ("nodes", "macros") for name, node in whole[part].items()}
    return {"used": used, "own": {name: _without_macros(macro) for name, macro in whole["macros"].items()}}


def _some(step, part, keys):
    if part not in step:
        return None
    return {name: {key: one.get(key) for key in keys} for name, one in step[part].items()}


def _sql(step):
    if "compiled" not in step:
        return None
    return {name: re.sub(r"\s+", " ", text).strip() for name, text in step["compiled"].items()}


LEVELS = {
    "exit": lambda step: step["exit"],
    "nodes": _nodes,
    "manifest": _manifest,
    "macros": _macros,
    "compiled": lambda step: step.get("compiled"),
    "sql": _sql,
    "status": lambda step: _some(step, "results", ("status", "failures")),
    "message": lambda step: _some(step, "results", ("message", "relation_name", "adapter_response", "compiled", "batch_results")),
    "tables": lambda step: step.get("tables"),
    "answer": lambda step: sorted(step["answer"]) if step["args"][:1] == ["ls"] and "answer" in step else step.get("answer"),
    # dots fill the line behind "9 of 12" or "10 of 12": how many depends on the order of the nodes
    "console": lambda step: sorted(re.sub(r"\.+ \[", "... [", line) for line in step["console"]),
    "catalog": lambda step: step.get("catalog"),
    "freshness": lambda step: step.get("freshness"),
}


class _Once:
    """The observation of one project, made when the first of its cases runs."""

    def __init__(self, program, folder, place):
        self.program, self.folder, self.place = program, folder, place
        self.lock, self.steps, self.output, self.problem = threading.Lock(), None, [], None

    def get(self):
        with self.lock:
            if self.steps is None and self.problem is None:
                try:
                    self.steps = observe.observe(self.program, self.folder, self.output, self.place)
                except Exception as problem:                      # a broken artifact fails all levels, not the runner
                    self.problem = "%s: %s" % (type(problem).__name__, problem)
            if self.problem:
                raise AssertionError(self.problem)
            return self.steps


# What dbt prints of an expression that its own printer does not know: the syntax tree of jinja2, as Python shows it.
TREE = re.compile(r"\b(CondExpr|Test|Filter|Add|Sub|Mul|Div|FloorDiv|Mod|Pow|Pos|Slice)\((test|node|left|start)=")


SEED_PLACE = re.compile(r"^Database Error in seed .*\nrow \d+, column \d+ \(.*\): ")


def _forgive(level, want, got):
    """Known differences (docs/compatibility.md): unrendered_config holds such an expression as it is written; a seed's
    value that does not fit is named with its row and column."""
    if level == "message":
        for name, left in want.items():
            ours = (got.get(name) or {}).get("message") or ""
            if left["message"] and SEED_PLACE.search(ours) and ours.split("\n")[0] == left["message"].split("\n")[0]:
                left["message"] = ours
    if level != "manifest":
        return
    pairs = [(want[part].get(name), got[part].get(name)) for part in NODE_PARTS if part != "disabled" for name in want[part]]
    for name, nodes in want["disabled"].items():
        pairs += zip(nodes, got["disabled"].get(name, []))
    for left, right in pairs:
        ours = (right or {}).get("unrendered_config") or {}
        for key, text in (left.get("unrendered_config") or {}).items():
            if isinstance(text, str) and TREE.search(text) and isinstance(ours.get(key), str):
                left["unrendered_config"][key] = ours[key]


def _check(once, recorded, level):
    def check():
        view, found = LEVELS[level], []
        got_steps = once.get()
        for number, want in enumerate(recorded):
            got = got_steps[number]
            step = "step %d (%s)" % (number + 1, " ".join(want["args"])[:70])
            left, right = view(want), view(got)
            if left is None and right is None:
                continue
            if left is None or right is None:
                here = once.output[number] if number < len(once.output) else {}
                found.append("%s: %s; exit %s; %s" % (
                    step, "not written" if right is None else "written, the peer writes none", got["exit"],
                    compare.short((here.get("stderr") or here.get("stdout", ""))[-300:], 300).replace("\n", " | ")))
                continue
            _forgive(level, left, right)
            found += [step + " " + text for text in compare.differences(left, right)]
        if found:
            raise AssertionError("\n".join(found))
    return check


def recorded_in(name, engine):
    """Where dbt's answers for a project are kept."""
    return os.path.join(RECORDED, *([] if engine == "duckdb" else [engine]), name + ".json")


def _unrecorded():
    raise AssertionError("nothing is recorded: tests/peers/record")


@functools.lru_cache
def _lacks(python, module):
    return subprocess.run([python, "-c", "import " + module], capture_output=True).returncode != 0


def python_missing(case):
    """Why Python models of the case cannot run here, or None: WEIR_PYTHON names a Python with the modules."""
    python = os.environ.get("WEIR_PYTHON", "python3")
    lacking = [module for module in case.get("python", ()) if _lacks(python, module)]
    return "%s has no %s (WEIR_PYTHON names another)" % (python, ", ".join(lacking)) if lacking else None


def _cases(options, engine, title, missing):
    out = []
    for name in sorted(os.listdir(PROJECTS)):
        folder = os.path.join(PROJECTS, name)
        if engine not in observe.engines_of(folder):
            continue
        with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
            case = json.load(file)
        if not os.path.exists(recorded_in(name, engine)):
            out.append(("%s/%s/recorded" % (title, name), _unrecorded, None))
            continue
        with open(recorded_in(name, engine), encoding="utf-8") as file:
            recorded = observe.expand(json.load(file)["steps"])
        skip = missing or python_missing(case) or (case["later"] if case.get("later") and not options.later else None)
        once = _Once(options.program, folder, PLACES[engine])
        for level in LEVELS:
            if any(LEVELS[level](step) is not None for step in recorded):
                out.append(("%s/%s/%s" % (title, name, level), _check(once, recorded, level), skip))
    return out


def cases(options):
    """On DuckDB: differential/NAME/LEVEL; on a Postgres of our own: differential-postgres/NAME/LEVEL."""
    return (_cases(options, "duckdb", "differential", None) +
            _cases(options, "postgres", "differential-postgres", postgres.missing()))
