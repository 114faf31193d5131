# What cores bring: one device of two cores, and two devices of one, beside one device of one core, per model.
"""`wide`: time per request on cpu:1 over that on cpu:1x2. `both`: requests per second on two cpu:1 at once over one alone, and how
much longer the slowest 1% take there. As many requests are open as there are devices. Models: build/zoo.

Usage: scaling.py [--models NAME,...] [--seconds 3]
"""
import argparse
import contextlib
import math
import os
import pathlib
import random
import statistics
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
from contest import Contestant, interval, random_input

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = {"one": "cpu:1", "again": "cpu:1", "wide": "cpu:1x2", "both": "cpu:2"}


def measure(name, options):
    model = options.zoo / name / "1/model.onnx"
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        inputs = random_input(model, 1, pathlib.Path(folder))
        contestants = []
        for case, devices in CASES.items():
            contestants.append(Contestant(case, [options.contestant, model, devices, *inputs], cores))
            stack.callback(contestants[-1].close)
        once = min(contestants[0].run(3))
        times = max(4, math.ceil(0.3 / once))
        # A round is one stream of requests of each case; [seconds of all, seconds of each]
        seen = {c.name: [] for c in contestants}
        for _ in range(max(4, round(options.seconds / (4 * times * once)))):
            for c in random.sample(contestants, len(contestants)):
                seen[c.name].append([float(s) for s in c.ask(f"stream {times}").split()])
        return seen


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", type=pathlib.Path, default=ROOT / "build/release/baton_contestant")
    parser.add_argument("--zoo", type=pathlib.Path, default=ROOT / "build/zoo")
    parser.add_argument("--models", type=lambda text: text.split(","))
    parser.add_argument("--seconds", type=float, default=6)
    options = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("scaling: there is one core only")
    random.seed(1)
    print("requests per second over those of one device of one core, medians of rounds; p99 of latency likewise")
    print(f"{'model':14} {'one, ms':>8} {'A/A':>6}  {'wide':23} {'both':23} {'both, p99':>9}")
    gains = {"wide": [], "both": []}
    for name in options.models or sorted(p.name for p in options.zoo.iterdir() if (p / "1/model.onnx").exists()):
        seen = measure(name, options)
        times = interval([r[0] for r in seen["one"]])
        over_one = {case: interval([a[0] / b[0] for a, b in zip(seen["one"], rounds)]) for case, rounds in seen.items()}
        late = {case: percentile([s for r in rounds for s in r[1:]], 0.99) for case, rounds in seen.items()}
        for case, gain in gains.items():
            gain.append(over_one[case][0])
        requests = len(seen["one"][0]) - 1
        shown = {case: "{:.3f} [{:.3f}, {:.3f}]".format(*x) for case, x in over_one.items()}
        print(f"{name:14} {times[0] / requests * 1e3:8.2f} {over_one['again'][0]:6.3f}  {shown['wide']:23} {shown['both']:23} "
              f"{late['both'] / late['one']:9.3f}", flush=True)
    for case, gain in gains.items():
        print(f"figure scaling.{case} {math.exp(statistics.mean(map(math.log, gain))):.3f} times_one_core")


if __name__ == "__main__":
    main()
