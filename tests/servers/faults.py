"""Which request goes wrong, and how: the same for the API and the proxy, and the same again for the same seed.

A rule is a dict; all keys but `action` may be left out:

    action   what happens: the server in question lists what it can do
    match    regular expression over "METHOD /path?query" (the API: and a space and the body)
    nth      the n-th matching request, from 1       every   each n-th
    rate     this share of the matching requests, by a seeded generator: 0.01
    times    no more often than this
    ...      what the action needs: status, seconds, bytes

The first rule that applies decides. Rules can be added and taken away while the server runs.
"""
import random
import re
import threading


class Faults:
    def __init__(self, rules=(), seed=1):
        self._lock, self._random = threading.Lock(), random.Random(seed)
        self._rules = []
        self.happened = {}                      # action: how often
        for rule in rules:
            self.add(**rule)

    def add(self, action, **rule):
        """One more rule, behind those that are there."""
        unknown = set(rule) - {"match", "nth", "every", "rate", "times", "status", "seconds", "bytes", "body", "retry_after"}
        if unknown:
            raise ValueError("a fault has no %s" % ", ".join(sorted(unknown)))
        kept = dict(rule, action=action, pattern=re.compile(rule.get("match", "")), seen=0, done=0)
        with self._lock:
            self._rules.append(kept)

    def clear(self):
        with self._lock:
            self._rules.clear()

    def seed(self, number):
        with self._lock:
            self._random.seed(number)

    def pick(self, what):
        """The rule that this request falls under, or None. Counts it."""
        with self._lock:
            chosen = None
            for rule in self._rules:
                if not rule["pattern"].search(what):
                    continue
                rule["seen"] += 1
                if chosen is None and self._applies(rule):
                    chosen = rule
            if chosen is None:
                return None
            chosen["done"] += 1
            self.happened[chosen["action"]] = self.happened.get(chosen["action"], 0) + 1
            return dict(chosen)

    def _applies(self, rule):
        is_due = True
        if "nth" in rule:
            is_due = rule["seen"] == rule["nth"]
        elif "every" in rule:
            is_due = rule["seen"] % rule["every"] == 0
        elif "rate" in rule:
            is_due = self._random.random() < rule["rate"]
        return is_due and rule["done"] < rule.get("times", float("inf"))
