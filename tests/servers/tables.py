"""The API's data: made from the id and a version by arithmetic, so that any size costs little and is the same again.

    games      id name slug summary rating rating_count first_release_date platforms[] genres[] cover{} age_ratings[{}]
               price is_released updated_at: seconds since 1970; seven rows share each value
    platforms  id name abbreviation generation updated_at
    users      id name email country updated_at: an ISO 8601 text in UTC
    orders     id user_id total currency placed_at lines[{}]: children of users, 0 to 4 each

Rows change by a higher version. Every 5th game has no cover, every 7th null as rating, every 11th an empty list of
platforms, every 13th lacks `summary` altogether; names hold quotes, commas, line ends, CJK and emoji here and there.
"""
import datetime
import json
import threading

FIRST = 1_700_000_000           # the earliest updated_at
STEP = 60                       # between two values of it
_MASK = (1 << 64) - 1
_WORDS = ("Star", "Dragon", "Quest", "Zero", "Neon", "Iron", "Lost", "Deep", "Final", "Hyper", "Moon", "Paper", "Wild", "Silent")
_ODD = ('Say "Hello"', "Comma, Inc", "Two\nLines", "젤다의 전설", "ゼルダ", "🎮 Party", "Ünïcödé", "Tab\there", "O'Brien", "back\\slash")
_COUNTRIES = ("KR", "DE", "US", "BR", "JP")


def mix(number):
    """A good hash of an integer (the finaliser of splitmix64)."""
    number = (number + 0x9E3779B97F4A7C15) & _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(value):
    """An instant as the API's callers may write it: seconds or an ISO 8601 text."""
    text = str(value).strip()
    try:
        return float(text)
    except ValueError:
        at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "T"))
        return (at if at.tzinfo else at.replace(tzinfo=datetime.timezone.utc)).timestamp()


def _game(number, version, updated_at):
    h = mix(number * 1000 + version)
    name = _ODD[number % len(_ODD)] if number % 17 == 0 else _WORDS[h % 14]
    row = {"id": number, "name": "%s %s %d" % (name, _WORDS[(h >> 8) % 14], number), "slug": "game-%d" % number}
    if number % 13:
        row["summary"] = "%s %s of the %s, version %d." % (_WORDS[(h >> 16) % 14], _WORDS[(h >> 20) % 14], _WORDS[(h >> 24) % 14],
                                                          version)
    row["rating"] = None if number % 7 == 0 else (h >> 12) % 10000 / 100
    row["rating_count"] = (h >> 30) % 5000
    row["first_release_date"] = None if number % 9 == 0 else 315532800 + (h >> 5) % 1_400_000_000
    row["platforms"] = [] if number % 11 == 0 else sorted({1 + (h >> shift) % 200 for shift in range(0, 8 * (1 + h % 3), 8)})
    row["genres"] = [1 + (h >> 40) % 30]
    row["cover"] = None if number % 5 == 0 else {"id": number * 10, "url": "//images.example.test/%016x.jpg" % h,
                                                 "width": 200 + h % 800, "height": 300 + (h >> 10) % 800}
    row["age_ratings"] = [{"category": 1 + i, "rating": (h >> (4 * i)) % 12} for i in range(h % 3)]
    row["price"] = "%d.%02d" % ((h >> 33) % 100, (h >> 3) % 100)
    row["is_released"] = bool(h & 1)
    row["updated_at"] = updated_at
    return row


def _platform(number, version, updated_at):
    return {"id": number, "name": "Platform %d%s" % (number, " rev %d" % version if version else ""), "abbreviation": "P%d" % number,
            "generation": None if number % 6 == 0 else 1 + number % 9, "updated_at": updated_at}


def _user(number, version, updated_at):
    h = mix(number * 1000 + version + 7)
    return {"id": number, "name": "%s %s" % (_WORDS[h % 14], _WORDS[(h >> 9) % 14]), "email": "u%d.%d@example.test" % (number, version),
            "country": _COUNTRIES[h % 5], "updated_at": iso(updated_at)}


def orders_of(user):
    """The child rows of one user."""
    out = []
    for i in range(mix(user) % 5):
        h = mix(user * 100 + i)
        out.append({"id": user * 10 + i, "user_id": user, "total": "%d.%02d" % (h % 500, (h >> 9) % 100), "currency": "EUR",
                    "placed_at": iso(FIRST + (h >> 20) % 30_000_000),
                    "lines": [{"line": n + 1, "sku": "S%d" % ((h >> n) % 900), "quantity": 1 + (h >> (3 * n)) % 4} for n in range(1 + h % 3)]})
    return out


_MAKERS = {"games": _game, "platforms": _platform, "users": _user}


class Table:
    """Rows 1 to count of one kind, in two orders: by id, and by (updated_at, id)."""

    def __init__(self, name, count):
        self.name, self.make = name, _MAKERS[name]
        self.lock = threading.Lock()
        self.generation = 0                                     # changes with the data: caches ask
        self.version = {}                                       # id: version, of those that have changed
        spread = count // 7 or 1
        self.updated = {n: FIRST + mix(n) % spread * STEP for n in range(1, count + 1)}
        self.extra, self.wrong_every, self.late = {}, 0, 0
        self._sort()

    def _sort(self):
        self.by_id = sorted(self.updated)
        self.by_time = sorted(self.updated, key=lambda n: (self.updated[n], n))
        self.times = [self.updated[n] for n in self.by_time]
        self.generation += 1

    def __len__(self):
        return len(self.by_id)

    def row(self, number):
        row = self.make(number, self.version.get(number, 0), self.updated[number])
        row.update(self.extra)
        if self.wrong_every and number % self.wrong_every == 0:
            row.update(rating="n/a", rating_count={"value": 1}) if self.name == "games" else row.update(name=[row["name"]])
        return row

    def rows(self):
        """All rows by id: the truth."""
        with self.lock:
            return [self.row(n) for n in self.by_id]

    # ---- changes ----

    def _chosen(self, share, count, seed):
        wanted = count if count is not None else max(int(len(self.by_id) * (share or 0)), 1)
        return sorted(self.by_id, key=lambda n: mix(n + seed * 1_000_003))[:wanted]

    def change(self, share=None, count=None, ids=None, seed=1, at=None):
        """Gives rows a new version and an updated_at after all others (or `at`); gives their ids."""
        with self.lock:
            chosen = list(ids) if ids is not None else self._chosen(share, count, seed + self.generation)
            begin = seconds_of(at) if at is not None else self.times[-1] + STEP if self.times else FIRST
            for i, number in enumerate(chosen):
                self.version[number] = self.version.get(number, 0) + 1
                self.updated[number] = int(begin) + (i // 7 * STEP if at is None else 0)
            self._sort()
            return chosen

    def add(self, count, at=None):
        with self.lock:
            begin = seconds_of(at) if at is not None else self.times[-1] + STEP if self.times else FIRST
            first = max(self.by_id, default=0) + 1
            for i in range(count):
                self.updated[first + i] = int(begin) + (i // 7 * STEP if at is None else 0)
            self._sort()
            return list(range(first, first + count))

    def delete(self, share=None, count=None, ids=None, seed=1):
        with self.lock:
            chosen = list(ids) if ids is not None else self._chosen(share, count, seed + self.generation)
            for number in chosen:
                del self.updated[number]
            self._sort()
            return chosen

    def add_field(self, name, value):
        """From now on every row has this field: a source that adds a column at night."""
        with self.lock:
            self.extra[name] = value
            self.generation += 1

    def wrong_types(self, every):
        """Each row whose id can be divided by `every` has fields of another type; 0: none."""
        with self.lock:
            self.wrong_every = every
            self.generation += 1


def encode(rows, form, name="rows"):
    """Rows as the bytes of an answer: json (an array), jsonl, csv or xml."""
    if form == "json":
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows).encode()
    if form == "csv":
        fields = list(dict.fromkeys(key for row in rows for key in row))
        return "\r\n".join([",".join(fields), *(",".join(_cell(row.get(key)) for key in fields) for row in rows), ""]).encode()
    if form == "xml":
        return ('<?xml version="1.0" encoding="UTF-8"?>\n<answer><%s>%s</%s></answer>\n' %
                (name, "".join(_element("row", row) for row in rows), name)).encode()
    raise ValueError("no such form: %s" % form)


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else str(value)
    return '"%s"' % text.replace('"', '""') if text == "" or any(c in text for c in ',"\r\n') else text


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "&#10;").replace("\t", "&#9;")


def _element(name, value):
    if value is None:
        return ""
    if isinstance(value, dict):
        return "<%s>%s</%s>" % (name, "".join(_element(k, v) for k, v in value.items()), name)
    if isinstance(value, list):
        return "<%s>%s</%s>" % (name, "".join(_element("item", v) for v in value), name)
    return "<%s>%s</%s>" % (name, _escaped("true" if value is True else "false" if value is False else str(value)), name)
