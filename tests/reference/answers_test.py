"""The program's answers against ONNX Runtime's, and against its own under moves.

Usage: answers_test.py BATON MODEL.onnx INPUTS.npy [--labels FILE.npy --accuracy SHARE] --move-after LAYER...
"""
import argparse
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime

TOLERANCE = 1e-4  # of the largest magnitude in the reference
BATCHES = (1, 4)
QUANTA = ("0", None)  # each layer alone, and the default
DEVICES = ("cpu:1", "cpu:2", "cpu:1@a,cpu:1@b")  # one device; two in one domain; two in two
TIMEOUT = 120


class Program:
    """Runs `baton run` on a model with one input and one output."""

    def __init__(self, options, session, folder):
        self.baton, self.model, self.folder = options.baton, options.model, folder
        self.input, self.output = session.get_inputs()[0].name, session.get_outputs()[0].name

    def run(self, values, devices, quantum=None, move_after=None):
        given, answer = self.folder / "given.npy", self.folder / "answer.npy"
        np.save(given, values)
        answer.unlink(missing_ok=True)
        command = [self.baton, "run", self.model, "--input", f"{self.input}={given}",
                   "--output", f"{self.output}={answer}", "--devices", devices]
        command += ["--quantum", quantum] if quantum is not None else []
        command += ["--move-after", move_after] if move_after is not None else []
        ended = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
        if ended.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\nended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
        moves, wanted = re.search(r"(\d+) moves", ended.stdout), int(move_after is not None)
        if moves is None or int(moves[1]) != wanted:
            sys.exit(f"{' '.join(map(str, command))}\nshould have moved {wanted} times:\n{ended.stdout}")
        return np.load(answer)


def distance(ours, reference):
    """The largest difference, as a share of the reference's largest magnitude."""
    if ours.shape != reference.shape or ours.dtype != reference.dtype:
        sys.exit(f"the answer is {ours.dtype} {ours.shape}, the reference {reference.dtype} {reference.shape}")
    if not np.isfinite(ours).all():
        return float("inf")
    return float(np.abs(ours.astype(np.float64) - reference).max() / np.abs(reference).max())


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def check(options, program, session, inputs):
    failures = runs = 0

    def expect(holds, what):
        nonlocal failures
        failures += not holds
        print(("ok   " if holds else "FAIL ") + what, flush=True)

    for batch in BATCHES:
        values = inputs[:batch]
        reference, = session.run(None, {program.input: values})
        first = None
        for devices, quantum in itertools.product(DEVICES, QUANTA):
            answer = program.run(values, devices, quantum)
            runs += 1
            first = answer if first is None else first
            off = distance(answer, reference)
            case = f"batch {batch}, {devices}, quantum {quantum or 'default'}"
            expect(off <= TOLERANCE, f"{case}: {off:.1e} off the reference (at most {TOLERANCE:.0e})")
            expect(same_bits(answer, first), f"{case}: the same bits as the first run")
        for devices, layer in itertools.product(DEVICES[1:], options.move_after):
            answer = program.run(values, devices, None, layer)
            runs += 1
            expect(same_bits(answer, first), f"batch {batch}, {devices}, moved after layer {layer}: the same bits")

    if options.labels:
        labels = np.load(options.labels)
        reference, = session.run(None, {program.input: inputs})
        answer = program.run(inputs, "cpu:2")
        runs += 1
        right = float((answer.argmax(axis=1) == labels).mean())
        off = distance(answer, reference)
        expect(off <= TOLERANCE, f"all {len(labels)} held-out samples in one batch: {off:.1e} off the reference")
        expect(right >= options.accuracy, f"{100 * right:.1f}% of them right (at least {100 * options.accuracy:.0f}%)")
    print(f"{runs} runs, {failures} failures")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("baton", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("inputs", type=pathlib.Path)
    parser.add_argument("--labels", type=pathlib.Path)
    parser.add_argument("--accuracy", type=float, default=0.0)
    parser.add_argument("--move-after", nargs="+", default=[])
    options = parser.parse_args()
    for path in (options.baton, options.model, options.inputs):
        if not path.exists():
            sys.exit(f"{path} is not there; `make test` makes it")
    session = onnxruntime.InferenceSession(str(options.model), providers=["CPUExecutionProvider"])
    with tempfile.TemporaryDirectory() as folder:
        program = Program(options, session, pathlib.Path(folder))
        return 1 if check(options, program, session, np.load(options.inputs)) else 0


if __name__ == "__main__":
    sys.exit(main())
