#!/usr/bin/env python3
"""Writes library_modules.json: what Python's modules give in templates, for src/jinja/modules_test.c.

    python3 record_modules.py       needs jinja2 3.1 and pytz

library_modules.in holds one template a line. `modules` is what dbt gives to templates, `decimal` makes a Decimal,
`started` is a datetime in UTC.
"""
import datetime
import decimal
import itertools
import json
import os
import re
import types

import jinja2
import pytz

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    environment = jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    names = {
        "modules": types.SimpleNamespace(datetime=datetime, pytz=pytz, re=re, itertools=itertools),
        "decimal": decimal.Decimal,
        "started": datetime.datetime(2024, 2, 29, 13, 5, 7, 89012, tzinfo=pytz.utc),
    }
    cases = []
    with open(os.path.join(HERE, "library_modules.in"), encoding="utf-8") as file:
        lines = [line for line in file.read().split("\n") if line and not line.startswith("# ")]
    for line in lines:
        try:
            cases.append({"template": line, "gives": environment.from_string(line).render(names)})
        except Exception as error:
            cases.append({"template": line, "fails": str(error)})
    with open(os.path.join(HERE, "library_modules.json"), "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
