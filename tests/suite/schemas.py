"""Shapes of the artifacts, as facts: which fields, of which types, which are required.

`record()` asks the peer's own classes for their JSON schemas and writes them down in a short notation;
`problems()` checks an artifact against that table. The notation of a type is a string:

    str int num bool null any      JSON kinds          A|B       either
    [T]                            list of T           {T}       object with values of type T
    $Name                          a named object of the table
    ='a','b'                       one of these words

A named object is {"fields": {name: type}, "required": [names], "closed": true when no others are allowed}.
"""
import json
import os
import subprocess

ASK = """
import json
from dbt.artifacts.schemas.manifest import WritableManifest
from dbt.artifacts.schemas.run import RunResultsArtifact
from dbt.artifacts.schemas.catalog import CatalogArtifact
from dbt.artifacts.schemas.freshness import FreshnessExecutionResultArtifact
out = {}
for name, kind in (("manifest", WritableManifest), ("run_results", RunResultsArtifact), ("catalog", CatalogArtifact),
                   ("sources", FreshnessExecutionResultArtifact)):
    out[name] = kind.json_schema()
print(json.dumps(out))
"""
KINDS = {"string": "str", "integer": "int", "number": "num", "boolean": "bool", "null": "null"}


def record(program):
    """The table of all artifacts, from the Python beside `program` (the peer)."""
    python = os.path.join(os.path.dirname(program[0]), "python")
    asked = subprocess.run([python, "-c", ASK], check=True, capture_output=True, text=True).stdout
    table = {}
    for name, schema in json.loads(asked.strip().split("\n")[-1]).items():
        table[name] = _Shortener().table(schema)
    return table


class _Shortener:
    """Turns one JSON schema into the short notation. Objects with fields become named objects."""

    def __init__(self):
        self.named = {}

    def table(self, schema):
        for key in ("$defs", "definitions"):
            self.defs = schema.get(key, {}) if key == "$defs" else {**self.defs, **schema.get(key, {})}
        return {"root": self.kind(schema, "Root"), "objects": self.named}

    def kind(self, schema, hint):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self.kind(self.defs[name], name)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                kinds = [self.kind(one, "%s_%d" % (hint, at)) for at, one in enumerate(schema[key])]
                return "|".join(dict.fromkeys("|".join(kinds).split("|")))
        if "enum" in schema:
            return "=" + ",".join(json.dumps(word) for word in schema["enum"])
        if "const" in schema:
            return "=" + json.dumps(schema["const"])
        kind = schema.get("type")
        if isinstance(kind, list):
            return "|".join(self.kind({**schema, "type": one}, hint) for one in kind)
        if kind == "array":
            return "[%s]" % self.kind(schema["items"], hint + "_item") if isinstance(schema.get("items"), dict) else "[any]"
        if kind == "object" and "properties" in schema:
            return self.named_object(schema, schema.get("title", hint).replace(" ", ""))
        if kind == "object":
            inner = schema.get("additionalProperties")
            return "{%s}" % (self.kind(inner, hint + "_value") if isinstance(inner, dict) else "any")
        return KINDS.get(kind, "any")

    def named_object(self, schema, name):
        shape = {
            "fields": {field: self.kind(inner, "%s_%s" % (name, field)) for field, inner in schema["properties"].items()},
            "required": sorted(schema.get("required", [])),
            "closed": schema.get("additionalProperties") is False}
        for known, other in self.named.items():
            if other == shape:
                return "$" + known
        while name in self.named:
            name += "_"
        self.named[name] = shape
        return "$" + name


# --- checking ------------------------------------------------------------------------------------

def problems(table, value):
    """Texts that say where `value` does not fit the recorded table of its artifact; [] = it fits."""
    return _fits(table["objects"], table["root"], value, "")


def _alternatives(kind):
    """Splits A|B at the outermost level."""
    out, depth, start, quoted = [], 0, 0, False
    for at, letter in enumerate(kind):
        if letter == '"':
            quoted = not quoted
        depth += (letter in "[{") - (letter in "]}") if not quoted else 0
        if letter == "|" and depth == 0 and not quoted:
            out.append(kind[start:at])
            start = at + 1
    return out + [kind[start:]]


def _fits(objects, kind, value, at):
    best = None
    for one in _alternatives(kind):
        found = _fits_one(objects, one, value, at)
        if not found:
            return []
        if best is None or (one[0] == "$" and _depth(found) > _depth(best)):
            best = found
    return best


def _depth(found):
    return max(text.split(": ")[0].count(".") for text in found)


def _fits_one(objects, kind, value, at):
    if kind == "any":
        return []
    if kind[0] == "=":
        return [] if value in json.loads("[%s]" % kind[1:]) else ["%s: %r is not one of %s" % (at, value, kind[1:])]
    if kind[0] == "[":
        if not isinstance(value, list):
            return ["%s: expected a list, found %s" % (at, type(value).__name__)]
        return [text for number, one in enumerate(value) for text in _fits(objects, kind[1:-1], one, "%s.%d" % (at, number))]
    if kind[0] == "{":
        if not isinstance(value, dict):
            return ["%s: expected an object, found %s" % (at, type(value).__name__)]
        return [text for name, one in value.items() for text in _fits(objects, kind[1:-1], one, "%s.%s" % (at, name))]
    if kind[0] == "$":
        return _fits_object(objects, objects[kind[1:]], value, at)
    right = {"str": isinstance(value, str), "null": value is None, "bool": isinstance(value, bool),
             "int": isinstance(value, int) and not isinstance(value, bool),
             "num": isinstance(value, (int, float)) and not isinstance(value, bool)}[kind]
    return [] if right else ["%s: expected %s, found %.60r" % (at, kind, value)]


def _fits_object(objects, shape, value, at):
    if not isinstance(value, dict):
        return ["%s: expected an object, found %s" % (at, type(value).__name__)]
    out = ["%s.%s: a required field is missing" % (at, name) for name in shape["required"] if name not in value]
    for name, inner in value.items():
        if name in shape["fields"]:
            out += _fits(objects, shape["fields"][name], inner, "%s.%s" % (at, name))
        elif shape["closed"]:
            out.append("%s.%s: a field that the format does not have" % (at, name))
    return out
