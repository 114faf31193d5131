#!/usr/bin/env python3
"""Trains the demo's models on scikit-learn's digits and writes them with held-out inputs under demo/models, and two
held-out digits as pictures under demo/pictures.

Run it as `make train`. The results are kept in the repository: the demo itself trains nothing.
"""
import os
import pathlib
import sys
import time

# One thread, so that a run adds up in the same order each time; set before numpy loads its BLAS.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402
import onnx  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402
from sklearn.model_selection import train_test_split  # noqa: E402

from training import cnn, lstm, onnx_files, pictures  # noqa: E402

MODELS = pathlib.Path(__file__).resolve().parent / "models"
NAMES = "zero one two three four five six seven eight nine".split()


def images(pixels):
    """Values 0..16 -> float [N, 1, 8, 8] in 0..1."""
    return (pixels.reshape(-1, 1, 8, 8) / 16).astype(np.float32)


def tokens(pixels):
    """The pixels as a sequence, row by row: int64 [N, 64]."""
    return pixels.astype(np.int64)


def progress(epoch, epochs, loss):
    if epoch % 10 == 0 or epoch == epochs:
        print(f"  epoch {epoch:3} of {epochs}, loss {loss:.4f}", flush=True)


def make(module, name, input_name, encode, split):
    seen, held_out, seen_labels, labels = split
    print(f"{name}: training on {len(seen)} digits", flush=True)
    start = time.monotonic()
    weights = module.train(encode(seen), seen_labels, progress)
    path = MODELS / name / "1" / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(module.to_onnx(weights), path)
    np.save(MODELS / name / f"{input_name}.npy", encode(held_out))
    np.save(MODELS / name / "labels.npy", labels.astype(np.int64))
    (MODELS / name / "labels.txt").write_text("\n".join(NAMES) + "\n")
    accuracy = onnx_files.accuracy(path, encode(held_out), labels)
    print(f"{name}: {100 * accuracy:.1f}% of {len(labels)} held-out digits right, by ONNX Runtime; "
          f"{time.monotonic() - start:.0f} s -> {path.relative_to(MODELS.parent)}")


def main():
    digits = load_digits()
    split = train_test_split(digits.data, digits.target, test_size=0.25, stratify=digits.target, random_state=0)
    make(cnn, "digits_cnn", "image", images, split)
    make(lstm, "digits_lstm", "tokens", tokens, split)
    for digit in (5, 8):  # the first of each among the held-out ones
        first = int(np.flatnonzero(split[3] == digit)[0])
        pictures.write_digit(MODELS.parent / "pictures" / f"{NAMES[digit]}.png", images(split[1])[first, 0])


if __name__ == "__main__":
    sys.exit(main())
