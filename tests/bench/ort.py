# Time per request beside ONNX Runtime and OpenVINO: usual networks, batch 1 and 8, one and two cores.
"""Each runtime is a process of its own, pinned to the same cores; they are asked in turn. What is reported is the median
time over that of the faster peer, and how far the answers are apart. Models: build/zoo (demo/make_zoo.py).

Usage: ort.py [--models NAME,...] [--batches 1,8] [--cores 1,2] [--seconds 3]
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

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "peers"))
from contest import Contestant, interval, measure, random_input

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ("onnxruntime", "openvino")
FURTHEST = 1e-3  # of the largest magnitude
GEOMEAN_GOAL, WORST_GOAL = 0.75, 1.05


def distance(a, b):
    return max(float(np.abs(a[n].astype(np.float64) - b[n]).max() / np.abs(b[n]).max()) for n in b)


def compare(name, batch, cores, options):
    """Seconds by contestant and round, and the largest distance of our answer from a peer's."""
    model = options.zoo / name / "1/model.onnx"
    pinned = sorted(os.sched_getaffinity(0))[:cores]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        inputs = random_input(model, batch, pathlib.Path(folder))
        python = ROOT / "tests/bench/peers/contestant.py"
        ours = [options.contestant, model, f"cpu:1x{cores}", *inputs]
        commands = {"baton": ours, "again": ours}
        for peer in PEERS:
            commands[peer] = [sys.executable, python, peer, model, cores, *inputs]
        contestants = []
        for who, command in commands.items():
            contestants.append(Contestant(who, command, pinned))
            stack.callback(contestants[-1].close)
        seconds = measure(contestants, options.seconds)
        answers = {c.name: c.outputs() for c in contestants}
    return seconds, max(distance(answers["baton"], answers[peer]) for peer in PEERS)


def geomean(values):
    return math.exp(statistics.mean(math.log(v) for v in values))


def main():
    numbers = lambda text: [int(x) for x in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", type=pathlib.Path, default=ROOT / "build/release/baton_contestant")
    parser.add_argument("--zoo", type=pathlib.Path, default=ROOT / "build/zoo")
    parser.add_argument("--models", type=lambda text: text.split(","))
    parser.add_argument("--batches", type=numbers, default=[1, 8])
    parser.add_argument("--cores", type=numbers, default=[1, 2])
    parser.add_argument("--seconds", type=float, default=3, help="per model, batch and number of cores")
    options = parser.parse_args()
    models = options.models or sorted(p.name for p in options.zoo.iterdir() if (p / "1/model.onnx").exists())
    random.seed(1)
    print("ms per request, median of rounds; over the faster peer with 95% interval; A/A: ours over ours again")
    print(f"{'model':14} batch cores {'baton':>9} {'onnxrt':>9} {'openvino':>9}  {'over peer':23} {'A/A':>6}  apart")
    ratios, same, furthest = {}, [], 0
    for cores in options.cores:
        for batch in options.batches:
            for name in models:
                seconds, apart = compare(name, batch, cores, options)
                best = min(PEERS, key=lambda peer: statistics.median(seconds[peer]))
                ratio = interval([a / b for a, b in zip(seconds["baton"], seconds[best])])
                ratios[name, batch, cores] = ratio[0]
                same.append(statistics.median(a / b for a, b in zip(seconds["again"], seconds["baton"])))
                furthest = max(furthest, apart)
                times = " ".join(f"{statistics.median(seconds[who]) * 1e3:9.3f}" for who in ("baton", *PEERS))
                print(f"{name:14} {batch:5} {cores:5} {times}  {ratio[0]:.3f} [{ratio[1]:.3f}, {ratio[2]:.3f}]"
                      f"    {same[-1]:6.3f}  {apart:.0e}", flush=True)
    worst = max(ratios, key=ratios.get)
    print(f"A/A, all: {geomean(same):.3f} [{min(same):.3f}, {max(same):.3f}]")
    print(f"worst: {worst[0]}, batch {worst[1]}, {worst[2]} cores")
    print(f"figure ort.geomean {geomean(ratios.values()):.3f} ratio goal <= {GEOMEAN_GOAL}")
    print(f"figure ort.worst {ratios[worst]:.3f} ratio goal <= {WORST_GOAL}")
    print(f"figure ort.apart {furthest:.2e} of_largest goal <= {FURTHEST}")


if __name__ == "__main__":
    main()
