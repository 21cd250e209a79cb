#!/usr/bin/env python3
"""Writes unicode_table.h: what Python 3.11 (Unicode 14) knows of the basic plane, as runs.

    python3 unicode_table.py > unicode_table.h
"""
import unicodedata

POINTS = [c for c in range(0x80, 0x10000) if not 0xD800 <= c <= 0xDFFF]


def shifts(turn):
    """{code point: distance to its other case}, only where that is one character."""
    return {c: ord(turn(chr(c))) - c for c in POINTS if len(turn(chr(c))) == 1 and turn(chr(c)) != chr(c)}


def case_runs(shift):
    """Runs (first, last, step, distance) with step 1 or 2, in order."""
    left, runs = dict(shift), []
    for first in sorted(shift):
        if first not in left:
            continue
        distance, lasts = left[first], []
        for step in (1, 2):
            last = first
            while left.get(last + step) == distance:
                last += step
            lasts.append((last // step - first // step, last, step))
        _, last, step = max(lasts, key=lambda run: (run[0], -run[2]))
        for c in range(first, last + 1, step):
            del left[c]
        runs.append((first, last, step, distance))
    return runs


def ranges(claim):
    found, first = [], None
    points = set(POINTS)
    for c in range(0x80, 0x10001):
        holds = c in points and claim(chr(c))
        if holds and first is None:
            first = c
        if not holds and first is not None:
            found.append((first, c - 1))
            first = None
    return found


def show(kind, name, rows):
    print(f"static const {kind} {name}[] = {{")
    line = "    "
    for row in rows:
        piece = "{" + ",".join(map(str, row)) + "},"
        if len(line + piece) > 100:
            print(line)
            line = "    "
        line += piece
    print(line + "\n};\n")


lower, upper = shifts(str.lower), shifts(str.upper)
print(f"""/* unicode_table.h: private to jinja/: letters and digits beyond ASCII, to U+FFFF.
 *
 * Made by src/jinja/unicode_table.py from Python's unicodedata {unicodedata.unidata_version}; do not edit.
 * Pairs {{first, last}} are inclusive ranges; CaseRun is {{first, last, step, distance}}.
 */
#ifndef JINJA_UNICODE_TABLE_H
#define JINJA_UNICODE_TABLE_H

#include <stdint.h>

typedef struct CodeRange {{
    uint16_t first, last;
}} CodeRange;

typedef struct CaseRun {{
    uint16_t first, last;
    uint16_t step;
    int32_t distance;
}} CaseRun;
""")
show("CaseRun", "to_lower", case_runs(lower))
show("CaseRun", "to_upper", case_runs(upper))
show("CodeRange", "letters", ranges(str.isalpha))
show("CodeRange", "decimals", ranges(str.isdecimal))
show("CodeRange", "digits", ranges(str.isdigit))
show("CodeRange", "numerics", ranges(str.isnumeric))
print("/* lower case without an upper one, upper case without a lower one */")
show("CodeRange", "only_lower", ranges(lambda c: c.islower() and ord(c) not in upper))
show("CodeRange", "only_upper", ranges(lambda c: c.isupper() and ord(c) not in lower))
print("/* has a lower case, but is title case itself */")
show("CodeRange", "titles", ranges(lambda c: unicodedata.category(c) == "Lt"))
print("#endif")
