#!/usr/bin/env python3
"""Makes the repository that the demo serves, build/models: the trained models, and ResNet-50 with random weights.

ResNet-50 is right for speed and memory, and its answers mean nothing: see light_graphs.py.
Usage: make_models.py [--out build/models] [--inputs build/demo]
"""
import argparse
import pathlib
import shutil

import numpy as np
import onnx

import light_graphs

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGES = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/models")
    parser.add_argument("--inputs", type=pathlib.Path, default=ROOT / "build/demo")
    options = parser.parse_args()

    trained = ROOT / "demo/models"
    for path in sorted(trained.glob("*/1/model.onnx")):
        target = options.out / path.relative_to(trained)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        shutil.copyfile(path.parent.parent / "labels.txt", target.parent.parent / "labels.txt")
        print(f"models: {target.parent.parent.name}, trained, kept in the repository")

    random = np.random.default_rng(0)
    images = light_graphs.pictures(IMAGES, random)
    options.inputs.mkdir(parents=True, exist_ok=True)
    np.save(options.inputs / "images.npy", images)
    target = options.out / "resnet50/1/model.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    half_written = options.inputs / "model.onnx.part"  # the server must never see half a model
    onnx.save(light_graphs.load("resnet50", images[:2], random), half_written)
    half_written.replace(target)
    print(f"models: resnet50, random weights, {target.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
