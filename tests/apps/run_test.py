"""`baton run` and what it leaves: inputs of every form, model files of either, precisions, moves, traces.

usage: run_test.py BATON MAKE_TEST_MODELS
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

from program import BATON, DEMO, TIMEOUT, ProgramCase, Server, baton, deep_body, read_floats, write_npy


class RunTest(ProgramCase):
    def test_a_list_of_layers_is_a_model_file_too(self):
        path = self.path("listed.json")
        layers = [{"type": "conv", "params": {"in_channels": 3, "out_channels": 8, "filter_size": 3, "stride": 0,
                                              "padding": 1}},
                  {"type": "relu", "params": {}}, {"type": "flat", "params": {}},
                  {"type": "linear", "params": {"in_channels": 512, "out_channels": 10}}]
        with open(path, "w") as file:
            json.dump({"name": "listed", "input_shape": [64, 3, 8, 8], "layers": layers}, file)
        r = baton("models", "show", path)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"input +input FP32 \[N,3,8,8\]")
        self.assertRegex(r.stdout, r"conv_0 +conv +\[N,8,8,8\]")
        once, again = self.path("once.npy"), self.path("again.npy")
        for output in (once, again):
            r = baton("run", path, "--batch", "2", "--output", "output=" + output)
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertRegex(r.stdout, r"output output FP32 \[2,10\]")
        self.assertEqual(read_floats(once), read_floats(again))
        layers[0]["params"]["in_channels"] = 4
        layers[3]["params"]["bias"] = True
        with open(path, "w") as file:
            json.dump({"name": "listed", "input_shape": [64, 3, 8, 8], "layers": layers}, file)
        r = baton("models", "check", path)
        self.assertEqual(r.returncode, 1)
        self.assertIn("listed.json: layer 0 (conv): in_channels is 4, but what comes before has 3", r.stdout)
        self.assertIn("listed.json: layer 3 (linear): 'bias' is not a key", r.stdout)
        self.assertRegex(r.stderr, r"listed.json cannot be served: 2 problems\n$")
        self.assertEqual(baton("run", path).returncode, 1)

    def test_a_precision_that_a_device_does_not_have_is_refused_by_the_devices_name(self):
        for command in (["run", self.mlp], ["models", "check", self.mlp], ["devices"]):
            for devices, limit, sentence in (("cpu:1", "AVX512_CORE", "device 'cpu:0': this processor cannot compute in bf16"),
                                             ("cuda:0", "DEFAULT", "device 'cuda:0': GPUs do not compute in bf16 yet")):
                r = subprocess.run([BATON, *command, "--devices", devices, "--precision", "bf16"], capture_output=True,
                                   text=True, timeout=TIMEOUT, env={**os.environ, "DNNL_MAX_CPU_ISA": limit})
                self.assertEqual(r.returncode, 2, (command, r.stdout, r.stderr))
                self.assertRegex(r.stderr, "^baton: " + sentence + "[^\n]*\n$")

    def test_a_check_in_bf16_shows_the_error(self):
        r = baton("models", "check", self.deep, "--precision", "bf16", "--batch", "2")
        if "no AVX512_BF16" in r.stderr:
            self.skipTest(r.stderr.strip())
        self.assertEqual(r.returncode, 0, r.stderr)
        found = re.search(r"output +y: relative rms error (\S+), largest error (\S+) of the largest magnitude", r.stdout)
        self.assertTrue(found, r.stdout)
        for error in found.groups():
            self.assertTrue(1e-5 < float(error) < 0.1, r.stdout)
        self.assertEqual(r.stdout, baton("models", "check", self.deep, "--precision", "bf16", "--batch", "2").stdout)
        self.assertNotIn("rms", baton("models", "check", self.deep).stdout)

    def test_run_reads_and_writes_files_and_moves_without_changing_a_bit(self):
        x, still, moved = self.path("x.npy"), self.path("still.npy"), self.path("moved.npy")
        write_npy(x, [4, 256], [((i * 37) % 101) / 50 - 1 for i in range(1024)])
        r = baton("run", self.deep, "--input", "x=" + x, "--output", "y=" + still, "--devices", "cpu:2")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"output y FP32 \[4,256\]")
        self.assertRegex(r.stdout, r"layer_39 +linear +\[4,256\]")
        for devices, steps, counted in (("cpu:2", ["--move-after", "layer_3"], "1 moves"),
                                        ("cpu:1@a,cpu:1@b", ["--move-after", "20=1"], "1 moves"),
                                        ("cpu:1", ["--preempt-after", "30"], "1 preemptions")):
            log = self.path("engine.log")
            r = baton("run", self.deep, "--input", x, "--output", moved, "--devices", devices, *steps, "--engine-log",
                      log)
            self.assertEqual(r.returncode, 0, r.stderr)
            self.assertIn(counted, r.stdout)
            self.assertEqual(read_floats(still), read_floats(moved))
            r = baton("trace", "replay", log)
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
            self.assertIn("no difference", r.stdout)
            self.assertIn("->", baton("trace", "replay", log, "--print").stdout)

    def test_a_trace_of_a_run_is_exported_summed_up_and_listed(self):
        trace, out = self.path("run.trace"), self.path("run.json")
        r = baton("run", self.deep, "--devices", "cpu:1@a,cpu:1@b", "--move-after", "20=1", "--repeat", "3", "--trace", trace)
        self.assertEqual(r.returncode, 0, r.stderr)
        r = baton("trace", "export", trace, "-o", out)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"(?m)^3 requests, 3 ended, 0 of them without a result$")
        self.assertRegex(r.stdout, r"(?m)^0 entries dropped$")
        self.assertRegex(r.stdout, r"(?m)^cpu:1 +b +\d+ +[\d.]+ +[\d.]+%")
        with open(out) as f:
            events = json.load(f)["traceEvents"]
        self.assertTrue(any(e["ph"] == "X" and e["name"].startswith("deep: layer_0") for e in events))
        self.assertTrue(any(e["ph"] == "M" and e["args"].get("name") == "link a -> b" for e in events))
        self.assertEqual(len({e["id"] for e in events if e["ph"] == "s"}), 3)
        with_messages = baton("trace", "export", trace, "--messages")
        self.assertIn("run.trace.json", with_messages.stdout)
        with open(trace + ".json") as f:
            self.assertGreater(len(json.load(f)["traceEvents"]), len(events))
        self.assertEqual(baton("trace", "summary", trace).stdout, r.stdout[:r.stdout.rindex("\n\n") + 1])
        r = baton("trace", "messages", trace, "--request", "2")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"(?m)^ *[\d.]+ +[\d.]+ +[\d.]+ +start_attempt +controller +scheduler +2$")
        self.assertNotRegex(r.stdout, r"(?m)not received|scheduler +3$")
        for choice in (["--request", "9"], ["--task", "99"]):
            r = baton("trace", "messages", trace, *choice)
            self.assertEqual(r.returncode, 1)
            self.assertRegex(r.stderr, "^baton: trace '.*' has no (request 9|task 99)\n$")

    def test_a_trace_of_a_server_that_was_killed_is_read_as_far_as_it_goes(self):
        trace = self.path("killed.trace")
        with Server(self.models, "--devices", "cpu:2", "--trace", trace) as server:
            for _ in range(5):
                server.ask("POST", "/v2/models/deep/infer", deep_body(1))
            time.sleep(0.2)
            server.end(signal.SIGKILL)
        r = baton("trace", "summary", trace)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("5 requests, 5 ended", r.stdout)
        self.assertIn("the file ends before its runtime did", r.stdout)
        with open(trace, "rb") as f:
            whole = f.read()
        with open(trace, "wb") as f:
            f.write(whole[:-3])
        r = baton("trace", "export", trace)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("the file ends in the middle of an entry", r.stdout)
        with open(trace + ".json") as f:
            json.load(f)
        with open(trace, "wb") as f:
            f.write(whole[:200] + b"\xff" * 40 + whole[240:])
        r = baton("trace", "summary", trace)
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, r"^baton: trace '.*killed.trace': byte \d+: .*\n$")

    def test_run_takes_random_inputs_and_batches(self):
        r = baton("run", self.mlp, "--batch", "3", "--repeat", "5")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"output y FP32 \[3,2\].*argmax")
        self.assertEqual(baton("run", self.mlp, "--batch", "3").stdout.splitlines()[0], r.stdout.splitlines()[0])
        tokens = os.path.join(self.models, "embedding/1/model.onnx")
        r = baton("run", tokens, "--batch", "2", "--symbol", "S=5")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("[2,5,4]", r.stdout)

    def test_run_reads_a_handwritten_digit_from_a_picture_and_names_it(self):
        cnn = os.path.join(DEMO, "models/digits_cnn/1/model.onnx")
        five, eight = (os.path.join(DEMO, "pictures", name) for name in ("five.png", "eight.png"))
        r = baton("run", cnn, "--input", "image=" + five, "--top", "3")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("image: %s 64x64 -> unit: resized to 8x8 (area), grey, x/255, NCHW" % five, r.stdout)
        self.assertRegex(r.stdout, r"(?m)^best classes by probs, probabilities:")
        self.assertRegex(r.stdout, r"(?m)^ +1 +5 +five +0\.9\d+$")
        self.assertRegex(r.stdout, r"(?m)^ +3 +\d ")
        self.assertNotRegex(r.stdout, r"(?m)^ +4 +\d ")
        r = baton("run", cnn, "--input", five + "," + eight, "--top", "1")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"(?m)^ +0 +1 +5 +five .*\n +1 +1 +8 +eight ")
        with open(self.path("names.txt"), "w") as f:
            f.write("\n".join("class %d" % i for i in range(10)))
        r = baton("run", cnn, "--input", five, "--labels", self.path("names.txt"), "--no-table")
        self.assertRegex(r.stdout, r"(?m)^ +1 +5 +class 5 ")
        self.assertRegex(r.stdout, r"(?m)^ +5 +\d +class \d ")

    def test_run_reads_and_writes_onnx_tensors_and_ranks_scores(self):
        x, y, y_npy = self.path("x3.npy"), self.path("y.pb"), self.path("y.npy")
        write_npy(x, [2, 3], [0.5, -1, 2, 0, 1, 0])
        r = baton("run", self.mlp, "--input", x, "--output", "y=" + y, "--output", y_npy, "--top", "2", "--no-table")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertIn("best classes by y, not probabilities", r.stdout)
        with open(y, "rb") as f:
            self.assertIn(read_floats(y_npy), f.read())
        softened = baton("run", self.mlp, "--input", x, "--softmax", "--no-table")
        self.assertIn("made probabilities by --softmax", softened.stdout)
        # What was written is an input again: y [2,2] is no x [N,3], and the error says so.
        r = baton("run", self.mlp, "--input", y)
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, "^baton: .*'x'")

    def test_inputs_that_make_no_sense_get_one_sentence_that_names_the_file(self):
        cnn = os.path.join(DEMO, "models/digits_cnn/1/model.onnx")
        five = os.path.join(DEMO, "pictures/five.png")
        cut, text = self.path("cut.png"), self.path("note.txt")
        with open(five, "rb") as f, open(cut, "wb") as g:
            g.write(f.read()[:100])
        with open(text, "w") as f:
            f.write("a note")
        for arguments, status, part in (
                (["--input", cut], 2, cut), (["--input", text], 2, text), (["--input", "nowhere.png"], 1, "nowhere.png"),
                (["--input", five, "--preprocess", "resize=big"], 2, "resize=big"),
                (["--input", five, "--preprocess", "crop=4"], 1, "'image'"),
                (["--input", five, "--preprocess", "resize=4"], 1, "'image'"),
                (["--input", five, "--labels", "nowhere.txt"], 1, "nowhere.txt"),
                (["--input", five, "--output", "probs.txt"], 2, "probs.txt")):
            r = baton("run", cnn, *arguments)
            self.assertEqual(r.returncode, status, (arguments, r.stderr))
            self.assertRegex(r.stderr, r"\Abaton: .*\n\Z")
            self.assertIn(part, r.stderr)
        r = baton("run", self.mlp, "--input", five)
        self.assertEqual(r.returncode, 2)
        self.assertIn("input 'x' is [N,3]", r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
