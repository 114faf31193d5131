#!/usr/bin/env python3
"""The table at the end of a GPU check: which steps passed, and the tables and figures that they printed.

usage: report.py OUT [--append FILE]. Reads OUT/steps.tsv, versions.txt, cards.log and the steps' logs; writes
OUT/gpu-results.md, prints it, and appends it to FILE. The standard library only.
"""
import pathlib
import re
import sys

FIGURE = re.compile(r"^figure (\w+)\.(\S+) (\S+) (\S+)(?: goal (<=|>=) (\S+))?", re.MULTILINE)
TABLE = re.compile(r"(?:^\|.*\n)+", re.MULTILINE)


def facts(out):
    """Lines "what: value" of what the run said about itself; those that say the same twice once."""
    text = "".join((out / name).read_text() for name in ("versions.txt", "cards.log") if (out / name).exists())
    return list(dict.fromkeys(line for line in text.splitlines() if line.strip()))


def value_of(lines, key, otherwise):
    return next((line.split(": ", 1)[1] for line in lines if line.startswith(key + ": ")), otherwise)


def reached(value, sign, goal):
    if not sign:
        return ""
    return "yes" if (float(value) <= float(goal) if sign == "<=" else float(value) >= float(goal)) else "no"


def report(out):
    lines = facts(out)
    card = value_of(lines, "card", "no card")
    text = [f"## {value_of(lines, 'date', 'undated')}, {card.split(' (')[0]}", ""]
    text += [f"- {line}" for line in lines]
    text += ["", "| step | result | seconds |", "|---|---|---|"]
    steps = [line.split("\t") for line in (out / "steps.tsv").read_text().splitlines()]
    text += [f"| {name} | {result} | {seconds} |" for name, result, seconds in steps]
    logs = [(out / f"{name}.log").read_text(errors="replace") for name, *_ in steps if (out / f"{name}.log").exists()]
    tables = [table for log in logs for table in TABLE.findall(log)]
    text += [line for table in tables for line in ("", table.rstrip())]
    figures = [m for log in logs if not TABLE.search(log) for m in FIGURE.findall(log)]
    if figures:
        text += ["", "| figure | value | goal | reached |", "|---|---|---|---|"]
        text += [f"| {bench}.{case} | {value} {unit} | {f'{sign} {goal}' if sign else ''} | {reached(value, sign, goal)} |"
                 for bench, case, value, unit, sign, goal in figures]
    return "\n".join(text) + "\n"


def main(arguments):
    out = pathlib.Path(arguments[0])
    text = report(out)
    print(text)
    (out / "gpu-results.md").write_text(text)
    if arguments[1:2] == ["--append"]:
        with open(arguments[2], "a") as f:
            f.write("\n" + text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
