#!/usr/bin/env python3
"""Random JSON, JSONL and CSV, and what Python's json and csv make of them.

    differential.py SEED COUNT      prints COUNT lines: {"kind", "input", "path", "step", "expected"}

kind json, jsonl: split into records (a third of them spoilt: "refused" where Python refuses too); typed: JSONL read into the
columns its own shape asks for, rows as lists; csv: rows as lists of texts. src/format/differential_test.c compares.
"""
import csv
import io
import json
import random
import sys

TEXTS = ["", "a", "Anna Kim", "\uae40\ubbfc\uc900", "caf\u00e9", "\U0001f600", 'say "hi"', "back\\slash", "line\nbreak", "tab\t", "{[,:]}",
         "x" * 40, "null", "\u0001", "\u2028", "/"]
CELLS = ["", "a", "Anna Kim", "\uae40\ubbfc\uc900", 'say "hi"', "a,b", "line\nbreak", "\r\n", " padded ", "0012", "1.50", "'", "x" * 100,
         "2024-01-01", "true", '"', '""', ",", "\\"]


def value(random_, depth):
    """Any JSON value."""
    kind = random_.randrange(9 if depth else 6)
    if kind == 0:
        return random_.choice([None, True, False])
    if kind in (1, 2):
        return random_.choice([0, -1, 7, 10**12, -2**63, 2**63 - 1, random_.randrange(-10**6, 10**6)])
    if kind == 3:
        return random_.choice([0.5, -1.25, 1e300, 5e-9, round(random_.random() * 1000, 2), random_.random()])
    if kind in (4, 5):
        return random_.choice(TEXTS)
    if kind in (6, 7):
        return {random_.choice(TEXTS + list("abcdef")): value(random_, depth - 1) for _ in range(random_.randrange(5))}
    return [value(random_, depth - 1) for _ in range(random_.randrange(4))]


def dump(random_, what):
    return json.dumps(what, ensure_ascii=random_.random() < 0.5, indent=random_.choice([None, None, 1, "\t"]),
                      separators=random_.choice([None, (",", ":"), (" , ", " : ")]))


def compact(what):
    return json.dumps(what, ensure_ascii=False, separators=(",", ":"))


def spoil(random_, text):
    """Cuts, doubles or changes a byte somewhere."""
    at = random_.randrange(len(text))
    how = random_.randrange(3)
    if how == 0:
        return text[:at]
    if how == 1:
        return text[:at] + random_.choice('{}[],:"\\x0 -.e\n') + text[at:]
    return text[:at] + text[at + 1:]


def refuse(constant):
    raise ValueError(constant)


def one_json(random_):
    records = [value(random_, 3) for _ in range(random_.randrange(6))]
    path = random_.choice(["", "a", "data.items", "b[1].c"])
    document = records
    if path == "a":
        document = {"x": value(random_, 3), "a": records, "y": value(random_, 3)}
    elif path == "data.items":
        document = {"meta": value(random_, 2), "data": {"n": value(random_, 2), "items": records}}
    elif path == "b[1].c":
        document = {"b": [value(random_, 2), {"c": records}, value(random_, 1)]}
    text = dump(random_, document)
    expected = "".join(compact(r) + "\n" for r in records)
    if random_.random() < 0.33:
        text = spoil(random_, text)
        try:
            json.loads(text, parse_constant=refuse)
            return None     # still JSON: what it holds now is another matter
        except (ValueError, RecursionError):
            expected = "refused\n"
    return {"kind": "json", "input": text, "path": path, "expected": expected}


def one_jsonl(random_):
    records = [value(random_, 3) for _ in range(random_.randrange(6))]
    text = "".join(json.dumps(r, ensure_ascii=random_.random() < 0.5) + random_.choice(["\n", "\r\n", "\n\n"])
                   for r in records)
    return {"kind": "jsonl", "input": text, "path": "", "expected": "".join(compact(r) + "\n" for r in records)}


def one_typed(random_):
    """Columns of one kind each, so that the rows come back as they were; keys left out are null."""
    kinds = [lambda: random_.randrange(-2**63, 2**63), lambda: random_.choice(TEXTS), lambda: random_.random() * 1000,
             lambda: random_.random() < 0.5, lambda: [random_.randrange(9) for _ in range(random_.randrange(3))],
             lambda: {"p": random_.randrange(9), "q": [{"r": random_.choice(TEXTS)}]}]
    columns = [(f"c{i}", random_.choice(kinds)) for i in range(1, random_.randrange(2, 7))]
    first = {name: make() for name, make in columns}
    rows, lines = [], []
    for i in range(random_.randrange(1, 30)):
        row = first if i == 0 else {name: make() for name, make in columns if random_.random() < 0.8}
        items = list(row.items())
        if i:
            random_.shuffle(items)
        lines.append(json.dumps(dict(items), ensure_ascii=random_.random() < 0.5))
        rows.append([row.get(name) for name, _ in columns])
    return {"kind": "typed", "input": "\n".join(lines), "path": "", "expected": "".join(compact(r) + "\n" for r in rows)}


def one_csv(random_):
    width = random_.randrange(1, 6)
    rows = [[random_.choice(CELLS) for _ in range(width)] for _ in range(random_.randrange(1, 30))]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=random_.choice(",;\t|") if width > 2 else ",",
                        lineterminator=random_.choice(["\n", "\r\n", "\r"]), quoting=csv.QUOTE_ALL)
    writer.writerow([f"col {i}" for i in range(width)])
    writer.writerows(rows)
    return {"kind": "csv", "input": out.getvalue(), "path": "", "expected": "".join(compact(r) + "\n" for r in rows)}


def main():
    random_ = random.Random(int(sys.argv[1]))
    left = int(sys.argv[2])
    while left:
        case = random_.choice([one_json, one_json, one_jsonl, one_typed, one_csv])(random_)
        if case is None:
            continue
        case["step"] = random_.choice([1, 2, 3, 5, 17, 64, 1000, 10**6])
        print(json.dumps(case))
        left -= 1


if __name__ == "__main__":
    main()
