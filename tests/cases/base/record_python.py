#!/usr/bin/env python3
"""Records what Python's json, csv, fnmatch and pathlib and the package pathspec answer, for the tests of base.

    record_python.py        (writes json.json, csv.json and glob.json beside itself; needs pathspec)
"""
import csv
import fnmatch
import io
import json
import os
import pathlib
import random
import re
import sys
import tempfile
import warnings

import pathspec

HERE = os.path.dirname(os.path.abspath(__file__))
JSON = ["null", "true", "false", "0", "-0", "1", "-1", "01", "1.", ".5", "1.5", "-1.5e10", "1e5", "1E+5", "1e-5", "1e400", "1e", "1e+", "1.e5", "-", "+1", "1_0",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "0.1", "0.30000000000000004",
        "1e22", "1e23", "123456789012345678", "0.000001", "0.00001", "1e16", "1e15", "12345.678e-3", "2.2250738585072014e-308", "5e-324", "1.7976931348623157e308",
        "9007199254740993.0", "NaN", "Infinity", "-Infinity", "nan", "Nan", "-NaN", "tru", "nul", "truex", '""', '"a"', '"a', '"a\\"b"', '"\\\\"', '"\\/\\b\\f\\n\\r\\t"',
        '"\\u00e9"', '"\\u00E9"', '"\\ud83d\\ude00"', '"\\u12"', '"\\u12g4"', '"\\x41"', '"\\', '"a\nb"', '"a\tb"', '"\x7f"', '"é"', '"日本語"', '"🎉"', '"' + "x" * 40 + 'é"',
        '"' + "plain text without anything " * 4 + '"', '"fifteen bytes.."', '"sixteen bytes..."', '"sixteen bytes..\\n"', '"/"', '"<&>\'"', "[]", "[ ]", "[1]", "[1,]", "[,1]",
        "[1 2]", "[1", "[", "]", "[[[]]]", "{}", "{ }", '{"a":1}', '{"a":1,}', '{"a"}', '{"a":}', '{a:1}', "{'a':1}", '{1:2}', '{"a":1 "b":2}', '{"a":1', '{"a"', "{",
        '{"a":1,"a":2,"b":3}', '{"b":[1,{"c":null}],"a":{"z":1,"y":[]},"é":"é"}', ' \t\r\n{"a" : [ 1 , 2 ] } \n', "1 2", "", " ", "\x0b1", "//x", "[1]]", '["\\u0000"]', '"\x1f"',
        '{"n":{"m":{"o":[1,[2,[3,{}]]]}}}', '[1.0,2.50,100.0,1e100,-0.0]', '{"k\\"1":"v"}', '["a","b"]\n\n', '"\u2028"']
CSV = ["", "\n", "a", "a,b", "a,b\n", "a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2", "a\n\nb\n", "\n\na\n", "a,\n,b\n,\n", '"a","b"', '"a,b",c', '"a""b"', '""', '"",""', '"a\nb",c\n', '"a\r\nb"',
       'a"b,c', 'a""b', '"a"b,c', '"a" ,b', ' "a",b', '"a', 'x,"a\n', '"a""', '""""', '"a"""', '"""a"', "\ufeffa,b\n1,2", "é,ü\n", "a,b,c\n1\n1,2,3,4\n", "' ',x", "a\tb", "a b\n", " \n", ",", '"\n\n"\n', '"a"\r\n"b"\r\n']
FILES = ["a.sql", "models/a.sql", "models/x/b.sql", "models/x/y/c.yml", "models/x/y/z/d.sql", "seeds/s.csv", "models/.hidden.sql", "models/x1/e.sql"]
PATH_PATTERNS = ["*", "*.sql", "models/*", "models/*.sql", "models/**/*.sql", "**/*.sql", "**/b.sql", "models/x", "models/x/*", "models/*/b.sql", "models/**/y/*", "**/x/**/*.yml", "m*/x?/*",
                 "models/[x]/b.sql", "models", "nothing", "**/**/d.sql", "models/**/**/*.sql", "*/*/*", "seeds/s.csv", "**/z/d.sql", "models/x/**/d.sql"]
IGNORES = ["", "# c", "a.sql", "*.sql", "models", "models/", "/models", "models/*", "models/**", "**/x", "**/x/", "x/", "x", "/x", "models/x", "models/x/", "models/**/*.sql", "!models/x/b.sql", "!*.sql",
           "*.csv ", "a\\.sql", "\\#x", "\\!x", "[am]*", "[!m]*", "[^m]*", "?.sql", "*", "**", "/", "/*", "*/", "**/", "**/*.sql", "x/**", "models/x/**/d.sql", "x/**/", "!x/", "*.s?l", "models/x*", "/**/b.sql", "y/c.yml", "a/**/b", "!", "x\\", "  a.sql", "\\ ", "/**/", "a/**/", "**/**", "/**/x"]


def plain(value):
    if isinstance(value, int) and not isinstance(value, bool) and not -2**63 <= value < 2**63:
        return float(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def json_case(text):
    try:
        value = plain(json.loads(text))
    except json.JSONDecodeError as e:
        return {"json": text, "fails": e.lineno}
    return {"json": text, "gives": repr(value), "default": json.dumps(value), "compact": json.dumps(value, separators=(",", ":")),
            "indent": json.dumps(value, indent=2), "sorted": json.dumps(value, sort_keys=True, indent=4), "unicode": json.dumps(value, ensure_ascii=False)}


def csv_case(text, delimiter=","):
    content = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8").read().removeprefix("\ufeff")
    if list(csv.reader(io.StringIO(content + "\nlast"), delimiter=delimiter))[-1] != ["last"]:  # within a quote
        return {"csv": text, "delimiter": delimiter, "fails": True}
    rows = [row for row in csv.reader(io.StringIO(content), delimiter=delimiter) if row]
    return {"csv": text, "delimiter": delimiter, "rows": rows}


def name_cases(chance):
    for _ in range(1500):
        pattern = "".join(chance.choice(["a", "b", "é", "*", "?", "[ab]", "[!a]", "[", "]", "[a-c]", "-", "[]a]", "."]) for _ in range(chance.randint(0, 5)))
        text = "".join(chance.choice("abcé]-[.") for _ in range(chance.randint(0, 5)))
        try:
            yield {"pattern": pattern, "text": text, "gives": fnmatch.fnmatchcase(text, pattern)}
        except re.error:
            continue


def path_cases():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in FILES:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("")
        known = sorted(str(p.relative_to(root)) for p in root.rglob("*"))
        for pattern in PATH_PATTERNS:
            found = {str(p.relative_to(root)) for p in root.glob(pattern)}
            yield {"pattern": pattern, "paths": {name: name in found for name in known}}


def ignore_cases(chance):
    warnings.simplefilter("ignore")
    contents = [[one] for one in IGNORES] + [[chance.choice(IGNORES) for _ in range(chance.randint(2, 4))] for _ in range(300)]
    for lines in contents:
        try:
            spec = pathspec.PathSpec.from_lines(pathspec.patterns.GitWildMatchPattern, lines)
        except ValueError:
            continue
        yield {"rules": "\n".join(lines), "paths": {name: spec.match_file(name) for name in FILES + ["x", "#x", "!x", "a/b", "a/c/d/b", "  a.sql", " "]}}


def write(name, recorded, groups):
    """One case a line."""
    parts = ['"%s": [\n%s\n]' % (key, ",\n".join(json.dumps(case) for case in cases)) for key, cases in groups.items()]
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as out:
        out.write('{"recorded from": "%s",\n%s}\n' % (recorded, ",\n".join(parts)))


def main():
    python = "Python %s" % sys.version.split()[0]
    chance = random.Random(7)
    numbers = ["%r" % (chance.random() * 10.0 ** chance.randint(-30, 30)) for _ in range(300)]
    numbers += ["%d.%de%d" % (chance.randint(0, 10**9), chance.randint(0, 10**9), chance.randint(-30, 30)) for _ in range(300)]
    write("json.json", python, {"cases": map(json_case, JSON + numbers)})
    texts = ["".join(chance.choice(['a', ',', '"', '"', '\n', '\r', ' ', 'é', ';']) for _ in range(chance.randint(1, 14))) for _ in range(2000)]
    write("csv.json", python, {"cases": [csv_case(t) for t in CSV + texts] + [csv_case(t, ";") for t in texts[:200]]})
    write("glob.json", "%s, pathspec %s" % (python, pathspec.__version__),
          {"names": name_cases(chance), "paths": path_cases(), "ignores": ignore_cases(chance)})


if __name__ == "__main__":
    main()
