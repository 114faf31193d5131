#!/usr/bin/env python3
"""Makes the models that the benchmarks run, build/zoo: usual networks, with seeded random weights.

Their answers mean nothing (see light_graphs.py). Models that are there already are left alone.
Usage: make_zoo.py [--out build/zoo] [NAME...]
"""
import argparse
import pathlib
import zlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import light_graphs

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIGHT = {"alexnet": "bvlc_alexnet", "densenet121": "densenet121", "inception_v1": "inception_v1",
         "inception_v2": "inception_v2", "resnet50": "resnet50", "shufflenet": "shufflenet",
         "squeezenet": "squeezenet", "vgg19": "vgg19", "zfnet512": "zfnet512"}
OPSET = 13


def vgg16(random):
    """Simonyan and Zisserman, 2014, configuration D: VGG-19 less three layers."""
    nodes, weights = [], []

    def layer(kind, index, x, shape, **attributes):
        names = [f"{kind.lower()}{index}.{part}" for part in ("weight", "bias")]
        weights.append(light_graphs.random_weight(names[0], shape, kind, 1, random))
        weights.append(light_graphs.random_weight(names[1], shape[:1], kind, 2, random))
        out = f"{kind.lower()}{index}"
        nodes.append(helper.make_node(kind, [x, *names], [out], name=out, **attributes))
        return out

    def node(kind, x, **attributes):
        out = f"{kind.lower()}_{x}"
        nodes.append(helper.make_node(kind, [x], [out], name=out, **attributes))
        return out

    x, channels, index = "image", 3, 0
    for width, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            x = node("Relu", layer("Conv", index, x, (width, channels, 3, 3), kernel_shape=[3, 3], pads=[1, 1, 1, 1]))
            channels, index = width, index + 1
        x = node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = node("Flatten", x, axis=1)
    for index, shape in enumerate(((4096, 25088), (4096, 4096), (1000, 4096))):
        x = layer("Gemm", index, x, shape, transB=1)
        x = node("Relu", x) if index < 2 else x
    nodes.append(helper.make_node("Softmax", [x], ["probs"], name="probs", axis=1))
    graph = helper.make_graph(nodes, "vgg16",
                              [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 224, 224])],
                              [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["N", 1000])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])


def lstm(random, words=10000, width=128, hidden=256, depth=2, classes=10):
    """Words -> the last step's state of two layers -> classes."""
    nodes, weights = [], []

    def weight(name, shape, spread):
        values = random.standard_normal(shape) * spread
        weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def node(kind, inputs, outputs, **attributes):
        nodes.append(helper.make_node(kind, inputs, outputs, name=next(o for o in outputs if o), **attributes))

    node("Gather", [weight("embedding", (words, width), 1.0), "tokens"], ["rows"])
    node("Transpose", ["rows"], ["steps"], perm=[1, 0, 2])
    x, inputs = "steps", width
    for i in range(depth):
        operands = [weight(f"lstm{i}.w", (1, 4 * hidden, inputs), inputs ** -0.5),
                    weight(f"lstm{i}.r", (1, 4 * hidden, hidden), hidden ** -0.5),
                    weight(f"lstm{i}.b", (1, 8 * hidden), 0.01)]
        last = i == depth - 1
        outputs = ["", "state"] if last else [f"all{i}"]
        node("LSTM", [x, *operands], outputs, hidden_size=hidden)
        if not last:
            weights.append(numpy_helper.from_array(np.array([1]), f"axis{i}"))
            node("Squeeze", [outputs[0], f"axis{i}"], [f"steps{i}"])
            x, inputs = f"steps{i}", hidden
    weights.append(numpy_helper.from_array(np.array([0]), "axis"))
    node("Squeeze", ["state", "axis"], ["last"])
    node("Gemm", ["last", weight("out.w", (classes, hidden), hidden ** -0.5), weight("out.b", (classes,), 0.01)],
         ["logits"], transB=1)
    graph = helper.make_graph(nodes, "lstm", [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N", "S"])],
                              [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model


def make(name):
    random = np.random.default_rng(zlib.crc32(name.encode()))  # the same model whichever others are made
    if name == "lstm":
        return lstm(random)
    images = light_graphs.pictures(2, random)
    if name == "vgg16":
        return light_graphs.finish(vgg16(random), name, images)
    return light_graphs.load(LIGHT[name], images, random)


def main():
    names = sorted([*LIGHT, "vgg16", "lstm"])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/zoo")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; none: all")
    options = parser.parse_args()
    for name in options.names or names:
        if name not in names:
            parser.error(f"there is no model '{name}'")
        target = options.out / name / "1/model.onnx"
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        half_written = target.with_suffix(".part")
        onnx.save(make(name), half_written)
        half_written.replace(target)
        print(f"zoo: {name}, {target.stat().st_size / 1e6:.0f} MB", flush=True)


if __name__ == "__main__":
    main()
