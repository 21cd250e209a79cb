#!/usr/bin/env python3
"""New templates by grammar, rendered by weir and by jinja2: the outputs must be equal, and both fail or none.

    tests/render/generate.py --weir build/src/jinja/jinja-render [--count 2000] [--seed N] [-v] [--print]
"""
import argparse
import os
import random
import re
import shlex
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import cases  # noqa: E402

VARS = {"a": 1, "b": 2.5, "s": "Hello, World", "t": "", "n": None, "y": True, "z": False, "xs": [3, 1, 2], "e": [],
        "ss": ["b", "a", "c d"], "d": {"k": "v", "j": 2, "nested": {"x": [1, 2]}}, "big": 1234567890123,
        "rows": [{"id": 1, "name": "ann", "tags": ["p"]}, {"id": 2, "name": "bob", "tags": []}], "u": "\u00e9t\u00e9 \u2713"}
NAMES = ["a", "b", "s", "t", "n", "y", "z", "xs", "e", "ss", "d", "big", "rows", "u", "nope"]


class Grammar:
    """Grows a template from one source of chance. `depth` left bounds every branch."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.locals, self.macros, self.loops = [], [], 0

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, part):
        return self.random.random() < part

    # ---- expressions ----

    def name(self):
        return self.random.choice(self.locals + NAMES if self.locals and self.chance(0.6) else NAMES)

    def number(self):
        return self.pick("0", "1", "2", "3", "7", "-1", "10", "1.5", "2.0", "0.1", "1e3", "1_000", "0x1f", "100")

    def text(self):
        return self.pick("'x'", "\"it's\"", "'a\\nb'", "'{{ no }}'", "'%}'", "''", "'A' 'b'", "'\\u00e9'", "'a,b,c'",
                         "'%s-%s'", "'  pad '", "'<&>'")

    def atom(self, depth):
        roll = self.random.random()
        if roll < 0.40:
            return self.name()
        if roll < 0.60:
            return self.number()
        if roll < 0.78:
            return self.text()
        if roll < 0.84:
            return self.pick("true", "False", "none", "None", "true")
        if depth <= 0:
            return self.name()
        if roll < 0.90:
            return "[" + ", ".join(self.expression(depth - 1) for _ in range(self.random.randrange(4))) + "]"
        if roll < 0.94:
            return "(" + ", ".join(self.expression(depth - 1) for _ in range(2)) + ")"
        if roll < 0.98:
            keys = self.random.sample(["'p'", "'q'", "1", "'k'"], self.random.randrange(1, 4))
            return "{" + ", ".join(f"{key}: {self.expression(depth - 1)}" for key in keys) + "}"
        return f"({self.expression(depth - 1)})"

    # Expressions of a known type: they seldom fail, so that what stands behind them is tried as well.

    def whole(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.pick("a", "1", "2", "3", "7", "big", "d.j", "0x1f", "xs[0]", "rows[1].id", "-2")
        return self.pick(f"({self.whole(depth - 1)} {self.pick('+', '-', '*', '//', '%')} {self.pick('1', '3', '7')})",
                         f"{self.words(depth - 1)}|length", f"{self.items(depth - 1)}|length", f"{self.words(depth - 1)}|int",
                         f"({self.whole(depth - 1)} if {self.claim(depth - 1)} else {self.whole(depth - 1)})",
                         f"{self.whole(depth - 1)}|abs", f"{self.words(depth - 1)}.count('l')", "xs|sum", "xs|max",
                         f"[{self.whole(depth - 1)}, {self.whole(depth - 1)}]|min", f"-{self.whole(0)}|abs",
                         f"{self.words(depth - 1)}.find('o')")

    def words(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.pick("s", "t", "u", "ss[0]", "d.k", "rows[0].name", "nope", self.text(), self.text())
        return self.pick(f"({self.words(depth - 1)} ~ {self.expression(depth - 1)})", f"{self.words(depth - 1)}|upper",
                         f"{self.words(depth - 1)}|replace('l', {self.text()})", f"{self.words(depth - 1)}|trim",
                         f"{self.items(depth - 1)}|join({self.text()})", f"({self.words(depth - 1)}|string)[{self.whole(0)}:]",
                         f"({self.words(depth - 1)}|string)[:{self.whole(0)}]", f"({self.words(depth - 1)}|string)[::-1]",
                         f"{self.words(depth - 1)}|default({self.text()}, true)", f"{self.whole(depth - 1)}|string",
                         f"({self.words(depth - 1)}|string).split('l')|join('-')", f"{self.items(depth - 1)}|string",
                         f"({self.words(depth - 1)}|string).title()", f"{self.words(depth - 1)}|indent(3)",
                         f"'%s/%s'|format({self.expression(depth - 1)}, {self.whole(0)})", f"{self.items(depth - 1)}|tojson",
                         f"'{{}}:{{:>4}}'.format({self.words(depth - 1)}, {self.whole(0)})")

    def items(self, depth):
        if depth <= 0 or self.chance(0.3):
            return self.pick("xs", "ss", "e", "rows", "d.nested.x", "rows[0].tags", "range(3)|list", "d.keys()|list")
        return self.pick(f"[{self.expression(depth - 1)}, {self.expression(depth - 1)}]", f"{self.items(depth - 1)}|list",
                         f"({self.items(depth - 1)} + {self.items(0)})", f"({self.items(depth - 1)})[{self.pick('1:', ':2', '::-1')}]",
                         f"{self.items(depth - 1)}|map('string')|list", f"{self.items(depth - 1)}|reverse|list",
                         f"{self.items(depth - 1)}|select|list", f"{self.items(depth - 1)}|batch(2)|list",
                         f"{self.words(depth - 1)}|list", f"rows|map(attribute='name')|list", f"{self.items(depth - 1)}|slice(2)|list",
                         f"rows|selectattr('id', 'gt', {self.whole(0)})|map(attribute='tags')|list", "d.items()|list",
                         f"{self.items(depth - 1)}|map('string')|sort", f"{self.items(depth - 1)}|map('string')|unique|list")

    def claim(self, depth):
        if depth <= 0 or self.chance(0.2):
            return self.pick("y", "z", "true", "a", "nope", "e", "n is none")
        return self.pick(f"{self.expression(depth - 1)} == {self.expression(depth - 1)}", f"not {self.claim(depth - 1)}",
                         f"{self.whole(depth - 1)} {self.pick('<', '>=', '!=')} {self.whole(depth - 1)} < {self.whole(0)}",
                         f"({self.claim(depth - 1)} and {self.claim(depth - 1)})", f"({self.claim(depth - 1)} or {self.claim(depth - 1)})",
                         f"{self.expression(depth - 1)} {self.pick('in', 'not in')} {self.items(depth - 1)}",
                         f"{self.whole(depth - 1)} is {self.pick('odd', 'not even', 'divisibleby 3', 'in [1, 2]', 'number')}",
                         f"({self.expression(depth - 1)}) is {self.pick('defined', 'none', 'string', 'not mapping', 'iterable')}")

    def typed(self, depth):
        return self.random.choice((self.whole, self.words, self.items, self.claim))(depth)

    def postfix(self, depth):
        base = self.atom(depth)
        bare = base.strip("()")
        if bare[:1] == "{" or re.fullmatch(r"[-\w.]+", bare) and (bare[0] in "-0123456789" or bare.lower() in ("true", "false", "none")):
            return base  # jinja2 forgives what one does with a literal where it can fold it
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2))):
            roll = self.random.random()
            if roll < 0.25:
                base += self.pick(".k", ".nested", ".x", ".name", ".id", ".nope", ".tags", ".0", ".1")
            elif roll < 0.45:
                base += self.pick("[0]", "[-1]", "['k']", "['nested']", "[a]", "['nope']", "[5]")
            elif roll < 0.60:
                base += self.pick("[:1]", "[1:]", "[::2]", "[::-1]", "[-2:]", "[0:2]", "[a:]")
            elif roll < 0.80:
                base += self.pick(".upper()", ".split(',')", ".strip()", ".items()", ".keys()", ".get('k')",
                                  ".get('nope', 3)", ".replace('l', 'L')", ".startswith('H')", ".title()", ".format(a, b)",
                                  ".index(1)", ".count('l')", ".join(ss)", ".values()", ".copy()", ".find('o')",
                                  ".lower()", ".endswith(('d', 'x'))", ".rjust(4, '.')", ".zfill(5)", ".splitlines()")
            else:
                base = f"({base}{self.filter(depth)})"
        return base

    def filter(self, depth):
        simple = self.pick("upper", "lower", "title", "trim", "length", "list", "first", "last", "string", "capitalize",
                           "sort", "unique|list", "reverse|list", "int", "float", "abs", "sum", "min", "max", "tojson",
                           "e", "wordcount", "dictsort", "join", "default", "items|list", "count", "string|length")
        roll = self.random.random()
        if roll < 0.55:
            return "|" + simple
        return "|" + self.pick("join(', ')", "default('D')", "default('D', true)", "replace('a', 'b')", "round(1)", "round",
                               "map('string')|list", "map('upper')|join('/')", "select|list", "reject('none')|list",
                               "selectattr('id', 'gt', 1)|list", "map(attribute='name')|list", "batch(2)|list",
                               "sort(reverse=true)", "truncate(5)", "indent(2)", "center(9)", "groupby('id')|list",
                               "slice(2)|list", "sum(attribute='id')", "int(5)", "format(a, b)", "join('-', attribute='id')",
                               "select('string')|list", "rejectattr('tags')|list", "map('int')|list", "attr('k')",
                               "tojson(indent=1)", "wordwrap(5)", "dictsort(by='value')", "replace('l', 'r', 1)",
                               "selectattr('name')|map(attribute='id')|join(',')", "map(attribute='tags.0')|list")

    def test(self):
        return self.pick("defined", "undefined", "none", "string", "number", "mapping", "sequence", "iterable", "odd",
                         "even", "divisibleby 3", "divisibleby(2)", "in xs", "eq 1", "sameas true", "lower", "upper",
                         "boolean", "integer", "float", "true", "false", "ne 'x'", "gt(1)", "callable", "equalto a")

    def expression(self, depth):
        if depth <= 0:
            return self.atom(0)
        if self.chance(0.7):
            return self.typed(depth)
        roll = self.random.random()
        if roll < 0.45:
            return self.postfix(depth)
        if roll < 0.60:
            operator = self.pick("+", "-", "*", "/", "//", "%", "~", "~", "**", "+")
            right = self.pick("0", "1", "2", "3") if operator == "**" else self.expression(depth - 1)
            return f"{self.postfix(depth - 1)} {operator} {right}"
        if roll < 0.70:
            chain = [self.postfix(depth - 1) for _ in range(self.random.choice((2, 2, 2, 3)))]
            return "".join(part if i == 0 else
                           f" {self.pick('==', '!=', '<', '>', '<=', '>=', 'in', 'not in', '==')} {part}"
                           for i, part in enumerate(chain))
        if roll < 0.80:
            return f"{self.expression(depth - 1)} {self.pick('and', 'or')} {self.expression(depth - 1)}"
        if roll < 0.85:
            return f"not {self.postfix(depth - 1)}"
        if roll < 0.92:
            return f"{self.postfix(depth - 1)} is {self.pick('', '', 'not ')}{self.test()}"
        if roll < 0.97:
            otherwise = f" else {self.expression(depth - 1)}" if self.chance(0.8) else ""
            return f"{self.expression(depth - 1)} if {self.expression(depth - 1)}{otherwise}"
        return f"{self.pick('-', '+')}{self.postfix(depth - 1)}"

    # ---- statements ----

    def tag(self, inside):
        return "{%" + self.pick("", "", "-", "") + " " + inside + " " + self.pick("", "", "-", "") + "%}"

    def data(self):
        return self.pick(" ", "\n", "x", "text ", "  \n  ", "select * from t\n", "{ }", "%", "\n\n", "a\tb ", "-- c\n", "'")

    def body(self, depth):
        return "".join(self.statement(depth) for _ in range(self.random.randrange(1, 4)))

    def scoped(self, names, depth):
        saved = list(self.locals)
        self.locals = self.locals + names
        text = self.body(depth)
        self.locals = saved
        return text

    def for_statement(self, depth):
        target, source = self.pick(("x", "xs"), ("x", "ss"), ("r", "rows"), ("k, v", "d.items()"), ("x", "range(3)"),
                                   ("x", "e"), ("x", "s"), ("i, r", "rows|map('length')|list"), ("x", "d"), ("x", "nope"),
                                   ("a, b", "[(1, 2), (3, 4)]"), ("x", "range(5, 0, -2)"))
        names = [name.strip() for name in target.split(",")]
        test = self.pick("", "", "", " if x is defined", " if not loop", f" if {names[0]} != 1", f" if {names[0]}")
        self.loops += 1
        body = self.scoped(names + ["loop.index", "loop.first", "loop.last", "loop.length", "loop.revindex0",
                                    "loop.previtem", "loop.nextitem", "loop.cycle('p', 'q')", "loop.changed(1)",
                                    "loop.depth"], depth)
        if self.chance(0.15):
            body += self.tag(f"if {self.expression(1)}") + self.tag(self.pick("break", "continue")) + self.tag("endif") + "z"
        self.loops -= 1
        other = self.tag("else") + self.body(depth - 1) if self.chance(0.2) else ""
        return self.tag(f"for {target} in {source}{test}") + body + other + self.tag("endfor")

    def macro_statement(self, depth):
        name = f"m{len(self.macros)}"
        parameters = self.pick("", "p", "p, q=2", "p='d', q=p", "p, q=none")
        names = [part.split("=")[0].strip() for part in parameters.split(",") if part]
        extra = self.random.sample(["varargs", "kwargs", "caller() if caller", "caller is defined"], 2)
        loops, self.loops = self.loops, 0
        text = self.tag(f"macro {name}({parameters})") + self.scoped(names + extra, depth) + self.tag("endmacro")
        self.loops = loops
        self.macros.append(name)
        return text

    def call(self, depth):
        name = self.random.choice(self.macros) if self.macros else "nomacro"
        arguments = [self.expression(depth - 1) for _ in range(self.random.randrange(3))]
        if self.chance(0.3):
            arguments.append(f"{self.pick('p', 'q', 'w')}={self.expression(depth - 1)}")
        if self.chance(0.1):
            arguments.append(self.pick("*xs", "**d", "*[1]"))
        return f"{name}({', '.join(arguments)})"

    def statement(self, depth):
        roll = self.random.random()
        if roll < 0.28 or depth <= 0:
            return self.data()
        if roll < 0.58:
            return "{{" + self.pick("", "", "-") + " " + self.expression(depth) + " " + self.pick("", "", "-") + "}}"
        if roll < 0.66:
            name = self.pick("a", "v1", "v2", "x")
            text = self.tag(f"set {name} = {self.expression(depth)}")
            if name not in self.locals:
                self.locals = self.locals + [name]
            return text
        if roll < 0.75:
            text = self.tag(f"if {self.expression(depth)}") + self.body(depth - 1)
            if self.chance(0.3):
                text += self.tag(f"elif {self.expression(depth - 1)}") + self.body(depth - 1)
            if self.chance(0.5):
                text += self.tag("else") + self.body(depth - 1)
            return text + self.tag("endif")
        if roll < 0.84:
            return self.for_statement(depth - 1)
        if roll < 0.88:
            return self.macro_statement(depth - 1)
        if roll < 0.92 and self.macros:
            return "{{ " + self.call(depth) + " }}"
        if roll < 0.94 and self.macros:
            return self.tag(f"call {self.call(depth)}") + self.body(depth - 1) + self.tag("endcall")
        if roll < 0.96:
            return (self.tag("set v3" + self.pick("", "|upper", "|trim|length")) + self.body(depth - 1) + self.tag("endset") +
                    "{{ v3 }}")
        if roll < 0.97:
            return self.tag("filter " + self.pick("upper", "trim", "replace('a', 'A')")) + self.body(depth - 1) + \
                self.tag("endfilter")
        if roll < 0.98:
            return self.tag(f"with w={self.expression(depth)}") + self.scoped(["w"], depth - 1) + self.tag("endwith")
        if roll < 0.99:
            return self.tag(f"set ns = namespace(c={self.number()})") + self.tag(f"set ns.c = ns.c ~ {self.atom(0)}") + \
                "{{ ns.c }}"
        return self.pick("{# comment #}", "{#- c -#}", "{% raw %}{{ x }}{% endraw %}", "{%- raw -%} {% x %} {%- endraw -%}",
                         "{% do xs.append(4) %}", "{% do d.update({'k': a}) %}")

    def template(self):
        return "".join(self.statement(self.random.randrange(1, 4)) for _ in range(self.random.randrange(1, 6)))


def jobs_of(count, seed):
    jobs = []
    for i in range(count):
        grammar = Grammar(f"{seed}/{i}")
        job = {"template": grammar.template(), "vars": VARS}
        for option in cases.SYNTAX + ("strict",):
            if grammar.chance(0.15):
                job[option] = True
        jobs.append(job)
    return jobs


# Addresses in what Python prints of functions and iterators.
ADDRESS = re.compile(r" at 0x[0-9a-f]+|<(generator|built-in method|bound method|function|class|itertools|reversed|filter|map)"
                     r"[^>]*>+")


def agree(theirs, ours):
    if theirs[0] == "fails" or ours[0] == "fails":
        return theirs[0] == ours[0]
    # jinja2's safe texts have a type of their own, which weir does without.
    unmarked = re.sub(r"""Markup\(('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""", r"\1", theirs[1])
    return unmarked == ours[1] or ADDRESS.search(theirs[1]) is not None


def compare(weir, count, seed, is_verbose=False):
    """Prints the suite's line and up to ten differences; gives (passed, failed)."""
    python = cases.find_jinja2()
    if not python:
        print(f"generated: no python3 with jinja2 here, left out (seed {seed})")
        return 0, 0
    jobs = jobs_of(count, seed)
    pairs = list(zip(jobs, cases.render_jinja2(python, jobs), cases.render_weir(weir, jobs)))
    wrong = [pair for pair in pairs if not agree(pair[1], pair[2])]
    rendered = sum(1 for _, theirs, _ in pairs if theirs[0] == "gives")
    print(f"generated: {len(jobs) - len(wrong)} of {len(jobs)} (seed {seed}, {rendered} without an error)", flush=True)
    for job, theirs, ours in wrong if is_verbose else wrong[:10]:
        options = {key: value for key, value in job.items() if value is True}
        print(f"  FAIL {job['template']!r} {options or ''}\n    jinja2 {theirs!r}\n    weir   {ours!r}"[:3000])
    return len(jobs) - len(wrong), len(wrong)


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--weir", required=True)
    parse.add_argument("--count", type=int, default=2000)
    parse.add_argument("--seed", type=int, default=int(time.time()))
    parse.add_argument("--print", action="store_true", help="only show the templates")
    parse.add_argument("-v", action="store_true")
    options = parse.parse_args()
    if options.print:
        for job in jobs_of(options.count, options.seed):
            print(repr(job["template"]))
        return 0
    return 1 if compare(shlex.split(options.weir), options.count, options.seed, options.v)[1] else 0


if __name__ == "__main__":
    sys.exit(main())
