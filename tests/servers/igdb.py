"""The query language of IGDB's API, version 4, as far as loads need it: statements that end with a semicolon.

    fields *;  fields id,name,cover.url;  exclude summary;  where updated_at > 5 & id = (1,2) & cover != null;
    sort updated_at asc;  limit 500;  offset 1000;  search "text";

From the public API documentation: at most 500 rows (10 unless told), conditions joined by & here.
"""
import operator
import re

_STATEMENT = re.compile(r'\s*(fields|f|exclude|x|where|w|sort|s|limit|l|offset|o|search)\s+((?:"[^"]*"|[^;"])*);')
_CONDITION = re.compile(r"^\s*([a-z_.]+)\s*(<=|>=|!=|=|<|>|~)\s*(.+?)\s*$", re.DOTALL)
_LONG = {"f": "fields", "x": "exclude", "w": "where", "s": "sort", "l": "limit", "o": "offset"}
_COMPARE = {"=": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


class Bad(Exception):
    """The query is wrong: the API answers 400 with this text."""


class Query:
    def __init__(self, text):
        self.fields, self.exclude, self.where, self.search = ["*"], [], [], None
        self.sort, self.descends, self.limit, self.offset = None, False, 10, 0
        at = 0
        while text[at:].strip():
            found = _STATEMENT.match(text, at)
            if not found:
                raise Bad("Syntax Error: expecting a statement that ends with ';' at %d: %r" % (at, text[at:at + 40]))
            word, at = _LONG.get(found[1], found[1]), found.end()
            getattr(self, "_" + word)(found[2].strip())
        if self.limit > 500:
            raise Bad("Limit Error: limit must be at most 500, is %d" % self.limit)

    def _fields(self, text):
        self.fields = [name.strip() for name in text.split(",")]

    def _exclude(self, text):
        self.exclude = [name.strip() for name in text.split(",")]

    def _limit(self, text):
        self.limit = _whole(text, "limit")

    def _offset(self, text):
        self.offset = _whole(text, "offset")

    def _search(self, text):
        self.search = text.strip('"').lower()

    def _sort(self, text):
        words = text.split()
        if len(words) not in (1, 2) or (len(words) == 2 and words[1] not in ("asc", "desc")):
            raise Bad("Syntax Error: sort FIELD asc|desc, found %r" % text)
        self.sort, self.descends = words[0], words[-1] == "desc"

    def _where(self, text):
        for part in text.split("&"):
            found = _CONDITION.match(part)
            if not found:
                raise Bad("Syntax Error: cannot read the condition %r" % part)
            self.where.append((found[1], found[2], _value(found[3])))

    def accepts(self, row):
        if self.search and self.search not in str(row.get("name", "")).lower():
            return False
        return all(_holds(_at(row, field), sign, value) for field, sign, value in self.where)

    def chosen(self, row):
        """The row with the fields that were asked for."""
        if "*" in self.fields:
            return {key: value for key, value in row.items() if key not in self.exclude} if self.exclude else row
        kept = {name.split(".")[0] for name in self.fields} | {"id"}
        return {key: value for key, value in row.items() if key in kept and key not in self.exclude}


def _whole(text, what):
    if not text.isdigit():
        raise Bad("Syntax Error: %s must be a whole number, found %r" % (what, text))
    return int(text)


def _value(text):
    if text.startswith("(") and text.endswith(")"):
        return [_value(part.strip()) for part in text[1:-1].split(",")]
    if text in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[text]
    if text.startswith('"'):
        return text.strip('"')
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise Bad("Syntax Error: cannot read the value %r" % text) from None


def _at(row, field):
    for name in field.split("."):
        row = row.get(name) if isinstance(row, dict) else None
    return row


def _holds(found, sign, value):
    if isinstance(value, list):
        some = bool(set(found) & set(value)) if isinstance(found, list) else found in value
        return some == (sign == "=")
    if sign == "~":
        return str(value).lower() in str(found).lower()
    if sign in ("=", "!="):
        return _COMPARE[sign](found, value)
    return isinstance(found, (int, float)) and isinstance(value, (int, float)) and _COMPARE[sign](found, value)
