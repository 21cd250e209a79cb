"""Suite: the catalogue of mistakes of tests/e2e/error_cases.py and its page, docs/errors.md.

A mistake passes when weir ends with dbt's exit code, does not crash, names the place and says the remedy; what a
mistake lacks today stands in KNOWN with it, so that a mended message must be struck out. The page shows both
programs' messages and is written by `tests/run --weir X --write-errors`; the suite fails when it would differ.
"""
import concurrent.futures
import json
import os
import re
import sys
import tempfile

from . import bad_input, observe

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(HERE, "e2e"))
import error_cases  # noqa: E402

RECORDED = os.path.join(HERE, "peers", "recorded", "_errors.json")
PAGE = os.path.join(os.path.dirname(HERE), "docs", "errors.md")
LINES, WIDTH, TOP = 12, 200, 260000
NOISE = re.compile(
    r"^(Running with dbt=|Registered adapter|Found \d|Concurrency:|\d+ of \d+ (START|OK|SKIP|PASS|ERROR|FAIL|NO-OP|WARN)|Finished running|Done\. |"
    r"Unable to do partial|Starting full parse|Completed |compiled code at|Batch \d+ of|Building catalog|Previewing|"
    r"The selected resources|Sending event|Skipping|\[WARNING\]\[.*anonymous|Installing |Installed from|Updates available|"
    r"Update your versions|\[HINT\]|.*resource_tracker|warnings\.warn\(|Usage: dbt|Try 'dbt|Try \"dbt|Usage: weir|Try 'weir|Using project-specific|Up to date!|"
    r"Encountered an error:?$|\[ERROR\]: Encountered an error:?$)")
STACK = re.compile(r"^ *(> in macro |called by |> called by )")


# --- what a program said -----------------------------------------------------------------------

def message(text, top):
    """The lines that speak of the mistake: no stamps, no progress, no paths of this run, no empty lines."""
    text = observe.ANSI.sub("", text)
    text = text.replace(os.path.realpath(top), "{top}").replace(top, "{top}").replace("{top}/project", "{project}").replace("{top}/home", "{home}")
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "{id}", text)
    text = re.sub(r"0x[0-9a-f]{6,}", "0x#", text)
    text = re.sub(r"/[^ \n\"']*/site-packages/", "", text)
    text = re.sub(r"dbt_tmp_?\d{6,}|__dbt_tmp\d+", "dbt_tmp#", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+\+?[0-9:]*", "{time}", text)
    text = re.sub(r"\b\d+\.\d+ ?s(econds)?\b", "#s", text)
    text = re.sub(r"\bPID \d+|\bpid \d+", "PID #", text)
    text = re.sub(r"1\.12\.6 \(weir [^)]*\)|weir \d+\.\d+\.\d+", "weir", text)
    lines = []
    for line in text.split("\n"):
        line = observe.STAMP.sub("", line).rstrip()
        if line.strip() and not NOISE.match(line.strip()) and not STACK.match(line):
            lines.append(line[:WIDTH] + ("..." if len(line) > WIDTH else ""))
    return lines


def run(program, one):
    """(exit code, everything printed, the message's lines)"""
    with tempfile.TemporaryDirectory(prefix="weir-err-") as top:
        project, home = os.path.join(top, "project"), os.path.join(top, "home")
        os.mkdir(project)
        os.mkdir(home)
        files = {**one["base"], **one["files"]}
        for path, content in files.items():
            full = os.path.join(project, path)
            if content is None:
                continue
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
        if one.get("before"):
            code, out, err = observe.run_program(program, one["before"], project, home, one.get("env"))
            assert code == 0, "the step before failed (%d): %s" % (code, (out + err)[-600:])
        code, out, err = observe.run_program(program, one["args"], project, home, one.get("env"))
        return code, out + err, message(out + "\n" + err, top)


# --- the peer ----------------------------------------------------------------------------------

def record(program, jobs, names=()):
    """The peer's exit code and message for every mistake; with `names`, only these are asked again."""
    known = {}
    if names is not None and os.path.exists(RECORDED):
        with open(RECORDED, encoding="utf-8") as file:
            known = json.load(file)
    asked = [one for one in error_cases.MISTAKES if (one["name"] in names if names else one["name"] not in known)]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(lambda one: _answer(program, one), asked))
    known.update({one["name"]: answer for one, answer in zip(asked, answers)})
    return {one["name"]: known[one["name"]] for one in error_cases.MISTAKES if one["name"] in known}


def _answer(program, one):
    try:
        code, _, lines = run(program, one)
    except AssertionError as problem:
        return {"exit": None, "says": [str(problem)]}
    if any(line.startswith("Traceback") for line in lines):        # the exception is its last line
        first = next(at for at, line in enumerate(lines) if line.startswith("Traceback"))
        tail = [line for line in lines[first + 1:] if not line.startswith(" ")]
        lines = lines[:first + 1] + ["  ..."] + tail[:3]
    return {"exit": code, "says": lines[:LINES] + (["..."] if len(lines) > LINES else [])}


# --- weir --------------------------------------------------------------------------------------

def place_pattern(place):
    path, line, column = place
    if path is None:
        return None
    if line is None:
        return re.escape(path)
    if column is None:                                   # warnings say it in dbt's words
        return r"%s(:%d\b|' \(line %d\))" % (re.escape(path), line, line)
    return r"%s:%d:%d\b" % (re.escape(path), line, column)


def lacks(one, code, output, lines, recorded):
    """What this mistake's message lacks, as words: crash, exit, place, remedy."""
    plain = observe.ANSI.sub("", output)
    out = []
    if code < 0 or code in (124, 126, 127) or code >= 128 or any(text in plain for text in bad_input.NEVER):
        out.append("crash")
    want = one.get("exit", recorded.get(one["name"], {}).get("exit"))
    if code != want:
        out.append("exit")
    pattern = place_pattern(one["place"])
    if pattern and not re.search(pattern, plain):
        out.append("place")
    if not re.search(one["remedy"], plain):
        out.append("remedy")
    for value in (one.get("env") or {}).values():
        if value in plain and value.startswith("hush"):
            out.append("secret")
    return out


class Catalogue:
    """All mistakes run once, when the first of them is asked for; the page needs every answer."""

    def __init__(self, program, jobs):
        self.program, self.jobs, self.done = program, jobs, {}
        self.recorded = {}
        if os.path.exists(RECORDED):
            with open(RECORDED, encoding="utf-8") as file:
                self.recorded = json.load(file)

    def get(self, one):
        if one["name"] not in self.done:
            self.done[one["name"]] = run(self.program, one)
        return self.done[one["name"]]

    def page(self):
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.get, error_cases.MISTAKES))
        return page(self.recorded, {name: (code, lines) for name, (code, _, lines) in self.done.items()})


def _check(catalogue, one):
    def check():
        code, output, lines = catalogue.get(one)
        tail = "\n--- place wanted: %s, remedy: %s\n--- printed (exit %d, dbt %s):\n%s" % (
            place_pattern(one["place"]), one["remedy"], code, catalogue.recorded.get(one["name"], {}).get("exit"),
            observe.ANSI.sub("", output)[-3000:])
        found = lacks(one, code, output, lines, catalogue.recorded)
        known = list(error_cases.KNOWN.get(one["name"], ()))
        assert not set(found) - set(known), "lacks: %s%s" % (", ".join(found), tail)
        assert not set(known) - set(found), "KNOWN says that it lacks %s, which it has now%s" % (", ".join(sorted(set(known) - set(found))), tail)
    return check


def _page_is_new(catalogue):
    def check():
        with open(PAGE, encoding="utf-8") as file:
            stands = file.read().split("\n")
        wanted = catalogue.page().split("\n")
        assert len("\n".join(wanted)) < TOP, "the page has grown too large"
        differs = [at for at in range(max(len(stands), len(wanted))) if stands[at:at + 1] != wanted[at:at + 1]]
        assert not differs, "docs/errors.md line %d: %r, weir says %r; write it anew with tests/run --weir X --write-errors" % (
            differs[0] + 1, stands[differs[0]:differs[0] + 1], wanted[differs[0]:differs[0] + 1])
    return check


def cases(options):
    if options.slow_peer:
        return []
    catalogue = Catalogue(options.program, options.jobs)
    out = [("errors/" + one["name"], _check(catalogue, one), None) for one in error_cases.MISTAKES]
    return out + [("errors/page", _page_is_new(catalogue), None)]


# --- the page ----------------------------------------------------------------------------------

HEAD = """\
# What is said when something is wrong

%d mistakes that people make in dbt projects, each with what weir and dbt-core 1.12.6 with dbt-duckdb 1.11.1 say. Made by
`tests/run --weir build/weir --write-errors` from `tests/e2e/error_cases.py`; the tests fail when weir says something
else. Stamps, progress and stacks of macros are left out, long messages are cut after %d lines. Both programs end with the
same exit code, but where it is said.

"""


def _block(lines):
    shown = lines[:LINES] + (["..."] if len(lines) > LINES else [])
    return "```text\n%s\n```\n" % "\n".join(shown or ["(nothing)"])


def _anchor(title):
    return re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")


def page(recorded, said):
    out = [HEAD % (len(error_cases.MISTAKES), LINES)]
    areas = [(title, [one for one in error_cases.MISTAKES if one["area"] == title]) for title in error_cases.AREAS]
    out.append("".join("- [%s](#%s): %d\n" % (title, _anchor(title), len(found)) for title, found in areas) + "\n")
    for title, found in areas:
        out.append("## %s\n\n" % title)
        for one in found:
            code, lines = said[one["name"]]
            theirs = recorded.get(one["name"], {"exit": None, "says": ["(not recorded)"]})
            line = "### %s\n\n`weir %s`, exit code %d" % (one["what"], " ".join(one["args"]), code)
            if theirs["exit"] != code:
                line += " (dbt: %s%s)" % (theirs["exit"], ", " + one["why"] if one.get("why") else "")
            out.append("%s\n\nweir:\n%s\ndbt:\n%s\n" % (line, _block(lines), _block(theirs["says"])))
    return "".join(out)


def write_page(options):
    text = Catalogue(options.program, options.jobs).page()
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)
    print("wrote docs/errors.md (%d kB)" % (len(text) // 1024))
