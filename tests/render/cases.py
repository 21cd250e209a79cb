"""The case files of the differential test: reading, writing, and jinja2 where it can be had. See README.md."""
import glob
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(os.path.dirname(HERE), "cases", "jinja")
SYNTAX = ("trim_blocks", "lstrip_blocks", "keep_trailing_newline")
OPTIONS = SYNTAX + ("strict", "weir")


class Case:
    """One template with its variables, options and recorded answer."""

    def __init__(self, name):
        self.name, self.options, self.template, self.vars_text = name, [], "", None
        self.gives, self.fails = None, None  # one of them is a text, or both None: not recorded yet

    def job(self):
        job = {"template": self.template, "vars": json.loads(self.vars_text) if self.vars_text else {}}
        job.update((option, True) for option in self.options if option != "weir")
        return job

    def print(self):
        lines = ["== " + self.name]
        if self.options:
            lines.append("@ " + " ".join(self.options))
        lines.append(escape(self.template))
        if self.vars_text:
            lines += ["-- vars", self.vars_text]
        if self.fails is not None:
            lines += ["-- fails"] + ([self.fails] if self.fails else [])
        elif self.gives is not None:
            lines += ["-- gives", escape(self.gives)]
        return "\n".join(lines) + "\n"


def escape(text):
    return "\n".join("\\" + line if line.startswith(("-- ", "== ", "\\-- ", "\\== ")) else line
                     for line in text.split("\n"))


def unescape(lines):
    return "\n".join(line[1:] if line.startswith(("\\-- ", "\\== ", "\\\\-- ", "\\\\== ")) else line for line in lines)


def finish(case, part, lines):
    if case is None:
        return
    if part == "template":
        if lines and lines[0].startswith("@ "):
            case.options = lines.pop(0)[2:].split()
            unknown = set(case.options) - set(OPTIONS)
            if unknown:
                raise ValueError(f"{case.name}: unknown options {unknown}")
        case.template = unescape(lines)
    elif part == "vars":
        case.vars_text = "\n".join(lines)
    elif part == "gives":
        case.gives = unescape(lines)
    elif part == "fails":
        case.fails = "\n".join(lines)
    else:
        raise ValueError(f"{case.name}: unknown part {part!r}")


def load(path):
    """The cases of a file and the text before the first."""
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    cases, case, part, lines, head = [], None, None, [], []
    for line in text[:-1].split("\n") if text.endswith("\n") else text.split("\n"):
        if line.startswith("== "):
            finish(case, part, lines)
            case, part, lines = Case(line[3:]), "template", []
            cases.append(case)
        elif case is None:
            head.append(line)
        elif line.startswith("-- "):
            finish(case, part, lines)
            part, lines = line[3:].strip(), []
        else:
            lines.append(line)
    finish(case, part, lines)
    names = [case.name for case in cases]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ValueError(f"{path}: names used twice: {doubled}")
    return head, cases


def save(path, head, cases):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("".join(line + "\n" for line in head) + "".join(case.print() for case in cases))


def files(arguments):
    return arguments or sorted(glob.glob(os.path.join(FOLDER, "*.txt")))


def render_weir(command, jobs):
    """What the program answers to each job: ("gives" or "fails", text)."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for job in jobs:
            file.write(json.dumps(job) + "\n")
        file.flush()
        done = subprocess.run(command + ["--batch", file.name], capture_output=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.decode(errors='replace')[:4000]}")
    answers = []
    for line in done.stdout.decode("utf-8", "surrogatepass").splitlines():
        answer = json.loads(line)
        answers.append(("gives", answer["output"]) if "output" in answer else ("fails", answer["error"]))
    if len(answers) != len(jobs):
        sys.exit(f"{len(jobs)} templates, {len(answers)} answers")
    return answers


def render_each(command, jobs):
    """The same with a process for each job: --template FILE --vars FILE and the options."""
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        template, variables = os.path.join(folder, "template"), os.path.join(folder, "vars.json")
        for job in jobs:
            with open(template, "w", encoding="utf-8", newline="") as file:
                file.write(job["template"])
            with open(variables, "w", encoding="utf-8") as file:
                json.dump(job["vars"], file)
            flags = ["--" + option.replace("_", "-") for option in SYNTAX + ("strict",) if job.get(option)]
            done = subprocess.run(command + ["--template", template, "--vars", variables] + flags, capture_output=True,
                                  timeout=60)
            text = (done.stderr if done.returncode else done.stdout).decode("utf-8", "replace")
            answers.append(("fails" if done.returncode else "gives", text.replace(template, "template")))
    return answers


JINJA2 = """
import json, sys
from jinja2 import Environment, StrictUndefined, Undefined
environments = {}
for line in sys.stdin:
    job = json.loads(line)
    key = tuple(bool(job.get(o)) for o in ("trim_blocks", "lstrip_blocks", "keep_trailing_newline", "strict"))
    if key not in environments:
        environments[key] = Environment(
            extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"], trim_blocks=key[0], lstrip_blocks=key[1],
            keep_trailing_newline=key[2], undefined=StrictUndefined if key[3] else Undefined)
    try:
        answer = ["gives", environments[key].from_string(job["template"]).render(job["vars"])]
    except Exception as error:
        answer = ["fails", type(error).__name__ + ": " + str(error)]
    print(json.dumps(answer))
"""


def find_jinja2():
    """A python that has jinja2, or None. RENDER_PYTHON names one."""
    for python in (os.environ.get("RENDER_PYTHON"), sys.executable, "python3", "/usr/bin/python3"):
        if python:
            try:
                done = subprocess.run([python, "-c", "import jinja2; print(jinja2.__version__)"], capture_output=True)
            except OSError:
                continue
            if done.returncode == 0:
                return python
    return None


def render_jinja2(python, jobs):
    done = subprocess.run([python, "-c", JINJA2], input="".join(json.dumps(job) + "\n" for job in jobs).encode(),
                          capture_output=True, timeout=600)
    answers = [tuple(json.loads(line)) for line in done.stdout.decode().splitlines()]
    if len(answers) != len(jobs):
        sys.exit(f"jinja2 answered {len(answers)} of {len(jobs)}: {done.stderr.decode()[-2000:]}")
    return answers
