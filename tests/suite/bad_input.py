"""Suite (ii): the table of tests/e2e/bad_input_cases.py.

Every case demands: dbt's exit code, a message with the right words and place, no crash, no sanitizer's
finding, no Python trace, no secret in anything printed or written, and no table lost.
"""
import concurrent.futures
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

from . import compare, observe, tables

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(HERE, "e2e"))
import bad_input_cases  # noqa: E402

RECORDED = os.path.join(HERE, "peers", "recorded", "_bad_input.json")
NEVER = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error: ", "Assertion", "core dumped",
         "Traceback (most recent call last)", "Segmentation fault")
SECONDS = 60


def lay_out(case, project):
    for path, content in {**bad_input_cases.BASE, **case["files"]}.items():
        full = os.path.join(project, path)
        if content is None:
            continue
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if callable(content):
            content(full)
        else:
            with open(full, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())


HOLD = """
import ctypes, sys, time
lib = ctypes.CDLL(sys.argv[1]); database = ctypes.c_void_p()
assert lib.duckdb_open(sys.argv[2].encode(), ctypes.byref(database)) == 0
print("held", flush=True); sys.stdin.read()
"""


def run_limited(program, case, project, home):
    """As observe.run_program, with the case's limit on file size and the case's lock on the database."""
    holder = None
    if case.get("locked"):
        holder = subprocess.Popen([sys.executable, "-c", HOLD, tables.find_engine(), project + "/warehouse.duckdb"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "held\n"

    def limit():
        if case.get("limit_kb"):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (case["limit_kb"] * 1024,) * 2)

    try:
        done = subprocess.run([*program, *case["args"]], cwd=project, env=observe.clean_environment(home, case.get("env")),
                              timeout=SECONDS, stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=limit)
        return done.returncode, done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
    except subprocess.TimeoutExpired as late:
        return 124, "no end within %d s\n" % SECONDS + (late.stdout or b"").decode(errors="replace")[-500:]
    finally:
        if holder:
            holder.stdin.close()
            holder.wait()


def run_case(program, case):
    """(exit code, output, tables before or None, tables after or None, files in which the secret was found,
    what a success made)"""
    with tempfile.TemporaryDirectory(prefix="weir-bad-") as top:
        project, home = os.path.join(top, "project"), os.path.join(top, "home")
        os.mkdir(project)
        os.mkdir(home)
        lay_out(case, project)
        before = None
        if case.get("before"):
            code, out, err = observe.run_program(program, case["before"], project, home, case.get("env"))
            assert code == 0, "the step before failed (%d): %s" % (code, (out + err)[-600:])
        if case.get("keeps"):
            before = tables.read(project)
        code, output = run_limited(program, case, project, home)
        after = tables.read(project) if case.get("keeps") else None
        return code, output, before, after, _files_with(case.get("secret"), top, case), _made(case, code, project)


def _made(case, code, project):
    """What a command that succeeds leaves behind: its tables, or the nodes of its manifest."""
    command = observe.command_of(case["args"])
    path = os.path.join(project, "target", "manifest.json")
    if code != 0 or command not in ("run", "seed", "build", "parse", "ls"):
        return {}
    made = {"tables": tables.read(project)} if command in ("run", "seed", "build") else {}
    if command == "parse" and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            made["nodes"] = sorted(json.load(file)["nodes"])
    return made


def _files_with(secret, top, case):
    out = []
    for folder, _, names in os.walk(top) if secret else ():
        for name in names:
            path = os.path.join(folder, name)
            inside = os.path.relpath(path, os.path.join(top, "project"))
            with open(path, "rb") as file:
                if secret.encode() in file.read() and inside not in case["files"]:
                    out.append(inside)
    return out


def record(program, jobs, names=()):
    """The peer's exit code for every case it can be asked; with `names`, only these are asked again."""
    can = [case for case in bad_input_cases.CASES if case.get("peer", True)]
    asked = [case for case in can if not names or case["name"] in names]
    known = {}
    if names:
        with open(RECORDED, encoding="utf-8") as file:
            known = json.load(file)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(lambda case: _answer(program, case), asked))
    known.update({case["name"]: answer for case, answer in zip(asked, answers)})
    return {case["name"]: known[case["name"]] for case in can if case["name"] in known}


def _answer(program, case):
    try:
        code, output, before, after, _, made = run_case(program, case)
    except AssertionError as problem:
        return {"exit": None, "problem": str(problem)}
    plain = observe.ANSI.sub("", output)
    out = {"exit": code, **made}
    lacking = [text for text in case["must"] if text not in plain]
    if lacking:
        out["does_not_say"] = lacking
    if "Traceback" in plain:
        out["python_trace"] = True
    if before != after:
        out["tables_changed"] = True
    return out


def _check(program, case, recorded, is_peer):
    def check():
        code, output, before, after, leaks, made = run_case(program, case)
        plain = observe.ANSI.sub("", output)
        said = recorded.get(case["name"], {})
        want = case.get("exit", said.get("exit"))
        tail = "\n--- printed (exit %d):\n%s" % (code, plain[-3000:])
        assert want is not None, "no exit code is recorded for this case"
        assert code >= 0 and code < 126 and code != 124, "it crashed or hung: exit %d%s" % (code, tail)
        for text in NEVER:
            if is_peer and text.startswith("Traceback"):
                continue
            assert text not in plain, "printed %r%s" % (text, tail)
        assert code == want, "exit %d, want %d%s" % (code, want, tail)
        for text in case["must"]:
            if is_peer and text in said.get("does_not_say", ()):
                continue
            assert text in plain, "does not say %r%s" % (text, tail)
        if not is_peer:
            for pattern in case["located"]:
                assert re.search(pattern, plain), "nothing printed matches %r%s" % (pattern, tail)
        for part in ("tables", "nodes"):
            found = compare.differences(said.get(part), made.get(part)) if part in said else []
            assert not found, "%s: %s%s" % (part, "\n".join(found[:10]), tail)
        assert want != 0 or case["args"][:1] != ["parse"] or made.get("nodes") is not None, "no manifest was written%s" % tail
        if case.get("secret"):
            assert case["secret"] not in output, "the secret was printed%s" % tail
            assert not leaks, "the secret was written to %s" % ", ".join(leaks)
        if case.get("keeps") is True:
            assert before == after, "tables changed: %s to %s" % (json.dumps(before)[:300], json.dumps(after)[:300])
        elif case.get("keeps"):
            kept = lambda found: {name: one for name, one in found.items() if name.endswith("." + case["keeps"])}
            assert kept(before) and kept(before) == kept(after), "table %s changed" % case["keeps"]
    return check


def cases(options):
    recorded = {}
    if os.path.exists(RECORDED):
        with open(RECORDED, encoding="utf-8") as file:
            recorded = json.load(file)
    skip = lambda case: case["why"] if options.slow_peer and "exit" in case else None
    return [("bad_input/" + case["name"], _check(options.asan_program, case, recorded, options.slow_peer), skip(case))
            for case in bad_input_cases.CASES]
