#!/usr/bin/env python3
"""Layer by layer through Baton's device interface against PyTorch, and copies against the plainest: on one card, in turns.

usage: compare.py GPU_CHECK SECONDS [ARGUMENT...]. ARGUMENTs are those of `gpu_check timings`, which measures Baton's side.
Within a round each case is measured once, in random order, so that a drift of the card hits all alike; rounds go on for
SECONDS. Without PyTorch only Baton's side is measured. The standard library and PyTorch only.
"""
import random
import statistics
import subprocess
import sys
import time

try:
    import torch
    import torch_models
    if not torch.cuda.is_available():
        raise ImportError("it sees no card")
    NO_TORCH = None
except ImportError as e:
    NO_TORCH = str(e)

LEAST_SECONDS = 0.005  # of one measurement: shorter runs are repeated
MOST_REPEATS = 50
LEAST_ROUNDS = 3
COPY_LIMIT = "limit"


class Baton:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def line(self):
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError("gpu_check ended with %s" % self.process.wait())
        return answer.strip()

    def cases(self):
        self.process.stdin.write("list\n")
        return list(iter(self.line, ""))

    def seconds(self, case, times):
        self.process.stdin.write("%s %d\n" % (case, times))
        kind, _, rest = self.line().partition(" ")
        if kind != "seconds":
            raise RuntimeError("%s: %s" % (case, rest))
        return float(rest)

    def end(self):
        self.process.stdin.close()
        return self.process.wait()


def torch_cases(group):
    """Of one group of Baton's cases: name and what measures it."""
    kind, *words = group
    if kind == "copy":
        yield COPY_LIMIT, torch_models.Copy(words[0].replace("outputs", "card_to_host"), int(words[1]))
    elif words[0] in torch_models.MAKERS:
        model, batch, precision = words[0], int(words[1]), words[2]
        for name, graph, folded in (("eager", False, False), ("graphs", True, False), ("graphs_folded", True, True)):
            if folded and model == "lstm":
                continue  # it has nothing to fold
            try:
                yield "torch_" + name, torch_models.Run(model, batch, precision == "tf32", graph, folded)
            except RuntimeError as e:  # of PyTorch: no reason to measure nothing else
                print("torch_%s of %s, batch %d, is left out: %s" % (name, model, batch, e))


def grouped(cases):
    """Cases that are compared with each other, by what they have in common."""
    groups = {}
    for case in cases:
        words = case.split()
        group, name = (tuple(words), "baton") if words[0] == "copy" else (tuple(words[:-1]), words[-1])
        groups.setdefault(group, []).append((name, case))
    return groups


def measure(baton, seconds):
    """(group, name) -> seconds of each round."""
    run = {}
    for group, cases in grouped(baton.cases()).items():
        for name, case in cases:
            run[group, name] = lambda times, case=case: baton.seconds(case, times)
        if not NO_TORCH:
            for name, case in torch_cases(group):
                run[group, name] = case.seconds
    repeats = {}
    for key, once in run.items():
        once(1)
        repeats[key] = max(1, min(MOST_REPEATS, round(LEAST_SECONDS / max(once(1), 1e-6))))
    samples = {key: [] for key in run}
    order, begin = list(run), time.monotonic()
    random.seed(7)
    while time.monotonic() - begin < seconds or len(samples[order[0]]) < LEAST_ROUNDS:
        random.shuffle(order)
        for key in order:
            samples[key].append(run[key](repeats[key]))
    return samples


def interval(values):
    """Median and its 95% interval, by bootstrap."""
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(400))
    return statistics.median(values), medians[10], medians[-11]


def report(samples):
    figures = []
    print("%d rounds" % len(next(iter(samples.values()))))
    print("| what | case | median, 95% interval | times the first case |\n|---|---|---|---|")
    for (group, name), values in samples.items():
        middle, low, high = interval(values)
        first = next(key for key in samples if key[0] == group)
        base = samples[group, COPY_LIMIT] if group[0] == "copy" and (group, COPY_LIMIT) in samples else samples[first]
        ratio = statistics.median(a / b for a, b in zip(values, base))
        label = ".".join(group[1:] if group[0] == "copy" else group)
        if group[0] == "copy":
            rate = [(int(group[2]) << 20) / s / 1e9 for s in (middle, high, low)]
            print("| copy %s MiB | %s | %.2f GB/s [%.2f, %.2f] | %.3f |" % (" ".join(group[1:]), name, *rate, ratio))
            figures.append(("copy.%s.%s" % (label, name), "%.4g GB/s" % rate[0]))
        else:
            print("| %s | %s | %.3f ms [%.3f, %.3f] | %.3f |" % (" ".join(group[1:]), name, middle * 1e3, low * 1e3, high * 1e3,
                                                            ratio))
            figures.append(("%s.%s" % (label, name), "%.4g ms" % (middle * 1e3)))
    for name, value in figures:
        print("figure", name, value)


def main(arguments):
    program, seconds, *rest = arguments
    if NO_TORCH:
        print("PyTorch is left out: %s" % NO_TORCH)
    baton = Baton([program, "timings", *rest])
    report(measure(baton, float(seconds)))
    return baton.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
