"""A strict reader of Prometheus' text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/

More than a scraper asks for: HELP and TYPE before the samples of a family, no family or series twice, names and labels as the
data model has them, counters that end in _total, histograms that are complete, monotone and add up. Anything else is a ValueError.
"""

import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
VALUE = re.compile(r"[+-]?(?:Inf|NaN|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


class Family:
    def __init__(self, name, help_text):
        self.name, self.help, self.type = name, help_text, None
        self.samples = {}  # (name of the sample, sorted pairs of labels) -> value


def fail(number, why):
    raise ValueError("line %d: %s" % (number, why))


def read_labels(text, number):
    """The labels of '{...}' and what follows it."""
    labels, rest = {}, text[1:]
    while not rest.startswith("}"):
        found = LABEL.match(rest)
        if not found:
            fail(number, "not a label: %r" % rest)
        name, value = found.groups()
        if name in labels or name.startswith("__"):
            fail(number, "label %s is there twice or reserved" % name)
        labels[name] = re.sub(r'\\["\\n]', lambda m: ESCAPES[m.group()], value)
        rest = rest[found.end():]
        if rest.startswith(","):
            rest = rest[1:]
        elif not rest.startswith("}"):
            fail(number, "no comma after label %s" % name)
    return labels, rest[1:]


def read_sample(line, family, number):
    name = NAME.match(line)
    if not name:
        fail(number, "not a sample: %r" % line)
    name, rest = name.group(), line[name.end():]
    labels = {}
    if rest.startswith("{"):
        labels, rest = read_labels(rest, number)
    if not rest.startswith(" ") or not VALUE.fullmatch(rest[1:]):
        fail(number, "not a value: %r" % rest)
    endings = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("", "_sum", "_count")}
    if family is None or name not in [family.name + e for e in endings.get(family.type, ("",))]:
        fail(number, "%s is no sample of the family above it" % name)
    key = (name, tuple(sorted(labels.items())))
    if key in family.samples:
        fail(number, "%s is there twice" % (key,))
    family.samples[key] = float(rest[1:])


def check_histogram(family):
    series = {}
    for (name, labels), value in family.samples.items():
        of = dict(labels)
        bound = of.pop("le", None)
        s = series.setdefault(tuple(sorted(of.items())), {"buckets": []})
        if name.endswith("_bucket"):
            s["buckets"].append((float(bound), value))
        else:
            s[name[len(family.name):]] = value
    for labels, s in series.items():
        where = "%s%s: " % (family.name, dict(labels))
        bounds, counts = zip(*s["buckets"])
        if list(bounds) != sorted(set(bounds)) or bounds[-1] != math.inf:
            raise ValueError(where + "bounds do not rise to +Inf")
        if list(counts) != sorted(counts):
            raise ValueError(where + "counts fall")
        if counts[-1] != s["_count"]:
            raise ValueError(where + "the last bucket is not the count")
        smallest = sum((b - a) * low for (low, a), (_, b) in zip(
            [(0.0, 0)] + [(b, c) for b, c in s["buckets"]], s["buckets"] + [(0, 0)]) if b > a)
        largest = sum((c - before) * bound for bound, c, before in zip(bounds, counts, (0,) + counts) if c > before)
        if not smallest <= s["_sum"] * (1 + 1e-9) or not s["_sum"] <= largest * (1 + 1e-9):
            raise ValueError(where + "the sum %g is not between %g and %g" % (s["_sum"], smallest, largest))


def parse(text):
    """Families by name. Raises ValueError, naming the line, for what is not strictly right."""
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    families, family = {}, None
    for number, line in enumerate(text[:-1].split("\n"), 1):
        if line.startswith("# HELP "):
            name, _, help_text = line[7:].partition(" ")
            if not NAME.fullmatch(name) or not help_text or name in families:
                fail(number, "a family without a right name or help, or a second time: %r" % line)
            family = families[name] = Family(name, help_text)
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            if family is None or name != family.name or family.type or family.samples or kind not in TYPES:
                fail(number, "TYPE out of place or unknown: %r" % line)
            family.type = kind
            if (kind == "counter") != name.endswith("_total"):
                fail(number, "%s of %s: counters, and only they, end in _total" % (kind, name))
        elif family is None or family.type is None:
            fail(number, "a sample before HELP and TYPE: %r" % line)
        else:
            read_sample(line, family, number)
    for f in families.values():
        if f.type == "counter" and not all(v >= 0 and v < math.inf for v in f.samples.values()):
            raise ValueError("%s: a counter is not a number from 0 on" % f.name)
        if f.type == "histogram":
            check_histogram(f)
    return families
