#!/usr/bin/env python3
"""The performance section of README.md, made from the figures in docs/figures.

Usage: performance_table.py [--check] [ROOT]. Rewrites the part of README.md between the two markers; with --check only
says whether it is as it should be, and exits 1 if not.

A file docs/figures/NAME.txt is what `make figures` saved of one run of a benchmark: lines "command: ...", "processor: ...",
"date: ..." and "load: ...", then what the benchmark printed. Of that the lines

    figure <benchmark>.<case> <value> <unit> [goal <=|>= <number>]

are read, and any other line is passed over.
"""
import dataclasses
import difflib
import pathlib
import re
import sys

BEGIN = "<!-- figures: made by `make figures`, from docs/figures -->"
END = "<!-- end of figures -->"
FIGURE = re.compile(r"figure (?P<bench>\w+)\.(?P<case>\S+) (?P<value>\S+) (?P<unit>\S+)"
                    r"(?: goal (?P<sign><=|>=) (?P<goal>\S+))?")
HEADER = ("command", "processor", "date", "load")


class Problem(Exception):
    """What is wrong with a file, in one sentence."""


@dataclasses.dataclass
class Figure:
    case: str
    value: float
    unit: str
    sign: str | None
    goal: float | None

    def reached(self):
        if self.goal is None:
            return None
        return self.value <= self.goal if self.sign == "<=" else self.value >= self.goal


@dataclasses.dataclass
class Run:
    name: str
    header: dict
    figures: list


def read_run(path):
    name, header, figures = path.stem, {}, []
    lines = path.read_text(encoding="utf-8").splitlines()
    for key, line in zip(HEADER, lines):
        if not line.startswith(key + ": "):
            raise Problem(f"{path.name}: line {len(header) + 1} does not say \"{key}: ...\"")
        header[key] = line.removeprefix(key + ": ").strip()
    for number, line in enumerate(lines, 1):
        if not line.startswith("figure "):
            continue
        m = FIGURE.fullmatch(line.rstrip())
        try:
            if not m or m["bench"] != name:
                raise ValueError
            figures.append(Figure(m["case"], float(m["value"]), m["unit"], m["sign"], m["goal"] and float(m["goal"])))
        except ValueError:
            raise Problem(f"{path.name}: line {number} is not a figure of {name}: {line}") from None
    if not figures:
        raise Problem(f"{path.name}: has no figures")
    return Run(name, header, figures)


def number(x):
    return f"{x:,.0f}".replace(",", " ") if abs(x) >= 1000 else f"{x:.4g}"


def purpose(root, name):
    """The first sentence of the benchmark's comment."""
    lines = []
    for line in (root / "tests/bench" / f"{name}.cpp").read_text(encoding="utf-8").splitlines():
        if not line.startswith("// "):
            break
        lines.append(line.removeprefix("// "))
    return re.split(r"(?<=[.:])(?=\s|$)", " ".join(lines))[0].rstrip(".:")


def section(root):
    runs = [read_run(p) for p in sorted((root / "docs/figures").glob("*.txt"))]
    out = [BEGIN]
    for r in runs:
        h = r.header
        out += ["",
                f"**{purpose(root, r.name)}**: `{h['command']}` on {h['processor']}, {h['date']}, load {h['load']} "
                f"([all of it](docs/figures/{r.name}.txt)).",
                "",
                "| case | value | goal | reached |",
                "|---|---|---|---|"]
        for f in r.figures:
            reached = {None: "", True: "yes", False: "**no**"}[f.reached()]
            goal = "" if f.goal is None else f"{f.sign} {number(f.goal)}"
            out.append(f"| {f.case} | {number(f.value)} {f.unit} | {goal} | {reached} |")
    return "\n".join([*out, "", END])


def rewritten(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise Problem("README.md: the two markers of the figures are not there, once each")
    before, rest = text.split(BEGIN)
    return text, before + section(root) + rest.split(END)[1]


def main(arguments):
    check = "--check" in arguments
    rest = [a for a in arguments if a != "--check"]
    root = pathlib.Path(rest[0]) if rest else pathlib.Path(__file__).resolve().parents[1]
    try:
        old, new = rewritten(root)
    except Problem as e:
        print(e)
        return 1
    if old == new:
        print("README.md: its figures are those of docs/figures")
        return 0
    if not check:
        (root / "README.md").write_text(new, encoding="utf-8")
        print("README.md: figures written")
        return 0
    print("README.md: its figures are not those of docs/figures; run scripts/performance_table.py")
    print("\n".join(difflib.unified_diff(old.splitlines(), new.splitlines(), "is", "should be", lineterm="", n=0)))
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
