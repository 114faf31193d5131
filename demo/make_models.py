#!/usr/bin/env python3
"""Makes the repository that the demo serves, build/models: the trained models, and ResNet-50 with random weights.

ResNet-50's graph is the one that the `onnx` package ships for its own tests, where every weight is one constant. Here
it gets seeded random weights of the right sizes: right for speed and memory, and its answers mean nothing.
Usage: make_models.py [--out build/models] [--inputs build/demo]
"""
import argparse
import pathlib
import shutil

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGES = 8


def filled(graph, random):
    """An initialiser for each weight; those of the graph are nodes that repeat one constant."""
    shape_of = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    constants = {n.output[0]: shape_of[n.input[0]] for n in graph.node if n.op_type == "ConstantOfShape"}
    role = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            role[name] = (node.op_type, place)
    for name, shape in constants.items():
        if name not in role:  # read by nobody
            continue
        kind, place = role[name]
        if kind in ("Conv", "Gemm") and place == 1:
            fan_in = np.prod(shape[1:]) if kind == "Conv" else shape[1]
            values = random.standard_normal(shape) * np.sqrt(1.6 / fan_in)
        elif kind == "BatchNormalization" and place in (1, 4):  # scale and variance
            values = np.ones(shape)
        else:
            values = random.standard_normal(shape) * 0.01
        yield numpy_helper.from_array(values.astype(np.float32), name)


def rename(graph, old, new):
    """`old` is an input or output of the graph."""
    for value in [*graph.input, *graph.output]:
        if value.name == old:
            value.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


def set_batch_symbol(graph):
    """Batch N instead of 1: in the inputs and outputs, and in the Reshape in front of the last layer."""
    for value in [*graph.input, *graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in targets:
            shape = numpy_helper.to_array(tensor).copy()
            if shape[0] == 1:
                shape[0] = 0 if -1 in shape else -1
                tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def last_gemm(graph):
    return [node for node in graph.node if node.op_type == "Gemm"][-1]


def soften(model, images):
    """Scales the last layer's weights by 1/std of its output: a softmax fed with large numbers answers 0 or 1."""
    gemm = last_gemm(model.graph)
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.append(helper.make_tensor_value_info(gemm.output[0], onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    logits, = session.run([gemm.output[0]], {model.graph.input[0].name: images})
    for tensor in model.graph.initializer:
        if tensor.name == gemm.input[1]:
            scaled = (numpy_helper.to_array(tensor) / logits.std()).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(scaled, tensor.name))


def resnet50(images, random):
    path = pathlib.Path(onnx.__file__).parent / "backend/test/data/light/light_resnet50.onnx"
    model = onnx.load(path)
    graph = model.graph
    weights = list(filled(graph, random))
    made = {node.output[0] for node in graph.node if node.op_type == "ConstantOfShape"}
    kept = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    read = {name for node in kept for name in node.input}
    others = [t for t in graph.initializer if t.name in read]
    real_inputs = [v for v in graph.input if v.name in read and v.name not in made | {t.name for t in others}]
    for field, values in ((graph.node, kept), (graph.initializer, others + weights), (graph.input, real_inputs)):
        del field[:]
        field.extend(values)
    del graph.value_info[:]
    graph.name = "resnet50"
    rename(graph, graph.input[0].name, "image")
    rename(graph, graph.output[0].name, "probs")
    set_batch_symbol(graph)
    model.ir_version = 8  # from 4 on, weights need not be inputs as well
    soften(model, images)
    onnx.checker.check_model(model, full_check=True)
    return model


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
    # Patches of colour: pure noise would look the same to every layer behind the first pooling.
    patches = np.kron(random.standard_normal((IMAGES, 3, 7, 7)), np.ones((32, 32)))
    # Two decimals: as JSON, a third of the size.
    images = np.round(patches + 0.1 * random.standard_normal(patches.shape), 2).astype(np.float32)
    options.inputs.mkdir(parents=True, exist_ok=True)
    np.save(options.inputs / "images.npy", images)
    target = options.out / "resnet50/1/model.onnx"
    target.parent.mkdir(parents=True, exist_ok=True)
    half_written = options.inputs / "model.onnx.part"  # the server must never see half a model
    onnx.save(resnet50(images[:2], random), half_written)
    half_written.replace(target)
    print(f"models: resnet50, random weights, {target.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
