"""Writing ONNX files that many programs can read, and running them with ONNX Runtime."""
import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

OPSET, IR = 13, 8


def model(name, nodes, inputs, outputs, tensors):
    """A checked model with `tensors` as its weights."""
    weights = [numpy_helper.from_array(np.ascontiguousarray(array), key) for key, array in tensors.items()]
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR,
                             producer_name="baton demo")
    onnx.checker.check_model(made, full_check=True)
    return made


def accuracy(path, inputs, labels):
    """The share of rows whose largest output is the label, by ONNX Runtime."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs, = session.run(None, {session.get_inputs()[0].name: inputs})
    return float((outputs.argmax(axis=1) == labels).mean())
