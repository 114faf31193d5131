"""The program as its users run it: exit codes, what it prints, signals, the load generator.

usage: program_test.py BATON MAKE_TEST_MODELS
"""

import json
import os
import re
import signal
import socket
import sys
import threading
import time
import unittest

from program import ProgramCase, Server, baton, deep_body, write_npy


class ProgramTest(ProgramCase):
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
    unittest.main(argv=sys.argv[:1])
