"""Runs one corpus case with a program that takes dbt's command line and writes down what it did.

The same function serves tests/peers/record (program = dbt) and tests/run (program = weir), so both
sides are normalised alike: paths of the temporary copy become {project}, ids, times and durations go.

A case is a folder with case.json:
  about           one line
  steps           list of {args, env?, edit?: {path: text or null}, exit?}
  later           a reason: the case is skipped unless asked for
  files           globs of files a step may write, recorded beside the tables
  ignore_columns  columns whose values depend on the clock
  engines         what it is recorded on: duckdb (when not said), postgres
  keep            artifacts that the next step is to find: run_results.json for retry
The files below on_postgres/ (on_duckdb/) take the place of the project's when it runs there.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

from . import tables

RUNNING = {"run", "build", "test", "seed", "snapshot", "retry", "clone"}
STAMP = re.compile(r"^\d\d:\d\d:\d\d  ?")
ANSI = re.compile(r"\x1b\[[0-9;]*m")
KEY_LINE = re.compile(
    r"^((Batch )?\d+ of \d+ |Found \d|Concurrency:|Finished running|Completed |Done\. |Nothing to do|Encountered an error|"
    r"Got \d+ result|Failure in|Warning in|compiled code at|The selection criterion|No nodes selected|"
    r"Building catalog|Catalog written|Compiled |Previewing |\[(ERROR|WARNING)\]: (in|Failure|Warning|Got))")
LEFT_OVER = re.compile(r"__dbt_tmp\d{20}$")      # dbt's Python increments stay behind, with the time in their name
KINDS = re.compile(r"^(Compilation|Parsing|Runtime|Database|Internal|Dependency) Error")


def clean_environment(home, extra=None):
    """What both programs are started with: nothing of the caller's dbt or weir settings."""
    env = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": home, "LANG": "C.UTF-8", "TZ": "UTC",
           "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_USE_COLORS": "false"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "WEIR_ENGINE_LIBRARY",
                 "WEIR_DUCKDB_LIB", "WEIR_PYTHON"):
        if name in os.environ:
            env[name] = os.environ[name]
    env.update(extra or {})
    return env


def run_program(program, args, cwd, home, env=None, timeout=180):
    """(exit code, stdout, stderr); exit code -N for signal N, 124 for a program that never ended."""
    try:
        done = subprocess.run([*program, *args], cwd=cwd, env=clean_environment(home, env), timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True)
    except subprocess.TimeoutExpired as late:
        return 124, (late.stdout or b"").decode(errors="replace"), "no end within %d s" % timeout
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def copy_case(folder, into):
    shutil.copytree(folder, into, ignore=shutil.ignore_patterns("case.json", "on_*"))
    return into


def edit_files(project, edits):
    for path, text in edits.items():
        full = os.path.join(project, path)
        if text is None:
            os.unlink(full)
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


# --- normalising -------------------------------------------------------------------------------

def plain(text, project):
    text = text.replace(os.path.realpath(project), "{project}").replace(project, "{project}")
    return ANSI.sub("", text).replace("\r\n", "\n")


def console(text):
    """(key lines without stamps, durations and running numbers; lines that are the command's answer)"""
    keys, answer = [], []
    in_problem = False
    for line in text.split("\n"):
        stamped = STAMP.match(line)
        words = STAMP.sub("", line)
        if stamped:
            in_problem = bool(re.match(r"\[?(WARNING|ERROR|Deprecat|Encountered)|.*Error", words)) and not (
                "selection criterion" in words)
        elif not in_problem and line.strip():
            answer.append(line)
        if (stamped and KEY_LINE.match(words)) or (not stamped and in_problem and KINDS.match(words)):
            words = re.sub(r"\bin \d+\.\d\ds", "in #s", words)
            words = re.sub(r"in \d+ hours .*", "in #", words)
            words = re.sub(r"\d+ macros", "# macros", words)
            words = re.sub(r"^\d+ of (\d+)", r"# of \1", words)
            words = re.sub(r"weir=[^ )]*", "", words)
            keys.append(words.rstrip())
    return keys, answer


def _node(node):
    return {key: value for key, value in node.items() if key not in ("created_at",)}


def manifest(path, project):
    """The manifest without ids, times, and the macros and docs of dbt's own packages."""
    with open(path, encoding="utf-8") as file:
        whole = json.loads(plain(file.read(), project))
    out = {}
    own = lambda node: node.get("package_name") not in ("dbt", "dbt_duckdb", "dbt_postgres")
    for part in ("nodes", "sources", "exposures", "groups", "metrics", "semantic_models", "saved_queries",
                 "unit_tests", "functions", "macros", "docs"):
        out[part] = {name: _node(node) for name, node in whole[part].items() if own(node)}
    out["disabled"] = {name: [_node(node) for node in nodes] for name, nodes in whole["disabled"].items()}
    for part in ("parent_map", "child_map", "group_map"):
        out[part] = {name: sorted(ids) for name, ids in whole[part].items()}
    out["selectors"] = whole["selectors"]
    keep = ("dbt_schema_version", "project_name", "project_id", "adapter_type", "quoting", "env")
    out["metadata"] = {key: whole["metadata"].get(key) for key in keep}
    for node in list(out["nodes"].values()):          # what a run adds is recorded as `compiled`
        for key in ("compiled", "compiled_code", "extra_ctes", "extra_ctes_injected", "compiled_path", "build_path"):
            node.pop(key, None)
    return out


def compiled(path, project):
    """{unique id: compiled SQL} of all nodes that were compiled."""
    with open(path, encoding="utf-8") as file:
        whole = json.loads(plain(file.read(), project))
    return {name: _own_code(node) for name, node in whole["nodes"].items() if node.get("compiled_code") is not None}


def _own_code(node):
    """Of a Python model only the user's part: what stands around it is each program's own."""
    return node["raw_code"] if node.get("language") == "python" else node["compiled_code"]


def _message(text):
    """Its first line and the first words below it: what follows repeats SQL that is nobody's interface."""
    lines = [line.strip() for line in (text or "").split("\n") if line.strip()]
    return "\n".join(lines[:2]) if text is not None else None


def results(path, project):
    with open(path, encoding="utf-8") as file:
        whole = json.loads(plain(file.read(), project))
    out = {}
    for result in whole["results"]:
        out[result["unique_id"]] = {
            key: result.get(key) for key in ("status", "failures", "message", "relation_name", "adapter_response",
                                             "compiled", "batch_results")}
        is_diff = result["unique_id"].startswith("unit_test.") and result["status"] == "fail"
        out[result["unique_id"]]["message"] = result["message"] if is_diff else _message(result.get("message"))
    return out


def freshness(path, project):
    """sources.json without times and ages: they depend on the clock."""
    with open(path, encoding="utf-8") as file:
        whole = json.loads(plain(file.read(), project))
    clock = ("max_loaded_at", "snapshotted_at", "max_loaded_at_time_ago_in_s", "timing", "thread_id", "execution_time")
    out = {"version": whole["metadata"]["dbt_schema_version"]}
    for result in whole["results"]:
        out[result["unique_id"]] = {key: type(value).__name__ if key in clock else value for key, value in result.items()}
    return out


def catalog(path, project):
    with open(path, encoding="utf-8") as file:
        whole = json.loads(plain(file.read(), project))
    return {part: whole[part] for part in ("nodes", "sources", "errors")}


def command_of(args):
    words = [word for word in args if not word.startswith("-")]
    return words[0] if words else ""


def _step(program, step, project, home, case, place):
    edit_files(project, step.get("edit", {}))
    target = os.path.join(project, "target")
    for name in ("manifest.json", "run_results.json", "catalog.json", "sources.json"):
        if name not in ("manifest.json", *case.get("keep", ())) and os.path.exists(os.path.join(target, name)):
            os.unlink(os.path.join(target, name))
    before = os.stat(target + "/manifest.json").st_mtime_ns if os.path.exists(target + "/manifest.json") else 0
    code, out, err = run_program(program, step["args"], project, home, {**place.env, **step.get("env", {})})
    command = command_of(step["args"])
    keys, answer = console(plain(out, project))
    seen = {"args": step["args"], "exit": code, "console": keys}
    if command in ("ls", "show", "compile", "run-operation"):
        seen["answer"] = answer
    here = lambda name: os.path.exists(os.path.join(target, name))
    is_new = here("manifest.json") and os.stat(target + "/manifest.json").st_mtime_ns != before
    if command == "parse" and is_new and code == 0:
        seen["manifest"] = manifest(target + "/manifest.json", project)
    if command in RUNNING | {"compile"} and is_new:
        seen["compiled"] = compiled(target + "/manifest.json", project)
    if here("run_results.json") and command in RUNNING:
        seen["results"] = results(target + "/run_results.json", project)
    if here("catalog.json"):
        seen["catalog"] = catalog(target + "/catalog.json", project)
    if here("sources.json"):
        seen["freshness"] = freshness(target + "/sources.json", project)
    if command in RUNNING | {"run-operation"}:
        seen["tables"] = {name: relation for name, relation in place.read(project, case.get("files", ())).items()
                          if not LEFT_OVER.search(name)}
        for relation in seen["tables"].values():
            _forget(relation, case.get("ignore_columns", ()))
    return seen, out, err


def _forget(relation, names):
    if not names or not isinstance(relation, dict) or "columns" not in relation:
        return
    numbers = [at for at, column in enumerate(relation["columns"]) if column[0] in names]
    for row in relation["rows"]:
        for at in numbers:
            row[at] = "#" if row[at] is not None else None
    relation["rows"].sort(key=lambda row: json.dumps(row))


class DuckPlace:
    """Where a case runs: DuckDB files in the project's folder. postgres.Place is the other kind."""
    name = "duckdb"
    env = {}

    def __init__(self, case):
        pass

    def prepare(self, project):
        pass

    def read(self, project, patterns=()):
        return tables.read(project, patterns)

    def close(self):
        pass


def engines_of(folder):
    """What the case in a folder is recorded on."""
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        return json.load(file).get("engines", ["duckdb"])


def observe(program, folder, keep_output=None, place=DuckPlace):
    """The list of what each step of the case in `folder` did, run with `program` (an argv prefix)."""
    with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
        case = json.load(file)
    where = place(os.path.basename(folder))
    with tempfile.TemporaryDirectory(prefix="weir-case-") as top:
        project = copy_case(folder, os.path.join(top, "project"))
        home = os.path.join(top, "home")
        os.mkdir(home)
        if os.path.isdir(os.path.join(folder, "on_" + where.name)):
            shutil.copytree(os.path.join(folder, "on_" + where.name), project, dirs_exist_ok=True)
        where.prepare(project)
        steps = []
        for step in case["steps"]:
            seen, out, err = _step(program, step, project, home, case, where)
            if keep_output is not None:
                keep_output.append({"args": step["args"], "exit": seen["exit"], "stdout": out, "stderr": err})
            steps.append(seen)
        where.close()
        return steps


# --- keeping recordings small --------------------------------------------------------------------

DELTA = ("tables", "compiled", "manifest")


def shrink(steps):
    """Leaves out of each step what equals the same entry of the step before that has the part."""
    last, out = {}, []
    for step in steps:
        step = dict(step)
        for part in DELTA:
            if part not in step:
                continue
            whole = step[part]
            flat = _flat(part, whole)
            known = last.get(part, {})
            change = {name: value for name, value in flat.items() if known.get(name, None) != value or name not in known}
            gone = sorted(set(known) - set(flat))
            step[part] = {"set": change, "gone": gone}
            last[part] = flat
        out.append(step)
    return out


def expand(steps):
    """The inverse of shrink()."""
    last, out = {}, []
    for step in steps:
        step = dict(step)
        for part in DELTA:
            if part not in step:
                continue
            flat = {name: value for name, value in last.get(part, {}).items() if name not in step[part]["gone"]}
            flat.update(step[part]["set"])
            last[part] = flat
            step[part] = _deep(part, flat)
        out.append(step)
    return out


def _flat(part, whole):
    if part != "manifest":
        return whole
    return {"%s|%s" % (top, name): value for top, things in whole.items() for name, value in things.items()}


def _deep(part, flat):
    if part != "manifest":
        return dict(flat)
    out = {top: {} for top in ("nodes", "sources", "exposures", "groups", "metrics", "semantic_models", "saved_queries",
                               "unit_tests", "functions", "macros", "docs", "disabled", "parent_map", "child_map",
                               "group_map", "selectors", "metadata")}
    for name, value in flat.items():
        top, rest = name.split("|", 1)
        out[top][rest] = value
    return out


def peak_mb(pid):
    """The peak of a process's resident memory so far, in MB; 0 when it is gone."""
    try:
        with open("/proc/%d/status" % pid) as file:
            return next((int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0
