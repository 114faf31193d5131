"""Triton's own client for Python, unmodified, against the program.

usage: tritonclient_test.py BATON MAKE_TEST_MODELS
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import unittest

import ml_dtypes
import numpy as np
import onnx
import tritonclient.http as http
import tritonclient.http.aio as http_aio
from onnx import TensorProto, helper
from tritonclient.utils import InferenceServerException

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from program import BATON, MAKE_MODELS, Server  # noqa: E402

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

# Datatype: ONNX's type, and values that are at the edges of it.
VALUES = {
    "BOOL": (TensorProto.BOOL, np.array([[True, False, True]])),
    "INT8": (TensorProto.INT8, np.array([[-128, 127, 0]], np.int8)),
    "INT16": (TensorProto.INT16, np.array([[-32768, 32767, 0]], np.int16)),
    "INT32": (TensorProto.INT32, np.array([[-2**31, 2**31 - 1, 0]], np.int32)),
    "INT64": (TensorProto.INT64, np.array([[-2**63, 2**63 - 1, 2**53 + 1]], np.int64)),
    "UINT8": (TensorProto.UINT8, np.array([[255, 0, 1]], np.uint8)),
    "UINT16": (TensorProto.UINT16, np.array([[65535, 0, 1]], np.uint16)),
    "UINT32": (TensorProto.UINT32, np.array([[2**32 - 1, 0, 1]], np.uint32)),
    "UINT64": (TensorProto.UINT64, np.array([[2**64 - 1, 2**63, 2**53 + 1]], np.uint64)),
    "FP16": (TensorProto.FLOAT16, np.array([[65504, -0.1, 6e-8]], np.float16)),
    "BF16": (TensorProto.BFLOAT16, np.array([[3e38, -0.1, 1e-40]], BFLOAT16)),
    "FP32": (TensorProto.FLOAT, np.array([[3.4e38, -0.1, 1e-45]], np.float32)),
    "FP64": (TensorProto.DOUBLE, np.array([[1.7e308, -0.1, 5e-324]], np.float64)),
}


def save(folder, name, nodes, inputs, outputs):
    def values(all_of_them):
        return [helper.make_tensor_value_info(n, t, s) for n, t, s in all_of_them]
    graph = helper.make_graph(nodes, name, values(inputs), values(outputs))
    path = os.path.join(folder, name, "1")
    os.makedirs(path)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, os.path.join(path, "model.onnx"))


def make_models(folder):
    for name in VALUES:
        kind = VALUES[name][0]
        save(folder, "same_" + name, [helper.make_node("Identity", ["x"], ["y"])], [("x", kind, ["N", 3])],
             [("y", kind, ["N", 3])])
    wide = TensorProto.FLOAT
    save(folder, "two", [helper.make_node("Add", ["a", "b"], ["sum"]), helper.make_node("Relu", ["a"], ["bent"])],
         [("a", wide, ["N", 400]), ("b", wide, ["N", 400])], [("sum", wide, ["N", 400]), ("bent", wide, ["N", 400])])


def given(name, value, datatype="FP32", binary=True):
    i = http.InferInput(name, list(value.shape), datatype)
    i.set_data_from_numpy(value, binary_data=binary)
    return i


def pair(seed):
    random = np.random.default_rng(seed)
    return [random.standard_normal((2, 400)).astype(np.float32) for _ in range(2)]


class TritonClientTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        models = os.path.join(cls.folder.name, "models")
        subprocess.run([MAKE_MODELS, models], check=True)
        make_models(models)
        cls.server = Server(models, "--devices", "cpu:2")
        cls.url = "127.0.0.1:%d" % cls.server.port

    @classmethod
    def tearDownClass(cls):
        assert cls.server.end() == 0
        cls.folder.cleanup()

    def setUp(self):
        self.client = http.InferenceServerClient(self.url, concurrency=8)
        self.addCleanup(self.client.close)

    def check_two(self, result, a, b):
        np.testing.assert_array_equal(result.as_numpy("sum"), a + b)
        np.testing.assert_array_equal(result.as_numpy("bent"), np.maximum(a, 0))

    def test_health_metadata_index_and_statistics(self):
        c = self.client
        self.assertTrue(c.is_server_live())
        self.assertTrue(c.is_server_ready())
        self.assertTrue(c.is_model_ready("two"))
        self.assertTrue(c.is_model_ready("two", "1"))
        self.assertFalse(c.is_model_ready("broken"))
        self.assertFalse(c.is_model_ready("nobody"))
        self.assertIn("binary_tensor_data", c.get_server_metadata()["extensions"])
        metadata = c.get_model_metadata("two")
        self.assertEqual([i["name"] for i in metadata["inputs"]], ["a", "b"])
        self.assertEqual(metadata["outputs"][0], {"name": "sum", "datatype": "FP32", "shape": [-1, 400]})
        index = {m["name"]: m["state"] for m in c.get_model_repository_index()}
        self.assertEqual((index["two"], index["broken"]), ("READY", "UNAVAILABLE"))
        before = c.get_inference_statistics("two")["model_stats"][0]["inference_stats"]["success"]["count"]
        a, b = pair(0)
        c.infer("two", [given("a", a), given("b", b)])
        stats = c.get_inference_statistics("two", "1")["model_stats"][0]
        self.assertEqual(stats["inference_stats"]["success"]["count"], before + 1)
        self.assertGreater(stats["inference_stats"]["compute_infer"]["ns"], 0)
        self.assertIn("two", [m["name"] for m in c.get_inference_statistics()["model_stats"]])

    def test_models_are_loaded_configured_and_unloaded(self):
        c = self.client
        save(os.path.join(self.folder.name, "models"), "late", [helper.make_node("Relu", ["x"], ["y"])],
             [("x", TensorProto.FLOAT, ["N", 3])], [("y", TensorProto.FLOAT, ["N", 3])])
        self.assertFalse(c.is_model_ready("late"))
        c.load_model("late")
        self.assertTrue(c.is_model_ready("late"))
        config = c.get_model_config("late")
        self.assertEqual([(i["name"], i["data_type"]) for i in config["input"]], [("x", "TYPE_FP32")])
        value = np.array([[-1, 0, 2]], np.float32)
        # A timeout of 0 is the protocol's "none".
        np.testing.assert_array_equal(c.infer("late", [given("x", value)], timeout=0).as_numpy("y"), [[0, 0, 2]])
        c.unload_model("late")
        self.assertFalse(c.is_model_ready("late"))
        with self.assertRaisesRegex(InferenceServerException, "late"):
            c.infer("late", [given("x", value)])
        with self.assertRaisesRegex(InferenceServerException, "nobody"):
            c.load_model("nobody")

    def test_every_datatype_comes_back_as_it_went_in(self):
        for name in VALUES:
            value = VALUES[name][1]
            for binary_in in (True, False) if name != "BF16" else (True,):  # the client sends BF16 in binary only
                for binary_out in (True, False):
                    r = self.client.infer("same_" + name, [given("x", value, name, binary_in)],
                                          outputs=[http.InferRequestedOutput("y", binary_data=binary_out)])
                    self.assertEqual(r.get_output("y")["datatype"], name)
                    got = r.as_numpy("y")
                    self.assertEqual(got.tobytes(), value.tobytes(), (name, binary_in, binary_out, got))

    def test_what_is_not_finite_travels_in_binary(self):
        value = np.array([[np.nan, np.inf, -np.inf]], np.float32)
        r = self.client.infer("same_FP32", [given("x", value)])
        self.assertEqual(r.as_numpy("y").tobytes(), value.tobytes())
        with self.assertRaisesRegex(InferenceServerException, "'y'.*binary"):
            self.client.infer("same_FP32", [given("x", value)],
                              outputs=[http.InferRequestedOutput("y", binary_data=False)])

    def test_inputs_and_outputs_mix_json_and_binary(self):
        a, b = pair(1)
        for first in (True, False):
            r = self.client.infer("two", [given("a", a, binary=first), given("b", b, binary=not first)],
                                  outputs=[http.InferRequestedOutput("bent", binary_data=first),
                                           http.InferRequestedOutput("sum", binary_data=not first)],
                                  request_id="one", priority=3, timeout=10_000_000)
            self.check_two(r, a, b)
            self.assertEqual(r.get_response()["id"], "one")
            self.assertEqual([o["name"] for o in r.get_response()["outputs"]], ["bent", "sum"])

    def test_bodies_may_be_compressed_both_ways(self):
        a, b = pair(2)
        for there in (None, "gzip", "deflate"):
            for back in (None, "gzip", "deflate"):
                for binary in (True, False):
                    r = self.client.infer("two", [given("a", a, binary=binary), given("b", b, binary=binary)],
                                          outputs=[http.InferRequestedOutput("sum", binary_data=binary),
                                                   http.InferRequestedOutput("bent", binary_data=binary)],
                                          request_compression_algorithm=there, response_compression_algorithm=back)
                    self.check_two(r, a, b)

    def test_classes(self):
        value = np.array([[1, 5, 3], [9, 8, 7]], np.float32)
        for binary in (True, False):
            r = self.client.infer("same_FP32", [given("x", value)],
                                  outputs=[http.InferRequestedOutput("y", binary_data=binary, class_count=2)])
            got = [[c.decode() if isinstance(c, bytes) else c for c in row] for row in r.as_numpy("y")]
            self.assertEqual(got, [["5.000000:1", "3.000000:2"], ["9.000000:0", "8.000000:1"]])

    def test_many_at_once(self):
        waiting = []
        for i in range(64):
            a, b = pair(i)
            waiting.append((self.client.async_infer("two", [given("a", a), given("b", b)], request_id=str(i)), a, b))
        for i, (request, a, b) in enumerate(waiting):
            r = request.get_result()
            self.check_two(r, a, b)
            self.assertEqual(r.get_response()["id"], str(i))

    def test_asyncio(self):
        async def one(client, i):
            a, b = pair(i)
            self.check_two(await client.infer("two", [given("a", a), given("b", b)]), a, b)

        async def all_of_them():
            async with http_aio.InferenceServerClient(self.url) as client:
                self.assertTrue(await client.is_server_ready())
                await asyncio.gather(*[one(client, i) for i in range(32)])
                with self.assertRaisesRegex(InferenceServerException, "nobody"):
                    await client.infer("nobody", [given("x", np.zeros((1, 3), np.float32))])

        asyncio.run(all_of_them())

    def test_errors_name_the_part_at_fault(self):
        x = np.zeros((1, 3), np.float32)
        a = np.zeros((1, 400), np.float32)
        for model, inputs, outputs, words in (
                ("nobody", [given("x", x)], None, "no model 'nobody'"),
                ("two", [given("a", a)], None, "'b'.*missing"),
                ("two", [given("a", a), given("b", x)], None, "'b'"),
                ("two", [given("a", a), given("b", a.astype(np.int64), "INT64")], None, "'b'"),
                ("two", [given("a", a), given("b", a), given("c", a)], None, "'c'"),
                ("two", [given("a", a), given("b", a)], [http.InferRequestedOutput("c")], "'c'"),
                ("two", [given("a", a), given("b", a.astype(str).astype(object), "BYTES")], None, "'b'.*BYTES")):
            with self.assertRaisesRegex(InferenceServerException, words):
                self.client.infer(model, inputs, outputs=outputs)
        with self.assertRaisesRegex(InferenceServerException, "no version"):
            self.client.infer("same_FP32", [given("x", x)], model_version="7")
        with self.assertRaisesRegex(InferenceServerException, "sequence"):
            self.client.infer("same_FP32", [given("x", x)], sequence_id=5, sequence_start=True)
        deep = np.ones((2000, 256), np.float32)
        with self.assertRaises(InferenceServerException) as caught:
            self.client.infer("deep", [given("x", deep)], timeout=1000)
        self.assertEqual(caught.exception.status(), "504")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
