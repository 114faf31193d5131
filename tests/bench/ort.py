# Time per request beside ONNX Runtime and OpenVINO: usual networks, batch 1 and 8, one and two cores.
"""Each runtime is a process of its own, pinned to the same cores; they are asked in turn. What is reported is the median
time over that of the faster peer, and how far the answers are apart. Models: build/zoo (demo/make_zoo.py).

Usage: ort.py [--models NAME,...] [--batches 1,8] [--cores 1,2] [--seconds 3] [--precision f32]
"""
import argparse
import contextlib
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ("onnxruntime", "openvino")
FURTHEST = 1e-3  # of the largest magnitude
GEOMEAN_GOAL, WORST_GOAL = 0.75, 1.05
TOKENS = 64


class Contestant:
    def __init__(self, name, command, cores):
        self.name = name
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.expect("ready")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"ort: {self.name} ended with {self.process.wait()}")
        return line.strip()

    def expect(self, word):
        said = self.answer()
        if said != word:
            sys.exit(f"ort: {self.name} said {said!r} instead of {word!r}")

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self, times):
        return [float(s) for s in self.ask(f"run {times}").split()]

    def outputs(self):
        with tempfile.TemporaryDirectory() as folder:
            self.ask(f"save {folder}")
            return {p.stem: np.load(p) for p in pathlib.Path(folder).glob("*.npy")}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def random_input(file, batch, folder):
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    generator, paths = np.random.default_rng(1), []
    for i, wanted in enumerate(session.get_inputs()):
        shape = [batch if d == "N" else TOKENS if d == "S" else d for d in wanted.shape]
        if wanted.type == "tensor(int64)":
            values = generator.integers(0, 10000, shape)
        else:
            values = generator.standard_normal(shape).astype(np.float32)
        paths.append(folder / f"{i}.npy")
        np.save(paths[-1], values)
    return paths


def distance(a, b):
    return max(float(np.abs(a[n].astype(np.float64) - b[n]).max() / np.abs(b[n]).max()) for n in b)


def compare(name, batch, cores, options):
    """Median seconds by contestant, and the largest distance of our answer from a peer's."""
    model = options.zoo / name / "1/model.onnx"
    pinned = sorted(os.sched_getaffinity(0))[:cores]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        inputs = random_input(model, batch, pathlib.Path(folder))
        python = ROOT / "tests/bench/peers/contestant.py"
        commands = {"baton": [options.contestant, model, f"cpu:1x{cores}", *inputs]}
        for peer in PEERS:
            commands[peer] = [sys.executable, python, peer, model, cores, "f32", *inputs]
        contestants = []
        for who, command in commands.items():
            contestants.append(Contestant(who, command, pinned))
            stack.callback(contestants[-1].close)
        # A turn lasts long enough for caches and clocks to settle, and the first of its requests does not count.
        turn = {c.name: max(2, math.ceil(0.05 / min(c.run(3)))) + 1 for c in contestants}
        seconds = {c.name: [] for c in contestants}
        rounds = max(4, math.ceil(options.seconds / sum(turn[c.name] * min(c.run(2)) for c in contestants)))
        for _ in range(rounds):
            for c in random.sample(contestants, len(contestants)):
                seconds[c.name].append(statistics.median(c.run(turn[c.name])[1:]))
        answers = {c.name: c.outputs() for c in contestants}
    return ({who: statistics.median(s) for who, s in seconds.items()},
            max(distance(answers["baton"], answers[peer]) for peer in PEERS), rounds)


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
    print(f"{'model':14} batch cores {'baton':>9} {'onnxrt':>9} {'openvino':>9}  over the better peer, apart  rounds")
    ratios, furthest = {}, 0
    for cores in options.cores:
        for batch in options.batches:
            for name in models:
                seconds, apart, rounds = compare(name, batch, cores, options)
                ratio = seconds["baton"] / min(seconds[peer] for peer in PEERS)
                ratios[name, batch, cores] = ratio
                furthest = max(furthest, apart)
                times = " ".join(f"{seconds[who] * 1e3:9.3f}" for who in ("baton", *PEERS))
                print(f"{name:14} {batch:5} {cores:5} {times}  {ratio:.3f}  {apart:.1e}  {rounds}", flush=True)
    geomean = math.exp(statistics.mean(math.log(r) for r in ratios.values()))
    worst = max(ratios, key=ratios.get)
    print(f"worst: {worst[0]}, batch {worst[1]}, {worst[2]} cores")
    print(f"figure ort.geomean {geomean:.3f} ratio goal <= {GEOMEAN_GOAL}")
    print(f"figure ort.worst {ratios[worst]:.3f} ratio goal <= {WORST_GOAL}")
    print(f"figure ort.apart {furthest:.2e} of_largest goal <= {FURTHEST}")


if __name__ == "__main__":
    main()
