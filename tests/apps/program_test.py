"""The program as its users run it: exit codes, what it prints, signals, the load generator.

usage: program_test.py BATON MAKE_TEST_MODELS
"""

import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BATON, MAKE_MODELS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TIMEOUT = 120
DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../demo")


def baton(*arguments):
    return subprocess.run([BATON, *map(str, arguments)], capture_output=True, text=True, timeout=TIMEOUT)


def write_npy(path, shape, values, kind="<f4"):
    header = str({"descr": kind, "fortran_order": False, "shape": tuple(shape)})
    header += " " * ((-(len(header) + 11)) % 64) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        f.write(struct.pack("<%d%s" % (len(values), "f" if kind == "<f4" else "q"), *values))


def read_floats(path):
    with open(path, "rb") as f:
        data = f.read()
    return data[10 + struct.unpack("<H", data[8:10])[0]:]


class Server:
    """`baton serve` on a free port."""

    def __init__(self, models, *arguments):
        self.process = subprocess.Popen(
            [BATON, "serve", "--models", models, "--port", "0", *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise RuntimeError("no ready line: %r %s" % (line, self.process.communicate()[1]))
        self.port = int(found.group(1))
        self.url = "http://127.0.0.1:%d" % self.port

    def ask(self, method, target, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            c.request(method, target, body)
            r = c.getresponse()
            return r.status, json.loads(r.read())
        finally:
            c.close()

    def ask_in_vain(self, method, target, body):
        """The status, or nothing where the server is gone."""
        try:
            return self.ask(method, target, body)[0]
        except (OSError, http.client.HTTPException):
            return None

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        _, self.log = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def deep_body(rows):
    return json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [rows, 256], "data": [1] * (256 * rows)}]})


class ProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.models = os.path.join(cls.folder.name, "models")
        cls.flawed = os.path.join(cls.folder.name, "flawed.onnx")
        subprocess.run([MAKE_MODELS, cls.models, cls.flawed], check=True)
        cls.mlp = os.path.join(cls.models, "mlp/2/model.onnx")
        cls.deep = os.path.join(cls.models, "deep/1/model.onnx")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_every_subcommand_has_help_with_an_example(self):
        for command in ([], ["run"], ["models"], ["models", "show"], ["models", "check"], ["devices"], ["serve"], ["bench"], ["simulate"], ["trace"],
                        ["trace", "replay"], ["trace", "export"], ["trace", "summary"], ["trace", "messages"]):
            r = baton(*command, "--help")
            self.assertEqual(r.returncode, 0, command)
            self.assertIn("Example", r.stdout, command)
            self.assertTrue(r.stdout.replace("\n", "").isprintable(), command)
        self.assertRegex(baton("--version").stdout, r"baton \d")

    def test_a_wrong_command_line_is_2_a_failure_is_1_and_both_say_one_sentence(self):
        for command in ([], ["nothing"], ["run"], ["run", self.mlp, "--devices", "tpu:1"],
                        ["run", self.mlp, "--policy", "nothing"], ["run", self.mlp, "--symbol", "Q=1"],
                        ["run", self.mlp, "--move-after", "first"], ["run", self.mlp, "--input", "z=random"],
                        ["run", self.mlp, "--devices", "cpu:2", "--move-after", "nowhere"],
                        ["run", self.mlp, "--quantum", "-1"], ["serve", "--models", self.models, "--port", "70000"]):
            r = baton(*command)
            self.assertEqual(r.returncode, 2, (command, r.stderr))
            self.assertTrue(r.stderr.strip(), command)
        for command in (["run", "nowhere.onnx"], ["run", self.mlp, "--input", "x=nowhere.npy"],
                        ["models", "show", os.path.join(self.models, "broken/1/model.onnx")],
                        ["models", "check", os.path.join(self.models, "broken/1/model.onnx")],
                        ["models", "check", "nowhere.onnx"],
                        ["serve", "--models", "/nowhere"], ["trace", "replay", "/nowhere"],
                        ["trace", "replay", self.mlp], ["trace", "replay", self.models],
                        ["trace", "export", "/nowhere"], ["trace", "export", self.mlp],
                        ["trace", "summary", self.models], ["trace", "messages", self.mlp],
                        ["run", self.mlp, "--trace", "/nowhere/run.trace"],
                        ["bench", "--mix", "/nowhere"], ["bench", "--mix", self.models]):
            r = baton(*command)
            self.assertEqual(r.returncode, 1, (command, r.stderr))
            self.assertRegex(r.stderr.strip().splitlines()[-1], "^baton: .")
            self.assertNotIn("unexpected", r.stderr)

    def test_devices_and_models_are_shown(self):
        r = baton("devices", "--devices", "cpu:1@a,cpu:1@b")
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"(?m)^1 +\S+ +cpu")
        r = baton("models", "show", self.mlp)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"input +x FP32 \[N,3\]")
        self.assertRegex(r.stdout, r"parameters +26")
        self.assertRegex(r.stdout, r"first +linear +\[N,4\]")
        r = baton("models", "show", self.mlp, "--symbol", "N=5")
        self.assertRegex(r.stdout, r"first +linear +\[5,4\]")

    def test_a_check_says_that_a_model_can_be_served_or_everything_that_is_wrong(self):
        r = baton("models", "check", self.mlp)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"model.onnx can be served: 2 layers, 26 parameters, 104 ?B of weights")
        self.assertRegex(r.stdout, r"output +y FP32 \[N,2\]")
        r = baton("models", "check", self.flawed)
        self.assertEqual(r.returncode, 1)
        self.assertIn("node 'strange_1' (Einsum): operator Einsum is not supported (2 nodes)\n", r.stdout)
        self.assertIn("node 'sum' (Add): shapes [N,3] and [4] do not fit together\n", r.stdout)
        self.assertEqual(len(r.stdout.splitlines()), 2, r.stdout)
        self.assertRegex(r.stderr, r"^baton: .*flawed.onnx cannot be served: 2 problems\n$")

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

    def test_sigterm_answers_what_is_open_and_exits_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with Server(self.models, "--devices", "cpu:2") as server:
                answers = []
                clients = [threading.Thread(target=lambda: answers.append(
                    server.ask_in_vain("POST", "/v2/models/deep/infer", deep_body(800)))) for _ in range(4)]
                for c in clients:
                    c.start()
                while server.ask("GET", "/v2/baton/stats")[1]["open_requests"] < 2 and not answers:
                    time.sleep(0.01)
                self.assertEqual(server.end(number), 0)
                for c in clients:
                    c.join()
                # Those that had been received; the rest may have been refused or cut off, but never answered wrongly.
                self.assertIn(200, answers)
                self.assertLessEqual(set(answers), {200, 503, None})
                with self.assertRaises(OSError):
                    socket.create_connection(("127.0.0.1", server.port), timeout=5)

    def test_a_second_signal_ends_at_once(self):
        body = deep_body(4000)
        with Server(self.models, "--devices", "cpu:1") as server:
            threads = [threading.Thread(target=server.ask_in_vain, args=("POST", "/v2/models/deep/infer", body))
                       for _ in range(8)]
            for t in threads:
                t.start()
            while server.ask("GET", "/v2/baton/stats")[1]["open_requests"] < 4:
                time.sleep(0.01)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
            begun = time.monotonic()
            self.assertEqual(server.end(), 128 + signal.SIGTERM)
            self.assertLess(time.monotonic() - begun, 5)
            for t in threads:
                t.join()

    def test_serve_listens_on_loopback_only_and_says_which_model_is_broken(self):
        with Server(self.models) as server:
            self.assertEqual(server.ask("GET", "/v2/health/ready")[0], 200)
            with open("/proc/net/tcp") as f:
                bound = [line.split()[1] for line in f if line.split()[1].endswith(":%04X" % server.port)]
            self.assertEqual(set(bound) - {"0100007F:%04X" % server.port}, set())
            self.assertEqual(server.end(), 0)
            self.assertRegex(server.log, "'broken' is not served: .")
            self.assertRegex(server.log, "'empty' is not served: .")

    def test_bench_checks_answers_and_says_so(self):
        write_npy(self.path("rows.npy"), [6, 3], [i / 4 - 2 for i in range(18)])
        write_npy(self.path("labels.npy"), [6], [0] * 6, "<i8")
        write_npy(self.path("wide.npy"), [64, 256], [(i % 7) / 7 for i in range(64 * 256)])
        mix = {"streams": [
            {"name": "urgent", "model": "mlp", "inputs": {"x": "rows.npy"}, "labels": "labels.npy",
             "check": "undisturbed", "rate": 40, "priority": 10, "move_fraction": 0.5},
            {"name": "heavy", "model": "deep", "inputs": {"x": "wide.npy"}, "check": "undisturbed", "concurrency": 3,
             "batch": 32, "move_fraction": 0.3}]}
        with open(self.path("mix.json"), "w") as f:
            json.dump(mix, f)
        with Server(self.models, "--devices", "cpu:2", "--engine-log", self.path("serve.log")) as server:
            r = baton("bench", "--url", server.url, "--mix", self.path("mix.json"), "--seconds", "3", "--warmup", "0.5")
            self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
            row = re.search(r"(?m)^urgent +mlp +10 +(\d+) +0 +[\d.]+ +[\d.]+ +[\d.]+ +(\d+) +(\d+) +([\d.]+)% "
                            r"+(\d+) +(\d+) +(\d+)$",
                            r.stdout)
            self.assertTrue(row, r.stdout)
            self.assertGreater(int(row.group(1)), 60)
            self.assertEqual(row.group(2), row.group(3))
            preemptions, moves, sent_to_move = (int(row.group(i)) for i in (5, 6, 7))
            self.assertEqual(preemptions, 0) # nothing is more urgent
            self.assertGreater(sent_to_move, 0)
            self.assertGreaterEqual(moves, sent_to_move)
            self.assertRegex(r.stdout, r"server: \d+ preemptions, [1-9]\d* moves")
            self.assertEqual(server.end(), 0)
        self.assertEqual(baton("trace", "replay", self.path("serve.log")).returncode, 0)
        r = baton("bench", "--url", server.url, "--mix", self.path("mix.json"), "--seconds", "1")
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, "^baton: .")
        mix["streams"][0]["move_fraction"] = 7
        with open(self.path("mix.json"), "w") as f:
            json.dump(mix, f)
        r = baton("bench", "--mix", self.path("mix.json"))
        self.assertEqual(r.returncode, 2)
        self.assertIn("move_fraction", r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
