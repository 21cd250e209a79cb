"""The first difference between two trees of plain values, as one line a person can act on."""
import json


def short(value, limit=160):
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + "…(%d)" % len(text)


def _texts(at, want, got):
    """Two texts: shown from where they part, with the line number."""
    same = 0
    while same < min(len(want), len(got)) and want[same] == got[same]:
        same += 1
    line = want.count("\n", 0, same) + 1
    start = max(0, same - 30)
    return "%s: texts part at line %d: want %r, got %r" % (at, line, short(want[start:], 110), short(got[start:], 110))


def differences(want, got, at=""):
    """All differences, outermost first. Lists are compared by place, objects by key."""
    if isinstance(want, dict) and isinstance(got, dict):
        out = ["%s/%s: missing: %s" % (at, key, short(want[key], 60)) for key in sorted(want) if key not in got]
        out += ["%s/%s: not expected: %s" % (at, key, short(got[key], 80)) for key in sorted(got) if key not in want]
        for key in sorted(want):
            if key in got:
                out += differences(want[key], got[key], "%s/%s" % (at, key))
        return out
    if isinstance(want, list) and isinstance(got, list):
        if want == got:
            return []
        out = []
        if len(want) != len(got):
            lost = [one for one in want if one not in got]
            extra = [one for one in got if one not in want]
            out.append("%s: %d entries, want %d; missing %s; not expected %s"
                       % (at, len(got), len(want), short(lost[:3]), short(extra[:3])))
        for number, (left, right) in enumerate(zip(want, got)):
            out += differences(left, right, "%s[%d]" % (at, number))
            if len(out) > 200:
                break
        return out
    if type(want) is type(got) and want == got:
        return []
    if isinstance(want, str) and isinstance(got, str):
        return [_texts(at, want, got)]
    return ["%s: want %s, got %s" % (at, short(want), short(got))]
