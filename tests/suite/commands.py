"""Suite (v): the command line as people and orchestrators use it."""
import json
import os
import re
import shutil
import subprocess
import tempfile

from . import observe, projects, tables

STAMP = re.compile(r"^\d\d:\d\d:\d\d  ")
OPTIONS = {
    "build": ["--select", "--exclude", "--selector", "--vars", "--target", "--threads", "--full-refresh", "--fail-fast",
              "--resource-type", "--state", "--store-failures", "--project-dir", "--profiles-dir", "--target-path"],
    "run": ["--select", "--exclude", "--vars", "--target", "--threads", "--full-refresh", "--fail-fast", "--state"],
    "test": ["--select", "--exclude", "--vars", "--store-failures", "--indirect-selection"],
    "seed": ["--select", "--full-refresh", "--show"],
    "compile": ["--select", "--inline", "--output"],
    "parse": ["--vars", "--target"],
    "ls": ["--select", "--output", "--output-keys", "--resource-type", "--exclude-resource-type"],
    "show": ["--select", "--inline", "--limit", "--output"],
    "run-operation": ["--args"],
    "docs": ["generate"],
    "deps": ["--project-dir"],
    "clean": ["--project-dir"],
    "debug": ["--profiles-dir"],
    "init": ["--profile"],
}


class World:
    """A temporary shop project and the program to run in it."""

    def __init__(self, program, files=None):
        self.program = program
        self.top = tempfile.TemporaryDirectory(prefix="weir-cli-")
        self.project = projects.write(os.path.join(self.top.name, "project"), files or projects.shop())
        self.home = os.path.join(self.top.name, "home")
        os.mkdir(self.home)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.top.cleanup()

    def run(self, *args, env=None, cwd=None, code=0, program=None):
        got, out, err = observe.run_program(program or self.program, args, cwd or self.project, self.home, env)
        assert code is None or got == code, "`%s`: exit %d, want %d\n%s%s" % (" ".join(args), got, code, out[-1500:], err[-1500:])
        return out, err

    def path(self, *parts):
        return os.path.join(self.project, *parts)

    def json(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return json.load(file)


TESTS = []


def test(function):
    TESTS.append(function)
    return function


def require(condition, text, shown=""):
    assert condition, "%s\n%s" % (text, shown[-2500:])


# --- help and version ------------------------------------------------------------------------------

@test
def version(world, _):
    out, err = world.run("--version")
    require(re.search(r"\d+\.\d+", out + err), "no version number", out + err)


@test
def help_lists_commands(world, _):
    out, _ = world.run("--help")
    for command in OPTIONS:
        require(re.search(r"\b(%s)\b" % ("ls|list" if command == "ls" else command), out), "--help does not name %r" % command, out)
    require("Usage:" in out, "no usage line", out)


def _help_of(command):
    def check(world, _):
        for asked in ("--help", "-h"):
            out, _ = world.run(command, asked, cwd=world.top.name)
            require("Usage:" in out, "no usage line for %s %s" % (command, asked), out)
            for option in OPTIONS[command]:
                require(option in out, "help of %s does not name %s" % (command, option), out)
    check.__name__ = "help_" + command.replace("-", "_")
    return check


TESTS += [_help_of(command) for command in OPTIONS]


@test
def usage_error_on_stderr(world, _):
    out, err = world.run("run", "--nonsense", code=2)
    require(out == "", "stdout is not empty", out)
    require("No such option" in err and "--nonsense" in err and "Usage:" in err and "--help" in err, "stderr", err)


# --- console ---------------------------------------------------------------------------------------

@test
def console_of_a_build(world, _):
    out, _ = world.run("build")
    lines = out.split("\n")
    require(lines[0].endswith("Running with dbt=1.12.6") or "Running with dbt=1.12.6" in lines[0], "first line", out)
    require(all(STAMP.match(line + "  ") for line in lines if line), "a line without a stamp", out)
    for text in ("Registered adapter: duckdb=", "Found 4 models, 3 data tests, 1 seed, 1 exposure",
                 "Concurrency: 1 threads (target='dev')", "START sql view model main.stg_items", "OK created sql table model main.totals",
                 "OK created sql incremental model main.grows", "OK loaded seed file main.items", "[INSERT 3 in ", "PASS unique_stg_items_id",
                 "Completed successfully", "Done. PASS="):
        require(text in out, "not printed: %s" % text, out)
    done = re.search(r"Done\. PASS=(\d+) WARN=0 ERROR=0 SKIP=0 NO-OP=1 REUSED=0 TOTAL=8", out)
    require(done, "the closing line", out)


@test
def lines_are_padded_to_80(world, _):
    world.run("seed")
    out, _ = world.run("run")
    starts = [STAMP.sub("", line) for line in out.split("\n") if "START sql" in line]
    require(starts and all(line.index("[RUN]") == 81 and "." in line for line in starts), "padding", out)


@test
def no_colour(world, _):
    world.run("seed")
    out, _ = world.run("run", "--no-use-colors", env={"DBT_USE_COLORS": ""})
    require("\x1b[" not in out, "an escape code", out)


@test
def colour(world, _):
    world.run("seed")
    out, _ = world.run("run", "--use-colors", env={"DBT_USE_COLORS": ""})
    require("\x1b[32m" in out and "\x1b[0m" in out, "no green", out)


@test
def quiet(world, _):
    world.run("seed")
    out, err = world.run("run", "--quiet")
    require((out + err).strip() == "", "something was printed", out + err)


@test
def quiet_ls_prints_only_nodes(world, _):
    out, _ = world.run("-q", "ls", "--resource-type", "model")
    require(sorted(out.split()) == ["shop.between", "shop.grows", "shop.stg_items", "shop.totals"], "lines", out)


@test
def json_log(world, _):
    out, _ = world.run("--log-format", "json", "build")
    names = []
    for line in out.strip().split("\n"):
        entry = json.loads(line)
        require(sorted(entry) == ["data", "info"], "keys of a line", line)
        lacking = {"category", "code", "extra", "invocation_id", "level", "msg", "name", "pid", "thread", "ts"} - set(entry["info"])
        require(not lacking, "info lacks %s" % sorted(lacking), line)
        require(list(entry["info"]) == sorted(entry["info"]), "keys are not sorted", line)
        names.append((entry["info"]["name"], entry["info"]["code"]))
    for wanted in (("MainReportVersion", "A001"), ("AdapterRegistered", "E034"), ("FoundStats", "W006"), ("LogStartLine", "Q011"),
                   ("LogModelResult", "Q012"), ("LogTestResult", "Q007"), ("LogSeedResult", "Q016"), ("EndOfRunSummary", "Z030")):
        require(wanted in names, "no line %s %s" % wanted, out)
    require(len({json.loads(line)["info"]["invocation_id"] for line in out.strip().split("\n")}) == 1, "several invocation ids")


@test
def json_log_node_info(world, _):
    world.run("seed")
    out, _ = world.run("run", env={"DBT_LOG_FORMAT": "json"})
    results = [json.loads(line) for line in out.strip().split("\n") if '"LogModelResult"' in line]
    require(results, "no LogModelResult", out)
    node = results[0]["data"]["node_info"]
    for key in ("node_name", "node_path", "unique_id", "resource_type", "materialized", "node_status", "node_started_at",
                "node_finished_at", "meta", "node_relation"):
        require(key in node, "node_info lacks %s" % key, json.dumps(node))


@test
def log_file(world, _):
    world.run("parse")
    with open(world.path("logs", "dbt.log"), encoding="utf-8") as file:
        require("Running with dbt" in file.read(), "logs/dbt.log")


@test
def log_file_json(world, _):
    world.run("parse", env={"DBT_LOG_FORMAT_FILE": "json", "DBT_LOG_PATH": "other_logs"})
    with open(world.path("other_logs", "dbt.log"), encoding="utf-8") as file:
        lines = [json.loads(line) for line in file.read().strip().split("\n")]
    require(any(line["info"]["name"] == "MainReportVersion" for line in lines), "logs/dbt.log")


# --- options from everywhere -------------------------------------------------------------------------

@test
def target_path_by_option_and_env(world, _):
    world.run("parse", "--target-path", "one")
    world.run("parse", env={"DBT_TARGET_PATH": "two"})
    world.run("parse", env={"DBT_ENGINE_TARGET_PATH": "three"})
    for name in ("one", "two", "three"):
        require(os.path.exists(world.path(name, "manifest.json")), "%s/manifest.json" % name)
    require(not os.path.exists(world.path("target", "manifest.json")), "target/manifest.json was written too")


@test
def global_options_before_the_command(world, _):
    out, _ = world.run("--no-use-colors", "--debug", "--no-partial-parse", "--warn-error", "parse")
    require("Running with dbt" in out, "printed", out)
    out, _ = world.run("--quiet", "--log-format", "json", "parse")
    require(out.strip() == "", "quiet", out)


@test
def option_beats_environment(world, _):
    out, _ = world.run("parse", "--target-path", "one", env={"DBT_TARGET_PATH": "two"})
    require(os.path.exists(world.path("one", "manifest.json")) and not os.path.exists(world.path("two")), "option against env", out)


@test
def flags_of_the_project(world, _):
    with open(world.path("dbt_project.yml"), "a", encoding="utf-8") as file:
        file.write("flags:\n  fail_fast: true\n  use_colors: false\n")
    with open(world.path("models", "flagged.sql"), "w", encoding="utf-8") as file:
        file.write("select '{{ flags.FAIL_FAST }}' as a\n")
    out, _ = world.run("-q", "compile", "--select", "flagged", env={"DBT_USE_COLORS": ""})
    require("'True' as a" in out, "flags:", out)
    out, _ = world.run("-q", "compile", "--select", "flagged", env={"DBT_FAIL_FAST": "false"})
    require("'False' as a" in out, "env beats flags:", out)
    out, _ = world.run("-q", "compile", "--select", "flagged", "--fail-fast", env={"DBT_FAIL_FAST": "false"})
    require("'True' as a" in out, "an option beats env", out)


@test
def target_by_environment(world, _):
    world.run("seed", env={"DBT_TARGET": "other"})
    require(os.path.exists(world.path("other.duckdb")), "other.duckdb")
    require("other.elsewhere.items" in tables.read(world.project), "schema of the target", str(tables.read(world.project))[:300])


@test
def project_dir_from_elsewhere(world, _):
    world.run("parse", "--project-dir", world.project, "--profiles-dir", world.project, cwd=world.top.name)
    require(os.path.exists(world.path("target", "manifest.json")), "target/manifest.json")
    shutil.rmtree(world.path("target"))
    world.run("parse", env={"DBT_PROJECT_DIR": world.project, "DBT_PROFILES_DIR": world.project}, cwd=world.top.name)
    require(os.path.exists(world.path("target", "manifest.json")), "target/manifest.json by environment")


@test
def profiles_in_home(world, _):
    os.mkdir(os.path.join(world.home, ".dbt"))
    os.rename(world.path("profiles.yml"), os.path.join(world.home, ".dbt", "profiles.yml"))
    world.run("parse")


@test
def dot_env_file(world, _):
    with open(world.path(".env"), "w", encoding="utf-8") as file:
        file.write("WEIR_CASE_FROM_FILE=from_file\nWEIR_CASE_BOTH=file\n")
    with open(world.path("models", "env.sql"), "w", encoding="utf-8") as file:
        file.write("select '{{ env_var(\"WEIR_CASE_FROM_FILE\") }}-{{ env_var(\"WEIR_CASE_BOTH\") }}' as a\n")
    out, _ = world.run("-q", "compile", "--select", "env", env={"WEIR_CASE_BOTH": "shell"})
    require("'from_file-shell'" in out, "compiled", out)


@test
def several_words_after_select(world, _):
    out, _ = world.run("-q", "ls", "--select", "stg_items", "totals", "--resource-type", "model")
    require(sorted(out.split()) == ["shop.stg_items", "shop.totals"], "words", out)
    again, _ = world.run("-q", "ls", "--select", "stg_items", "--select", "totals", "--resource-type", "model")
    require(sorted(again.split()) == sorted(out.split()), "repeated option", again)
    again, _ = world.run("-q", "ls", "-s", "stg_items totals", "--resource-type=model")
    require(sorted(again.split()) == sorted(out.split()), "one quoted word", again)


@test
def threads(world, _):
    out, _ = world.run("seed", "--threads", "4")
    require("Concurrency: 4 threads" in out, "threads", out)


@test
def vars_as_json_and_yaml(world, _):
    with open(world.path("models", "v.sql"), "w", encoding="utf-8") as file:
        file.write("select '{{ var('a') }}|{{ var('b')[1] }}' as v\n")
    for text in ('{"a": 1, "b": [1, "two"]}', "{a: 1, b: [1, two]}", "a: 1\nb: [1, two]"):
        out, _ = world.run("-q", "compile", "--select", "v", "--vars", text)
        require("'1|two'" in out, "vars %r" % text, out)


@test
def partial_parse_options_are_accepted(world, _):
    world.run("--no-partial-parse", "parse")
    world.run("parse", "--partial-parse", "--no-static-parser", "--no-version-check", "--no-populate-cache", "--cache-selected-only")


@test
def models_is_select(world, _):
    out, _ = world.run("-q", "ls", "-m", "totals")
    require("shop.totals" in out, "-m", out)


# --- commands --------------------------------------------------------------------------------------

@test
def nothing_to_do_is_success(world, _):
    out, _ = world.run("run", "--select", "tag:none")
    require("Nothing to do. Try checking your model configs and model specification args" in out, "words", out)
    require("The selection criterion 'tag:none' does not match any enabled nodes" in out, "warning", out)
    require(world.json("target", "run_results.json")["results"] == [], "run_results.json")


@test
def failure_is_one(world, _):
    with open(world.path("models", "broken.sql"), "w", encoding="utf-8") as file:
        file.write("select * from nowhere_at_all\n")
    out, _ = world.run("build", code=1)
    require("Completed with 1 error, 0 partial successes, and 0 warnings:" in out, "summary", out)
    require({r["status"] for r in world.json("target", "run_results.json")["results"]} == {"success", "pass", "error", "no-op"}, "statuses")


@test
def ls_json(world, _):
    out, _ = world.run("-q", "ls", "--output", "json", "--resource-type", "model")
    lines = [json.loads(line) for line in out.strip().split("\n")]
    require({line["name"] for line in lines} == {"between", "grows", "stg_items", "totals"}, "names", out)
    out, _ = world.run("-q", "list", "--output", "json", "--output-keys", "unique_id", "config.materialized", "--select", "totals",
                       "--resource-type", "model")
    require(json.loads(out) == {"unique_id": "model.shop.totals", "config.materialized": "table"}, "keys", out)


@test
def show(world, _):
    world.run("build")
    out, _ = world.run("show", "--select", "stg_items", "--output", "json", "--limit", "2", "-q")
    shown = json.loads(out)
    require(shown["node"] == "stg_items" and len(shown["show"]) == 2 and shown["show"][0]["price"] == 10, "rows", out)


@test
def run_operation(world, _):
    out, _ = world.run("run-operation", "hello", "--args", "{name: there}")
    require("hello there" in out.split("\n"), "printed", out)


@test
def docs_generate(world, _):
    world.run("build")
    out, _ = world.run("docs", "generate")
    require("Building catalog" in out and "Catalog written to" in out, "words", out)
    nodes = world.json("target", "catalog.json")["nodes"]
    require("model.shop.totals" in nodes and "seed.shop.items" in nodes, "catalog", str(sorted(nodes)))


@test
def clean(world, _):
    world.run("parse")
    world.run("clean")
    require(not os.path.exists(world.path("target")), "target is still there")
    require(os.path.exists(world.path("models", "totals.sql")), "clean removed a model")


@test
def deps_without_packages(world, _):
    world.run("deps")


@test
def debug(world, _):
    out, _ = world.run("debug")
    require("All checks passed!" in out, "words", out)
    os.unlink(world.path("profiles.yml"))
    world.run("debug", code=1)


@test
def init(world, _):
    world.run("init", "fresh_start", "--skip-profile-setup", cwd=world.top.name)
    require(os.path.exists(os.path.join(world.top.name, "fresh_start", "dbt_project.yml")), "dbt_project.yml")


@test
def empty_flag(world, _):
    world.run("seed")
    world.run("run", "--empty")
    got = tables.read(world.project)
    require(got["warehouse.main.grows"]["rows"] == [], "rows", str(got.get("warehouse.main.grows")))


@test
def called_as_dbt(world, is_peer):
    if is_peer:
        return
    link = os.path.join(world.top.name, "dbt")
    os.symlink(world.program[0], link)
    out, _ = world.run("build", program=[link])
    require("Completed successfully" in out, "as dbt", out)
    out, _ = world.run("run", "--nonsense", program=[link], code=2)


@test
def found_by_path(world, is_peer):
    """Started by its bare name from PATH, so that its own place has to be looked up."""
    if is_peer:
        return
    folder = os.path.dirname(world.program[0])
    name = os.path.basename(world.program[0])
    world.run("build", program=["/usr/bin/env", "PATH=%s:/usr/bin:/bin" % folder, name])


# --- pipes -----------------------------------------------------------------------------------------

@test
def reader_that_leaves(world, is_peer):
    """`weir build | head -1`: the run must reach its end, or stop cleanly; it must not hang or crash."""
    if is_peer:
        return
    process = subprocess.Popen([*world.program, "build"], cwd=world.project, env=observe.clean_environment(world.home),
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    process.stdout.readline()
    process.stdout.close()
    code = process.wait(timeout=60)
    require(code in (0, 1, 2, -13), "exit %d" % code)
    world.run("build")


@test
def no_streams_at_all(world, is_peer):
    if is_peer:
        return
    done = subprocess.run(["/bin/sh", "-c", '"$0" build <&- >&- 2>&-', world.program[0]], cwd=world.project,
                          env=observe.clean_environment(world.home), timeout=60, check=False)
    require(done.returncode == 0, "exit %d" % done.returncode)
    require(world.json("target", "run_results.json")["results"], "no results")
    require("warehouse.main.totals" in tables.read(world.project), "no table; was the database written over by a log line?")


def cases(options):
    def case(function):
        def check():
            with World(options.program) as world:
                function(world, options.slow_peer)
        return check
    return [("cli/" + function.__name__, case(function), None) for function in TESTS]
