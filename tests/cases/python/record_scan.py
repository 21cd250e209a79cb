#!/usr/bin/env python3
"""Writes scan.json: what dbt-core finds in Python models. Run it with the Python that has dbt-core:

    DBT_PYTHON tests/cases/python/record_scan.py
"""
import ast
import json
import os

from dbt.parser.models import PythonParseVisitor, PythonValidationVisitor

HEAD = "def model(dbt, session):\n"
BODIES = [
    'return dbt.ref("a")',
    "x = dbt.ref('p', 'a', v=2)\nreturn x",
    'return dbt.ref("a", version="1").df()',
    'dbt.config(materialized="table", tags=["x", \'y\'], meta={"k": 1, "l": None}, enabled=True)\nreturn 1',
    "dbt.config(a=-1, b=1.5, c=0x1F, d=1_000, e=(1, 2), f=-2.5e3, g=[], h={}, i=())\nreturn 1",
    'return dbt.source("s", "t")',
    'a = dbt.config.get("k")\nb = dbt.config.get("l", 3)\nreturn dbt.config.meta_get("m", [1])',
    'return dbt.ref("a").join(dbt.ref("b"), on="id")',
    'return pd.concat([dbt.ref("a").df(), dbt.ref("b").df()])',
    'return pd.concat((dbt.ref("a").df(), dbt.ref("b").df()), axis=0)',
    'return f(x=dbt.ref("a"), y=[dbt.ref("b")], **{"z": dbt.ref("c")})',
    'return f({"a": dbt.ref("a"), "b": 1, **other})',
    "return f(1 + dbt.ref('hidden'))",
    "return f(dbt.ref('a') if True else dbt.ref('b'))",
    "return f(*dbt.ref('hidden'))",
    "return f(dbt.ref('a')['x'])",
    "return dbt.ref('a')['x'].foo()",
    "return dbt.ref('a')['x']",
    "return dbt.ref('a')(1)",
    "return g(f)(dbt.ref('a'))",
    "y = {k: dbt.ref('a') for k in dbt.ref('b').columns}\nreturn y",
    "y = f([dbt.ref('a') for k in x])\nreturn y",
    "y = f(dbt.ref('a') for k in x)\nreturn y",
    "session.sql(f\"select * from {dbt.ref('a')} where {x!r:>10} = {dbt.source('s', 't')}\")\nreturn 1",
    "z = f\"{dbt.ref('a')} {{dbt.ref('no')}} {1 + dbt.ref('b')}\"\nreturn z",
    "session.sql(f'{1 + dbt.ref(\"hidden\")}')\nreturn 1",
    "# dbt.ref('comment')\ns = 'dbt.ref(\"text\")'\nreturn s",
    'x = """\ndbt.ref("text")\n"""\nreturn dbt.ref("a")',
    "x = dbt.ref(\n    # where\n    'a'\n    'b',\n)\nreturn x",
    "x = dbt \\\n    .ref('a')\nreturn x",
    "x = (dbt\n     .ref('a')\n     .filter('x'))\nreturn x",
    "x = (dbt.ref('a'))\nreturn (x)",
    "def inner(y):\n    return dbt.ref('a')\nreturn inner(1)",
    "def inner():\n\treturn dbt.ref('a')\nreturn inner()",
    "class A:\n    def model(self):\n        return dbt.ref('a')\nreturn A()",
    "f = lambda q: dbt.ref('a')\nreturn f(1)",
    "return lambda a, b: a",
    "if dbt.is_incremental:\n    return dbt.ref('a')\nelse:\n    pass\nreturn dbt.ref('b')",
    "for x in [dbt.ref('a'), dbt.ref('b')]:\n    pass\nreturn x",
    "with open('x') as h: y = dbt.ref('a')\nreturn y",
    "x = 1; return dbt.ref('a')",
    "x[dbt.ref('a').y] = dbt.ref('b') + dbt.ref('c')\nreturn x",
    "assert dbt.ref('a'), 'b'\nreturn x",
    "x: dbt.ref('a') = dbt.ref('b')\nreturn x",
    "print((y := dbt.ref('a')))\nreturn y",
    "(y := dbt.ref('a'))\nreturn y",
    "x = dbt.ref('a', )\nreturn x",
    r"x = dbt.ref('\x61\142\u0063\n\'')" "\nreturn x",
    r"x = dbt.ref(r'\x61')" "\nreturn x",
    "x = dbt.ref('größe')\nreturn x",
    "x = dbt.ref('''a\nb''')\nreturn x",
    "x = not dbt.ref('a')\nreturn -dbt.ref('b')",
    "x = dbt.ref('a') @ dbt.ref('b')\nreturn x",
    "x = dbt.ref('a')[1:dbt.ref('b')]\nreturn x",
    "x = other.dbt.ref('a')\nreturn x",
    "x = dbt.config.other('a')\nx = dbt.other.get('a')\nx = ref('a')\nreturn x",
    "x = f(g(1).h(dbt.ref('a')).i, dbt.ref('b'))\nreturn x",
    "x = f((dbt.ref('a'),), {dbt.ref('b')}, {dbt.ref('c'): 1})\nreturn x",
    "try:\n    x = dbt.ref('a')\nexcept Exception:\n    x = dbt.ref('b')\nfinally:\n    y = dbt.ref('c')\nreturn x",
    "yield_ = dbt.ref('a')\nx = ...\nreturn yield_",
    "async def go():\n    return await f(dbt.ref('a'))\nreturn 1",
    "dbt.config(x={1: 'a', (1, 2): 'b', None: True})\nreturn 1",
    "dbt.config(x={1, 2})\nreturn 1",
    # refused
    "return dbt.ref(name)",
    "return dbt.ref(f'a')",
    "return dbt.ref(*names)",
    "return dbt.config(**names)",
    "return dbt.ref(1 + x)",
    "dbt.config(x=[a])\nreturn 1",
    "dbt.config(x=dict(a=1))\nreturn 1",
    "x = 1",
    "return 1, 2",
    "return (1, 2)",
    "return ()",
    "return ((1, 2))",
    "return [1, 2]",
    "if x:\n    return 1",
    "return 1\nx = 2",
]
SOURCES = [
    "", "# nothing\n", "x = 1", "import pandas\n\ndef other(dbt, session):\n    return 1",
    "def model(dbt, session): return dbt.ref('a')",
    "def model(dbt, session): x = 1; return dbt.ref('a')",
    "def model(dbt, session): x = 1",
    "def model(dbt, session):\n    return 1\ndef model(dbt, session):\n    return 1",
    "if True:\n    def model(dbt, session):\n        return 1",
    "class A:\n    def model(dbt, session):\n        return 1",
    "def outer():\n    def model(dbt, session):\n        return 1",
    "def outer():\n    def model(dbt, session):\n        return 1\ndef model(dbt, session):\n    return 1",
    "async def model(dbt, session):\n    return 1",
    "async def outer():\n    def model(dbt, session):\n        return 1",
    "def model(session, dbt):\n    return 1", "def model(dbt):\n    return 1", "def model():\n    return 1",
    "def model(dbt, session, x):\n    return 1", "def model(dbt, session, *, x=1):\n    return 1",
    "def model(dbt, session, *args, **kwargs):\n    return 1", "def model(a, /, dbt, session):\n    return 1",
    "def model(dbt: object, session: object = None) -> object:\n    return dbt.ref('a')",
    "def model(\n    dbt,\n    session,\n):\n    return dbt.ref('a')",
    "@decorate(dbt.ref('d'))\ndef model(dbt, session):\n    return 1",
    "x = dbt.ref('top')\ndef model(dbt, session):\n    return dbt.ref('a')",
    "def model(dbt, session, x=dbt.ref('d')):\n    return 1",
    "import a.b as c\nfrom d import (e,\n  f)\n\ndef model(dbt, session):\n    return dbt.ref('a')",
    "def model(dbt, session):\r\n    x = dbt.ref('a')\r\n    return x\r\n",
    # refused by the tokenizer: the line is compared, and the first words
    "def model(dbt, session):\n    return dbt.ref('a'", "def model(dbt, session):\n    return 'a",
    "def model(dbt, session):\n    return '''a\n\n", "def model(dbt, session):\n    return a)",
    "def model(dbt, session):\n    return (a]", "def model(dbt, session):\nreturn 1",
    "def model(dbt, session):\n    x = 1\n      y = 2\n    return 1", "def model(dbt, session):\n    x = 1\n  return 1",
    "def model(dbt, session):\n    return $1", "def model(dbt, session):\n    return ?",
]


def give(source):
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        text = error.msg.split(" (detected")[0].split(" after function")[0]
        return "line %d: %s" % (error.lineno, text)
    if not tree.body:
        return "[]"
    check = PythonValidationVisitor()
    check.visit(tree)
    if check.num_model_def != 1 or check.dbt_errors:
        functions = [node for node in ast.walk(tree) if getattr(node, "name", "") == "model"]
        line = functions[0].lineno if check.num_model_def == 1 else 1
        if check.num_model_def != 1:
            return ("line 1: dbt allows exactly one model defined per python file, found %d\n"
                    "A model is a function `def model(dbt, session)` that returns its rows." % check.num_model_def)
        return "line %d: %s" % (line, "\n".join(check.dbt_errors))
    walk = PythonParseVisitor(None)
    try:
        walk.visit(tree)
    except Exception as error:
        return type(error).__name__
    plain = lambda v: sorted(v) if isinstance(v, set) else str(v)
    return json.dumps([[name, args, {k: v for k, v in named.items()}] for name, args, named in
                       walk.dbt_function_calls], ensure_ascii=False, default=plain, skipkeys=False)


def main():
    cases = []
    for source in SOURCES + [HEAD + "".join("    %s\n" % line for line in body.split("\n")) for body in BODIES]:
        try:
            gives = give(source)
        except TypeError:                                    # a tuple as key: no JSON of Python's
            continue
        if gives == "PythonLiteralEvalError":
            gives = "literal"
        cases.append({"source": source, "gives": gives})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scan.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(cases, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
