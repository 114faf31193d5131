"""A model on ONNX Runtime or OpenVINO, asked as baton_contestant.cpp is.

Usage: contestant.py onnxruntime|openvino|openvino_bf16 MODEL.onnx THREADS INPUT.npy...
"""
import pathlib
import sys
import time

import numpy as np


class OnnxRuntime:
    def __init__(self, file, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.inputs = [i.name for i in self.session.get_inputs()]
        self.outputs = [o.name for o in self.session.get_outputs()]

    def bind(self, values):
        self.feed = dict(zip(self.inputs, values))

    def run(self):
        return self.session.run(None, self.feed)


class OpenVino:
    precision = "f32"

    def __init__(self, file, threads):
        import openvino
        core = openvino.Core()
        self.model = core.read_model(file)
        self.compile = lambda model: core.compile_model(
            model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                           "INFERENCE_PRECISION_HINT": self.precision})
        self.outputs = [o.get_any_name() for o in self.model.outputs]

    def bind(self, values):
        # Fixed shapes: what its users are told to do for speed.
        self.model.reshape({i.get_any_name(): list(v.shape) for i, v in zip(self.model.inputs, values)})
        self.request = self.compile(self.model).create_infer_request()
        self.feed = list(values)

    def run(self):
        result = self.request.infer(self.feed, share_inputs=True, share_outputs=True)
        return [result[o] for o in self.request.model_outputs]


class OpenVinoBf16(OpenVino):
    precision = "bf16"


def main():
    kind, file, threads, *inputs = sys.argv[1:]
    runtime = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "openvino_bf16": OpenVinoBf16}[kind](file, int(threads))
    runtime.bind([np.load(path) for path in inputs])
    print("ready", flush=True)
    last = None
    for line in sys.stdin:
        verb, argument = line.split()
        if verb == "run":
            seconds = []
            for _ in range(int(argument)):
                start = time.perf_counter()
                last = runtime.run()
                seconds.append(time.perf_counter() - start)
            print(*seconds, flush=True)
        elif verb == "save":
            for name, value in zip(runtime.outputs, last):
                np.save(pathlib.Path(argument) / f"{name}.npy", value)
            print("saved", flush=True)
        else:
            sys.exit(f"no such command: {line}")


if __name__ == "__main__":
    main()
