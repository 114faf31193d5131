"""The graphs that the `onnx` package ships for its own tests, as models that can be used.

There every weight is one constant, repeated. Here each gets seeded random numbers of the right size: right for speed and
memory; the answers mean nothing.
"""
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(onnx.__file__).parent / "backend/test/data/light"


def pictures(count, random):
    """Patches of colour: pure noise would look the same to every layer behind the first pooling. Two decimals: as JSON
    a third of the size."""
    patches = np.kron(random.standard_normal((count, 3, 7, 7)), np.ones((32, 32)))
    return np.round(patches + 0.1 * random.standard_normal(patches.shape), 2).astype(np.float32)


def random_weight(name, shape, kind, place, random):
    """For operand `place` of an operator of this `kind`."""
    if kind in ("Conv", "Gemm") and place == 1:
        fan_in = np.prod(shape[1:]) if kind == "Conv" else shape[1]
        values = random.standard_normal(shape) * np.sqrt(1.6 / fan_in)
    elif kind == "BatchNormalization" and place in (1, 4):  # scale and variance
        values = np.ones(shape)
    else:
        values = random.standard_normal(shape) * 0.01
    return numpy_helper.from_array(values.astype(np.float32), name)


def filled(graph, random):
    """An initialiser for each weight; those of the graph are nodes that repeat one constant."""
    shape_of = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    constants = {n.output[0]: shape_of[n.input[0]] for n in graph.node if n.op_type == "ConstantOfShape"}
    role = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            role[name] = (node.op_type, place)
    for name, shape in constants.items():
        if name in role:  # else read by nobody
            yield random_weight(name, shape, *role[name], random)


def rename(graph, old, new):
    """`old` is an input or output of the graph."""
    for value in [*graph.input, *graph.output]:
        if value.name == old:
            value.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


def set_batch_symbol(graph):
    """Batch N instead of 1: in the inputs and outputs, and in the targets of Reshape."""
    for value in [*graph.input, *graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    targets = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for tensor in graph.initializer:
        if tensor.name in targets:
            shape = numpy_helper.to_array(tensor).copy()
            if shape[0] == 1:
                shape[0] = 0 if -1 in shape else -1
                tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))


def soften(model, images):
    """Divides the weights of the last layer that has any by the spread of its output: a softmax that is fed with large
    numbers answers 0 or 1."""
    last = [node for node in model.graph.node if node.op_type in ("Gemm", "Conv")][-1]
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.append(helper.make_tensor_value_info(last.output[0], TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(probe.SerializeToString(), providers=["CPUExecutionProvider"])
    logits, = session.run([last.output[0]], {model.graph.input[0].name: images})
    for tensor in model.graph.initializer:
        if tensor.name in last.input[1:]:
            scaled = (numpy_helper.to_array(tensor) / logits.std()).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(scaled, tensor.name))


def finish(model, name, images):
    model.graph.name = name
    model.ir_version = 8  # from 4 on, weights need not be inputs as well
    soften(model, images)
    onnx.checker.check_model(model, full_check=True)
    return model


def load(name, images, random):
    """The model light_`name`.onnx, of any batch: `image` [N,3,224,224] -> `probs`."""
    model = onnx.load(FOLDER / f"light_{name}.onnx")
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
    rename(graph, graph.input[0].name, "image")
    rename(graph, graph.output[0].name, "probs")
    set_batch_symbol(graph)
    return finish(model, name, images)
