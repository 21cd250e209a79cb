"""A dbtRunner that runs weir: what dbt's own adapter tests call in the place of dbt.

dbt-core stays in the room as plumbing only: it writes the test projects, opens a second connection to look at tables, and its
classes read weir's artifacts. Whatever a test calls a "dbt run" is the program $WEIR as a process of its own.
"""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
from unittest import mock

import agate
from dbt.adapters.duckdb.connections import DuckDBConnectionManager as manager
from dbt.adapters.factory import FACTORY
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.results import FreshnessStatus, NodeStatus
from dbt.cli.exceptions import DbtUsageException
from dbt.contracts.graph.manifest import Manifest
from dbt.exceptions import ContractBreakingChangeError, ParsingError
from dbt.materializations.incremental.microbatch import MicrobatchBuilder
from dbt_common.exceptions import CompilationError, DbtDatabaseError, DbtInternalError, DbtRuntimeError

PROGRAM = os.environ.get("WEIR", "")
ONE_COMMAND = 300        # seconds
runs = 0                 # how often the program was started: a test that never did says nothing of it

KINDS = {"Compilation": CompilationError, "Parsing": ParsingError, "Runtime": DbtRuntimeError,
         "Database": DbtDatabaseError, "Internal": DbtInternalError}
WITH_RESULTS = ("run", "test", "seed", "snapshot", "build", "compile", "show", "retry", "clone", "run-operation")
FAKE_TIME = next((f"/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1" for machine in ("x86_64", "aarch64")
                  if os.path.exists(f"/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1")), None)


class Captured:
    """Where run_dbt_and_capture() wants the console's text."""
    stream = None

    @classmethod
    def begin(cls, stream):
        cls.stream = stream

    @classmethod
    def end(cls):
        cls.stream = None


class Outcome:
    def __init__(self, success, result=None, exception=None):
        self.success, self.result, self.exception = success, result, exception


class Row(types.SimpleNamespace):
    """A result as tests look at it: .node, .status, .message, .failures, .adapter_response, .agate_table"""


class Rows(list):
    """The results of a command: a list that also has dbt's attributes."""
    success = True
    args = {}

    @property
    def results(self):
        return self


def close_connections():
    """The tests' own connections let go: a DuckDB file has one writing process."""
    for adapter in FACTORY.adapters.values():
        adapter.cleanup_connections()
    if manager._ENV is not None:
        manager._ENV.close()
        manager._ENV = None


def open_connections():
    """As after a run of dbt's: a test may ask through the adapter at once (it connects when it is asked)."""
    for adapter in FACTORY.adapters.values():
        adapter.acquire_connection("master")


def target_folder(args, folder):
    for at, word in enumerate(args):
        if word == "--target-path":
            return os.path.join(folder, args[at + 1])
    return os.path.join(folder, os.environ.get("DBT_TARGET_PATH", "target"))


def project_folder(args):
    for at, word in enumerate(args):
        if word == "--project-dir":
            return args[at + 1]
    return os.getcwd()


def moment():
    """The end of time that a test has set for microbatch models, or None."""
    patched = MicrobatchBuilder.build_end_time
    return patched.return_value if isinstance(patched, mock.NonCallableMock) else None


def environment(log_folder):
    out = dict(os.environ, DBT_LOG_PATH=log_folder, DBT_LOG_FORMAT_FILE="json", DBT_LOG_LEVEL_FILE="debug")
    out.setdefault("DBT_USE_COLORS", "false")
    out["PATH"] = os.path.dirname(sys.executable) + os.pathsep + out["PATH"]    # Python models: with the packages
    at = moment()
    if at is not None:
        assert FAKE_TIME, "the package faketime is not installed"
        out.update(LD_PRELOAD=FAKE_TIME, FAKETIME=at.astimezone(datetime.timezone.utc).strftime("@%Y-%m-%d %H:%M:%S"),
                   TZ="UTC", FAKETIME_DONT_FAKE_MONOTONIC="1")
    return out


def command_of(args):
    words = [word for word in args if not word.startswith("-")]
    return " ".join(words[:2]) if words[:1] in (["docs"], ["source"]) else words[0]


def raise_of(text):
    """The exception that dbt would have raised, from what is printed of it."""
    found = re.search(r"Encountered an error:\s*\n(.*)", text, re.S)
    message = found.group(1) if found else text
    if "Breaking change" in message.split("\n")[0]:
        return ContractBreakingChangeError("", message)
    kind = re.match(r"\s*(\w+) Error", message)
    return KINDS.get(kind.group(1) if kind else "", DbtRuntimeError)(message)


def events_of(log_folder):
    try:
        with open(os.path.join(log_folder, "dbt.log"), encoding="utf-8") as file:
            lines = file.read().split("\n")
    except FileNotFoundError:
        return
    for line in lines:
        if not line.startswith("{"):
            continue
        told = json.loads(line)
        yield types.SimpleNamespace(info=types.SimpleNamespace(**told["info"]),
                                    data=types.SimpleNamespace(**told["data"]))


def read_manifest(target):
    return Manifest.from_writable_manifest(
        WritableManifest.read_and_check_versions(os.path.join(target, "manifest.json")))


def status_of(word):
    for kinds in (NodeStatus, FreshnessStatus):
        if word in [kind.value for kind in kinds]:
            return kinds(word)
    return word


def node_of(manifest, told):
    """The manifest's node of a result; an inline one is in no manifest."""
    unique_id = told["unique_id"]
    for part in (manifest.nodes, manifest.sources, manifest.exposures, manifest.unit_tests, manifest.saved_queries,
                 manifest.functions):
        if unique_id in part:
            return part[unique_id]
    return types.SimpleNamespace(unique_id=unique_id, name=unique_id.split(".")[-1],
                                 compiled_code=told.get("compiled_code"))


def read_rows(path, manifest):
    with open(path, encoding="utf-8") as file:
        tree = json.load(file)
    rows = Rows()
    for told in tree["results"]:
        told = dict(told, status=status_of(told["status"]), node=node_of(manifest, told))
        if told.get("batch_results"):
            told["batch_results"] = types.SimpleNamespace(**told["batch_results"])
        rows.append(Row(agate_table=None, **told))
    rows.args = tree.get("args", {})
    return rows


def shown_table(args, env):
    done = subprocess.run([PROGRAM, "--quiet", *args, "--output", "json"], capture_output=True, text=True, env=env,
                          timeout=ONE_COMMAND, check=False)
    start = min((at for at in (done.stdout.find("{"), done.stdout.find("[")) if at >= 0), default=-1)
    if start < 0:
        return agate.Table([])
    told = json.loads(done.stdout[start:])
    return agate.Table.from_object(told["show"] if isinstance(told, dict) else told)


class Runner:
    def __init__(self, manifest=None, callbacks=None):
        self.callbacks = callbacks or []

    def invoke(self, args, **options):
        global runs
        runs += 1
        args = [str(word) for word in args]
        args += [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        close_connections()
        folder = project_folder(args)
        target = target_folder(args, folder)
        log_folder = tempfile.mkdtemp()
        try:
            return self.run(args, target, log_folder)
        finally:
            shutil.rmtree(log_folder, ignore_errors=True)
            open_connections()

    def run(self, args, target, log_folder):
        command = command_of(args)
        results = os.path.join(target, "sources.json" if command == "source freshness" else "run_results.json")
        before = os.stat(results).st_mtime_ns if os.path.exists(results) else 0
        env = environment(log_folder)
        done = subprocess.run([PROGRAM, *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
                              timeout=ONE_COMMAND, check=False)
        print(done.stdout)
        if Captured.stream is not None:
            Captured.stream.write(done.stdout)
        for event in events_of(log_folder):
            for callback in self.callbacks:
                callback(event)
        if done.returncode == 2 and done.stdout.lstrip().startswith("Usage:"):
            return Outcome(False, exception=DbtUsageException(done.stdout))
        if done.returncode not in (0, 1):
            return Outcome(False, exception=raise_of(done.stdout))
        is_new = os.path.exists(results) and os.stat(results).st_mtime_ns != before
        return Outcome(done.returncode == 0, self.result(command, args, target, results if is_new else None, done, env))

    @staticmethod
    def result(command, args, target, results, done, env):
        if command == "debug":
            return done.returncode == 0
        if command in ("ls", "list"):
            return [line for line in done.stdout.split("\n") if line and not re.match(r"\d\d:\d\d:\d\d ", line)]
        if command == "parse":
            return read_manifest(target)
        if command == "docs generate":
            return CatalogArtifact.read_and_check_versions(os.path.join(target, "catalog.json"))
        if command not in WITH_RESULTS + ("source freshness",):
            return None
        rows = read_rows(results, read_manifest(target)) if results else Rows()
        rows.success = done.returncode == 0
        if command == "show" and rows:
            rows[0].agate_table = shown_table(args, env)
        return rows


def install():
    """Puts the runner where dbt's tests look for theirs."""
    import dbt.cli.main
    import dbt.tests.util as util
    dbt.cli.main.dbtRunner = util.dbtRunner = Runner
    util.capture_stdout_logs = Captured.begin
    util.stop_capture_stdout_logs = Captured.end


def count():
    """Leaves dbt's runner in its place and counts its runs: for finding out what dbt itself passes."""
    import dbt.cli.main
    invoke = dbt.cli.main.dbtRunner.invoke

    def counted(self, args, **options):
        global runs
        runs += 1
        return invoke(self, args, **options)

    dbt.cli.main.dbtRunner.invoke = counted
