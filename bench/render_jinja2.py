"""Renders a template over and over with jinja2, as render_bench.c does with weir's engine.

    python render_jinja2.py TEMPLATE CONTEXT.json MILLISECONDS [OUTPUT]

Prints a JSON line: the median CPU microseconds of one compile + render.
"""
import json
import statistics
import sys
import time

import jinja2


def names_of(context):
    known = context["vars"]
    return {
        "this": context["this"],
        "target": context["target"],
        "config": lambda **settings: "",
        "ref": lambda name: '"shop"."main"."%s"' % name,
        "source": lambda source, name: '"shop"."%s"."%s"' % (source, name),
        "var": lambda name, default=None: known.get(name, default),
        "is_incremental": lambda: context["is_incremental"],
    }


def main():
    template, context, budget_ms = sys.argv[1:4]
    with open(template, encoding="utf-8") as file:
        source = file.read()
    with open(context, encoding="utf-8") as file:
        names = names_of(json.load(file))
    environment = jinja2.Environment(cache_size=0, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])

    def once():
        return environment.from_string(source).render(names)

    output = once()
    if len(sys.argv) > 4:
        with open(sys.argv[4], "w", encoding="utf-8") as file:
            file.write(output)
    samples, end = [], time.monotonic() + int(budget_ms) / 1000
    while time.monotonic() < end or len(samples) < 5:
        began = time.thread_time_ns()
        once()
        samples.append((time.thread_time_ns() - began) / 1000)
    print(json.dumps({"us": statistics.median(samples), "rounds": len(samples)}))


main()
