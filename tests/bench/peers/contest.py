"""Runtimes as processes that are asked in turn: what benchmarks beside peers share."""
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

TOKENS = 64
TURN_PROCESSOR_SECONDS = 0.5
TURN_SECONDS = 0.05  # long enough for caches and clocks to settle; its first request does not count


class Contestant:
    def __init__(self, name, command, cores):
        self.name = name
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.expect("ready")

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"contest: {self.name} ended with {self.process.wait()}")
        return line.strip()

    def expect(self, word):
        said = self.answer()
        if said != word:
            sys.exit(f"contest: {self.name} said {said!r} instead of {word!r}")

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.answer()

    def run(self, times):
        return [float(s) for s in self.ask(f"run {times}").split()]

    def processor_seconds(self):
        """That its threads have run."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

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


def measure(contestants, seconds):
    """Seconds per request of each in each round; a round is a turn of each, in random order."""
    turn = {c.name: max(2, -int(-TURN_SECONDS // min(c.run(3)))) + 1 for c in contestants}
    rounds = max(5, round(seconds / sum(turn[c.name] * min(c.run(2)) for c in contestants)))
    seen = {c.name: [] for c in contestants}
    for _ in range(rounds):
        for c in random.sample(contestants, len(contestants)):
            seen[c.name].append(statistics.median(c.run(turn[c.name])[1:]))
    return seen


def measure_processor_time(contestants, seconds):
    """The same in seconds that the processes ran, for machines that others use too. Turns are long: it is counted in hundredths."""
    turn = {c.name: max(4, int(TURN_PROCESSOR_SECONDS / min(c.run(5)))) for c in contestants}
    seen = {c.name: [] for c in contestants}
    for _ in range(max(4, round(seconds / TURN_PROCESSOR_SECONDS / len(contestants)))):
        for c in random.sample(contestants, len(contestants)):
            before = c.processor_seconds()
            c.run(turn[c.name])
            seen[c.name].append((c.processor_seconds() - before) / turn[c.name])
    return seen


def interval(samples, draw=1000):
    """Median and its 95% interval, by bootstrap."""
    medians = sorted(statistics.median(random.choices(samples, k=len(samples))) for _ in range(draw))
    return statistics.median(samples), medians[draw // 40], medians[-draw // 40]
