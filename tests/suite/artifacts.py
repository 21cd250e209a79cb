"""Suite (iv): manifest.json, run_results.json, catalog.json, compiled/, run/.

Shapes come from peers/recorded/_schemas.json (see schemas.py). When $DBT names an installed dbt, its own
classes must also load our manifest.
"""
import json
import os
import re
import subprocess

from . import commands, observe, projects, schemas

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROJECTS = os.path.join(HERE, "peers", "projects")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)?")
NUMBER = re.compile(r'"(created_at|elapsed_time|execution_time)": [0-9.e+-]+')
THREAD = re.compile(r'"thread_id": "[^"]*"')
METADATA = {"dbt_schema_version", "dbt_version", "generated_at", "invocation_id", "invocation_started_at", "env"}


def table():
    with open(os.path.join(HERE, "peers", "recorded", "_schemas.json"), encoding="utf-8") as file:
        return json.load(file)


def _fits(world, name):
    found = schemas.problems(table()[name], world.json("target", name + ".json"))
    assert not found, "%s.json: %d problems\n%s" % (name, len(found), "\n".join(found[:40]))


def _text(world, *parts):
    with open(world.path(*parts), encoding="utf-8") as file:
        return file.read()


def _timeless(text):
    return THREAD.sub('"thread_id": "#"', NUMBER.sub(r'"\1": #', TIME.sub("#time", ID.sub("#id", text))))


def manifest_shape(world, _):
    world.run("build", code=None)
    _fits(world, "manifest")


def run_results_shape(world, _):
    world.run("build", code=None)
    _fits(world, "run_results")
    whole = world.json("target", "run_results.json")
    assert list(sorted(whole)) == ["args", "elapsed_time", "metadata", "results"], sorted(whole)
    assert whole["args"]["which"] == "build" and "invocation_command" in whole["args"] and "vars" in whole["args"], whole["args"]
    assert isinstance(whole["elapsed_time"], float) and whole["elapsed_time"] > 0, whole["elapsed_time"]
    for result in whole["results"]:
        for timing in result["timing"]:
            assert timing["name"] in ("compile", "execute"), timing
            for key in ("started_at", "completed_at"):
                assert TIME.fullmatch(timing[key]) and timing[key].endswith("Z"), timing


def catalog_shape(world, _):
    world.run("build", code=None)
    world.run("docs", "generate", code=None)
    _fits(world, "catalog")


def metadata(world, _):
    world.run("build", env={"DBT_ENV_CUSTOM_ENV_team": "data"})
    for name in ("manifest", "run_results"):
        found = world.json("target", name + ".json")["metadata"]
        assert METADATA <= set(found), sorted(found)
        assert found["dbt_version"] == "1.12.6", found["dbt_version"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found["generated_at"]), found["generated_at"]
        assert ID.fullmatch(found["invocation_id"]), found["invocation_id"]
        assert found["env"] == {"team": "data"}, found["env"]
    ids = {world.json("target", name + ".json")["metadata"]["invocation_id"] for name in ("manifest", "run_results")}
    assert len(ids) == 1, "two invocation ids in one run"


def stable(world, _):
    """Two builds of the same input differ in ids and times only."""
    seen = []
    for _round in range(2):
        world.run("build", "--full-refresh")
        world.run("docs", "generate")
        seen.append({name: _timeless(_text(world, "target", name + ".json")) for name in ("manifest", "catalog")})
    for name in seen[0]:
        first, second = seen[0][name], seen[1][name]
        at = next((at for at in range(min(len(first), len(second))) if first[at] != second[at]), None)
        assert first == second, "%s.json differs: %r against %r" % (
            name, first[max(0, (at or 0) - 60):(at or 0) + 60], second[max(0, (at or 0) - 60):(at or 0) + 60])


def parse_is_stable_over_threads(world, _):
    seen = set()
    for count in ("1", "2", "8"):
        world.run("parse", "--threads", count)
        seen.add(_timeless(_text(world, "target", "manifest.json")))
    assert len(seen) == 1, "the manifest depends on the number of threads"


def nothing_left_over(world, is_peer):
    world.run("build", code=None)
    world.run("docs", "generate", code=None)
    found = []
    for folder, _, names in os.walk(world.project):
        found += [os.path.relpath(os.path.join(folder, name), world.project) for name in names]
    odd = [name for name in found if re.search(r"(~|\.tmp|\.new|\.part|\.partial|\.lock|\.wal|\.swp)$|/\.[^/]+$", name)]
    assert not odd, odd
    if not is_peer:
        known = {"manifest.json", "run_results.json", "catalog.json", "index.html"}
        top = {name for name in os.listdir(world.path("target"))} - {"compiled", "run"}
        assert top <= known | {"graph.gpickle", "graph_summary.json", "semantic_manifest.json"}, sorted(top)


def compiled_and_run_files(world, _):
    world.run("build")
    whole = world.json("target", "manifest.json")
    for name, node in whole["nodes"].items():
        if node["resource_type"] == "seed":
            continue
        assert node["compiled_path"], name
        text = _text(world, node["compiled_path"])
        assert text.strip() == node["compiled_code"].strip(), "%s: %s is not its compiled_code" % (name, node["compiled_path"])
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral":
            assert "shop" in node["build_path"] and _text(world, node["build_path"]).strip(), name


def written_at_parse(world, _):
    world.run("parse")
    assert not os.path.exists(world.path("target", "run_results.json")), "parse wrote run_results.json"
    whole = world.json("target", "manifest.json")
    assert sorted(whole) == sorted([
        "metadata", "nodes", "sources", "macros", "docs", "exposures", "metrics", "groups", "selectors", "disabled", "parent_map",
        "child_map", "group_map", "saved_queries", "semantic_models", "unit_tests", "functions"]), sorted(whole)
    assert any(name.startswith("macro.dbt.") for name in whole["macros"]), "the built-in macros are not listed"


def no_write_json(world, _):
    world.run("build", "--no-write-json")
    for name in ("manifest.json", "run_results.json"):
        assert not os.path.exists(world.path("target", name)), name


def results_of_failed_run(world, _):
    with open(world.path("models", "broken.sql"), "w", encoding="utf-8") as file:
        file.write("select * from nowhere_at_all\n")
    world.run("build", code=1)
    _fits(world, "run_results")
    _fits(world, "manifest")


def results_are_ordered_by_completion(world, _):
    world.run("build")
    ends = [max(timing["completed_at"] for timing in result["timing"])
            for result in world.json("target", "run_results.json")["results"] if result["timing"]]
    assert ends == sorted(ends), ends


LOAD = """
import sys
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
from dbt.artifacts.schemas.catalog import CatalogArtifact
import os
WritableManifest.read_and_check_versions(sys.argv[1] + "/manifest.json")
RunResultsArtifact.read_and_check_versions(sys.argv[1] + "/run_results.json")
if os.path.exists(sys.argv[1] + "/catalog.json"):
    CatalogArtifact.read_and_check_versions(sys.argv[1] + "/catalog.json")
"""


def _loaded_by_dbt(name):
    def check(world, _):
        observe.copy_case(os.path.join(PROJECTS, name), os.path.join(world.top.name, name))
        world.project = os.path.join(world.top.name, name)
        if os.path.exists(world.path("packages.yml")):
            world.run("deps")
        world.run("build", code=None)
        world.run("docs", "generate", code=None)
        python = os.path.join(os.path.dirname(os.environ["DBT"]), "python")
        done = subprocess.run([python, "-c", LOAD, world.path("target")], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
    return check


def cases(options):
    def case(function, files=None):
        def check():
            with commands.World(options.program, files) as world:
                function(world, options.slow_peer)
        return check
    plain = (manifest_shape, run_results_shape, catalog_shape, metadata, stable, parse_is_stable_over_threads, nothing_left_over,
             compiled_and_run_files, written_at_parse, no_write_json, results_of_failed_run, results_are_ordered_by_completion)
    out = [("artifacts/" + function.__name__, case(function), None) for function in plain]
    skip = None if os.environ.get("DBT") else "$DBT names no installed dbt"
    for name in ("docs", "tests", "seeds", "packages", "disabled", "incremental"):
        out.append(("artifacts/loaded_by_dbt/" + name, case(_loaded_by_dbt(name)), skip))
        out.append(("artifacts/shape_of_project/" + name, _shape_of_project(options, name), None))
    return out


def _shape_of_project(options, name):
    def check():
        with commands.World(options.program, projects.frame()) as world:
            observe.copy_case(os.path.join(PROJECTS, name), os.path.join(world.top.name, name))
            world.project = os.path.join(world.top.name, name)
            if os.path.exists(world.path("packages.yml")):
                world.run("deps")
            world.run("build", code=None)
            _fits(world, "manifest")
            _fits(world, "run_results")
    return check
