# Time per request in bf16 beside OpenVINO's in bf16 and our own in fp32, and how far either is from its fp32.
"""As ort.py: each is a process of its own, pinned to the same cores, and they are asked in turn. What is reported is our
median time in bf16 over OpenVINO's, and the errors of both: root mean square of the difference from the same runtime's
answer in fp32 over that answer's. Models: build/zoo (demo/make_zoo.py). Needs a processor with AVX512_BF16.

Usage: bf16.py [--models NAME,...] [--batches 1] [--cores 1] [--seconds 3] [--processor-time]
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
from contest import Contestant, interval, measure, measure_processor_time, random_input

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ["resnet50", "densenet121", "shufflenet", "lstm"]
GOAL = 0.9  # of OpenVINO's time


def error(answer, reference):
    """The largest of the outputs' relative root mean square errors."""
    return max(float(np.sqrt(np.mean((answer[n].astype(np.float64) - reference[n]) ** 2)
                             / np.mean(reference[n].astype(np.float64) ** 2))) for n in reference)


def compare(name, batch, cores, options):
    """Seconds by contestant and round, and the errors of ours and of theirs."""
    model = options.zoo / name / "1/model.onnx"
    pinned = sorted(os.sched_getaffinity(0))[:cores]
    python = [sys.executable, ROOT / "tests/bench/peers/contestant.py"]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        inputs = random_input(model, batch, pathlib.Path(folder))
        ours = [model, f"cpu:1x{cores}", *inputs]
        theirs = [model, cores, *inputs]
        commands = {"baton": [options.contestant, "bf16", *ours], "again": [options.contestant, "bf16", *ours],
                    "baton fp32": [options.contestant, *ours], "openvino": [*python, "openvino_bf16", *theirs],
                    "openvino fp32": [*python, "openvino", *theirs]}
        contestants = []
        for who, command in commands.items():
            contestants.append(Contestant(who, command, pinned))
            stack.callback(contestants[-1].close)
        seconds = (measure_processor_time if options.processor_time else measure)(contestants, options.seconds)
        answers = {c.name: c.outputs() for c in contestants}
    return seconds, [error(answers[who], answers[who + " fp32"]) for who in ("baton", "openvino")]


def main():
    numbers = lambda text: [int(x) for x in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contestant", type=pathlib.Path, default=ROOT / "build/release/baton_contestant")
    parser.add_argument("--zoo", type=pathlib.Path, default=ROOT / "build/zoo")
    parser.add_argument("--models", type=lambda text: text.split(","), default=MODELS)
    parser.add_argument("--batches", type=numbers, default=[1])
    parser.add_argument("--cores", type=numbers, default=[1])
    parser.add_argument("--seconds", type=float, default=3, help="per model, batch and number of cores")
    parser.add_argument("--processor-time", action="store_true",
                        help="instead of the clock's: for a machine that others use too; the least of turns is shown")
    options = parser.parse_args()
    if "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text():
        sys.exit("bf16: this processor has no AVX512_BF16")
    random.seed(1)
    print("ms per request, median of rounds; bf16 over OpenVINO's bf16, and over our fp32, with 95% interval")
    print(f"{'model':12} batch cores {'baton':>9} {'fp32':>9} {'openvino':>9} {'fp32':>9}  {'over openvino':21} "
          f"{'over our fp32':21}    A/A  error ours  theirs")
    ratios, gains, same, errors = {}, {}, [], []
    for cores in options.cores:
        for batch in options.batches:
            for name in options.models:
                seconds, apart = compare(name, batch, cores, options)
                over = lambda who: interval([a / b for a, b in zip(seconds["baton"], seconds[who])])
                peer, own = over("openvino"), over("baton fp32")
                ratios[name, batch, cores], gains[name, batch, cores] = peer[0], own[0]
                same.append(statistics.median(a / b for a, b in zip(seconds["again"], seconds["baton"])))
                errors.append(apart[0])
                shown_of = min if options.processor_time else statistics.median
                times = " ".join(f"{shown_of(seconds[who]) * 1e3:9.3f}"
                                 for who in ("baton", "baton fp32", "openvino", "openvino fp32"))
                shown = "  ".join(f"{m:.3f} [{low:.3f}, {high:.3f}]" for m, low, high in (peer, own))
                print(f"{name:12} {batch:5} {cores:5} {times}  {shown}  {same[-1]:6.3f}    {apart[0]:.1e} {apart[1]:.1e}",
                      flush=True)
    worst = max(ratios, key=ratios.get)
    slowest = max(gains, key=gains.get)
    geomean = math.exp(statistics.mean(math.log(v) for v in ratios.values()))
    print(f"A/A, all: [{min(same):.3f}, {max(same):.3f}]")
    print("worst beside OpenVINO: {}, batch {}, {} cores; beside our fp32: {}, batch {}, {} cores".format(*worst, *slowest))
    print(f"figure bf16.geomean {geomean:.3f} ratio goal <= {GOAL}")
    print(f"figure bf16.worst {ratios[worst]:.3f} ratio goal <= 1.0")
    print(f"figure bf16.over_fp32 {gains[slowest]:.3f} ratio goal <= 1.0")
    print(f"figure bf16.error {max(errors):.2e} rms_of_rms")


if __name__ == "__main__":
    main()
