#!/usr/bin/env python3
"""Records what PyYAML's CSafeLoader and safe_dump() answer, for yaml_test.c.

    record_yaml.py > yaml.json        (in this folder; needs PyYAML, its version is put into the file)

Every case of "loads" is a document with the repr() of what it gives, or the line at which it is refused (0 = PyYAML
names none). Dates are recorded by str(), integers beyond 64 bits by their digits as text: so has base/yaml.h.
"dumps" are JSON values with the text that safe_dump() gives. Left out is where libyaml's emitter, which we print
with, and PyYAML's own differ: an empty key, and where lines of more than 80 columns in double quotes are broken.
"""
import datetime
import json
import random
import sys

import yaml

SCALARS = """
null|Null|NULL|~|nULL|yes|Yes|YES|yEs|no|No|NO|true|True|TRUE|tRUE|false|False|FALSE|on|On|ON|off|Off|OFF|y|n|t
0|-0|+0|00|07|08|09|017|0o17|-017|+017|1_000|1__0_|_1|0_1|0x1F|0x_1f|0X1F|-0xff|0b101|0b1_0|0b2|-0b11|0x|0b
1|-1|+1|12e3|1e5|1.5e5|1.5e+5|1.5E-5|1.|1.e+3|.5|-.5|+.5|.5e+1|0.0|-0.0|1_0.5_0|._5|.|..|...x|1.2.3|1-2|1,5
9223372036854775807|9223372036854775808|-9223372036854775808|-9223372036854775809|123456789012345678901234567890
0.1|3.14159|1.7976931348623157e+308|2.2250738585072014e-308|1.0e+400|123456789.123456789|100000000000000000000.0
1:30|1:30:00|190:20:30|1:60|0:30|1:5|1:30.5|20:30.15|-1:30|+1:30|1:30:|12:3:4|1:2:3:4|08:30|10:00|1:30.|1:00:00.25
.inf|.Inf|.INF|-.inf|+.inf|.nan|.NaN|.NAN|-.nan|.iNF|inf|nan|infinity
2020-01-01|2020-1-1|2020-13-01|2020-02-30|2020-02-29|0000-01-01|2021-01-01T00:00:00|2021-01-01t1:02:03|20200101
2021-01-01 10:00:00|2021-01-01  10:00:00.5|2021-01-01 10:00:00.123456789|2021-01-01 10:00:00Z|2021-01-01 10:00:00 Z
2021-01-01T10:00:00+02:00|2021-01-01T10:00:00-5|2021-01-01 10:00:00 +05:30|2021-01-01 25:00:00|2021-1-2 3:04:05
2021-01-01T10:00:00.|2021-01-01 10:00|2021-01-01 10:00:00 +99|2021-01-01T10:00:00-00:30|2021-01-01x|99999-01-01
<|=x|<<x|a=b|a:b|a #b|a#b|-|-x|- x|?x|:x|x:|!|!x|!!str|&a|*a|@x|`x|%x|,x|"x"|'x'|'it''s'|"a\\tb"|"\\x41\\u00e9"|"\\q"
hello world|héllo|日本|🎉|"🎉"|~x|null x|{{ x }}|[a, b]|{a: b}|{a, b}|[a: b]|{}|[]|[,]|{"a":1}|{a: , b}|[a,,b]|x  y|"a
""".strip("\n").replace("\n", "|").split("|")

DOCUMENTS = [
    "", "\n", "# only a comment\n", "---\n", "---\n...\n", "--- a\n", "a", "- a\n- b\n", "a: 1\nb: 2\n", "a:\n", "a: \n  - 1\n  -\n",
    "a: b: c\n", "a:\n\tb: 1\n", "\ta: 1\n", "a: 'x\n", "a: [1, 2\n", "a: {x: 1\n", "a: 1\n b: 2\n", "a:\n  - 1\n b: 2\n", "- 1\nb: 2\n",
    "a: 1\n---\nb: 2\n", "a: 1\n...\nb: 2\n", "a: 1\n...\n", "%YAML 1.1\n---\na: 1\n", "%YAML 2.0\n---\na: 1\n", "%FOO x\n---\na: 1\n",
    "a: 1\na: 2\n", "a: 1\nb: 2\na: 3\n", "1: a\n1.0: b\ntrue: c\n", "? a\n: b\n", "? [a]\n: b\n", "? {a: 1}\n: b\n", "? a\n", "[a]: b\n",
    "a: &x 1\nb: *x\n", "a: &x [1, 2]\nb: *x\n", "a: *x\n", "a: &x 1\nb: &x 2\nc: *x\n", "&x a: *x\n", "*x : 1\n",
    "base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3\n", "base: &b {x: 1, y: 2}\nd:\n  y: 3\n  <<: *b\n",
    "a: &a {x: 1, z: 0}\nb: &b {x: 2, y: 3}\nd:\n  <<: [*a, *b]\n  w: 9\n", "d:\n  <<: 1\n", "d:\n  <<: [1]\n", "d:\n  <<: []\n  a: 1\n",
    "a: &a {x: 1}\nb: &b\n  <<: *a\n  y: 2\nc:\n  <<: *b\n  z: 3\n", "a: &a {x: 1}\nd:\n  <<: *a\n  <<: {y: 1}\n", "'<<': {a: 1}\n", "- <<\n", "<<: {a: 1}\n",
    "a: =\n", "=: 1\n", "- =\n", "a: !!str 1\n", "a: !!str\n", "a: !!int '7'\n", "a: !!int x\n", "a: !!int ''\n", "a: !!float 1\n", "a: !!float '1.5'\n", "a: !!float x\n",
    "a: !!bool 'yes'\n", "a: !!bool x\n", "a: !!null x\n", "a: !!timestamp '2020-01-01'\n", "a: !!seq [1]\n", "a: !!map {b: 1}\n",
    "a: !!seq {b: 1}\n", "a: !!map [1]\n", "a: !foo 1\n", "a: !foo {x: 1}\n", "a: !!python/tuple [1]\n", "a: ! 1\n", "a: ! [1]\n", "a: !!set {x}\n",
    "a: !!omap [b: 1, c: 2]\n", "a: !!pairs [b: 1, b: 2]\n", "a: !!omap [1]\n", "a: !<tag:yaml.org,2002:str> 1\n", "%TAG !e! tag:e.com,2000:\n---\n!e!x a\n",
    "a: |\n  x\n  y\n", "a: |-\n  x\n  y\n\n", "a: |+\n  x\n\n", "a: >\n  x\n  y\n\n  z\n", "a: >-\n  x\n    y\n  z\n", "a: |2\n    x\n", "a: |\n", "a: |\n x\ny",
    "a: x\n  y\n  z\n", "a: 'x\n  y\n\n  z'\n", 'a: "x\n  y\\\n  z"\n', "a: 1 # c\nb: '#'\n", "a:1\n", "a: -\n", "a: - b\n", "- - 1\n  - 2\n- - 3\n",
    "a: 'b' c\n", 'a: "b" c\n', "a: {b: [1, {c: 2}], d: e}\n", "{a: 1, 'b': 2, \"c\": 3}\n", "a: é\nb: x: y\n", "é: 1\nü: [ä, ö]\n", "\ufeffa: 1\n", "a: \ufeff1\n",
    "a: \x01\n", "a: x\x00y\n", "a: \x7f\n", "a: \x85b\n", "a: x\u2028y\n", "a: 1\r\nb: 2\r\n", "a: 1\rb: 2\r", "a: |\r\n  x\r\n  y\r\n", "a: '1\r\n  2'\r\n",
    "version: 2\nmodels:\n  - name: x\n    columns:\n      - name: id\n        tests: [unique, not_null]\n    description: |\n      Several\n      lines\n",
    "models:\n  - name: x\n   columns: 1\n", "models:\n- name: x\n  tests:\n  - unique:\n      where: a > 1\n", "a: {{ x }}\n", "a: \"{{ x }}\"\n", "a: {{ x }}: 1\n",
    "a: @x\n", "a: `x`\n", "a: %x\n", "a: b\n  c: d\n", "key: value\nbroken\n", "key: value\n  - a\n", "a: \"\\x\"\n", "a: 1\n\tb: 2\n", "a: [\n1,\n2\n]\n", "a: [1, 2]]\n",
    "x: 2020-01-01\n2020-01-02: y\n", "a:\n- b\n- c\nd: e\n", "- a: 1\n  b: 2\n- c: 3\n", "'a': \"b\"\n'c' : d\n", "? |\n  x\n: y\n", "# c\n--- # d\na: 1 # e\n# f\n",
]

TEXTS = ["", "a", "a b", " a", "a ", "null", "true", "1", "1.5", "1e5", "2020-01-01", "a: b", "a #b", "#a", "- a", "-", "?", ":", "a:", "x\ny", "x\n", "\nx", "\n", "é",
         "日本", "🎉", "'", '"', "it's", 'say "x"', "a\tb", "\t", "a\\b", "{x}", "[x]", "{{ x }}", "*a", "&a", "!a", "%a", "@a", "`a", "|", ">", "=", "<<", "~", "yes", "0x1f", "1:30",
         "a, b", "word " * 30, "x" * 100, "  two\n  lines", "a\r\nb", "\x07", "\x7f", "\x85", "\u2028", "\ufeff", "a  b", "a\n\n\nb", "---", "...", "--- a", "a'b\"c", "\x1b[0m"]
TREES = [[], {}, [[]], [{}], {"a": []}, {"a": {}}, [1, 2.5, True, None, "x"], {"b": 1, "a": 2}, {"a": [1, [2, 3], {"b": [4]}]}, [[1, 2], [3]], {"a": {"b": {"c": "d"}}},
         [{"a": 1, "b": 2}, {"c": 3}], {"x" * 130: 1}, {"a\nb": 1}, {"1": 1}, [1e16, 1e-05, 1.0, -0.0, 123456.789, 1e22, 1e100], [-1, 0, 12345678901], {"k": "word " * 40}, {"é": "é"}]


def plain(value):
    """Dates and large integers as base/yaml.h has them."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return str(value)
    if isinstance(value, int) and not -2**63 <= value < 2**63:
        return str(value)
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain(v) for v in value)
    return value


def load(document):
    try:
        return {"yaml": document, "gives": repr(plain(yaml.load(document, Loader=yaml.CSafeLoader)))}
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        return {"yaml": document, "fails": mark.line + 1 if mark else 0}
    except (ValueError, KeyError, IndexError, OverflowError):
        return {"yaml": document, "fails": 0}


def random_scalars():
    """Texts near the borders of what is a number or a date, the same in every run."""
    chance = random.Random(7)
    pieces = ["0", "1", "7", "8", "12", "59", "60", "_", ".", "e", "E", "+", "-", ":", "0x", "0b", "f", "2020", "-01", "T", " ", "Z", ".inf", "10:00:00"]
    return ["".join(chance.choice(pieces) for _ in range(chance.randint(1, 6))) for _ in range(1500)]


def main():
    documents = DOCUMENTS + ["a: " + s for s in SCALARS] + ["- " + s + "\n- x" for s in SCALARS] + ["? " + s + "\n: x" for s in SCALARS]
    documents += ["[" + s + "]" for s in dict.fromkeys(random_scalars())]
    values = TREES + TEXTS + [{"a": t} for t in TEXTS] + [{t: [t]} for t in TEXTS if t] + [1, 1.5, True, None]
    dumps = [{"value": v, "sorts": sorts, "gives": yaml.safe_dump(v, sort_keys=sorts)} for v in values for sorts in (False, True)]
    lines = ",\n".join(json.dumps(case) for case in map(load, documents))
    prints = ",\n".join(json.dumps(case) for case in dumps)
    sys.stdout.write('{"recorded from": "PyYAML %s, libyaml %s",\n"loads": [\n%s\n],\n"dumps": [\n%s\n]}\n' % (
        yaml.__version__, ".".join(map(str, yaml.cyaml.get_version())) if hasattr(yaml.cyaml, "get_version") else "bundled",
        lines, prints))


if __name__ == "__main__":
    main()
