"""Metrics and logs of a server under known requests.

usage: metrics_test.py BATON MAKE_TEST_MODELS OBSERVABILITY.md
"""

import datetime
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import exposition

BATON, MAKE_MODELS, DOCUMENT = map(os.path.abspath, sys.argv[1:4])
TIMEOUT = 120
MLP = {"inputs": [{"name": "x", "datatype": "FP32", "shape": [2, 3], "data": [1, 2, 3, 4, 5, 6]}]}


class Server:
    """`baton ... serve ...` on a free port; its log in a file."""

    def __init__(self, before, models, *after):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BATON, *before, "serve", "--models", models, "--port", "0", *after],
                                        stdout=subprocess.PIPE, stderr=self.log, text=True)
        found = re.search(r":(\d+),", self.process.stdout.readline())
        if not found:
            raise RuntimeError("no ready line: %s" % self.lines())
        self.port = int(found.group(1))

    def ask(self, method, target, body=None, timeout=TIMEOUT):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, target, body if body is None or isinstance(body, str) else json.dumps(body))
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def infer(self, model, body, **parameters):
        return self.ask("POST", "/v2/models/%s/infer" % model, dict(body, parameters=parameters)
                        if isinstance(body, dict) else body)[0]

    def metrics(self):
        return exposition.parse(self.ask("GET", "/metrics")[2].decode())

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)

    def lines(self):
        self.log.seek(0)
        return self.log.read().decode().splitlines()  # raises where it is no UTF-8

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


def deep(rows):
    return {"inputs": [{"name": "x", "datatype": "FP32", "shape": [rows, 256], "data": [1] * (256 * rows)}]}


def value(families, name, **labels):
    """Of one series; 0 where it is not there."""
    family = re.sub("_(bucket|sum|count)$", "", name)
    return families[family if family in families else name].samples.get((name, tuple(sorted(labels.items()))), 0)


class ExpositionTest(unittest.TestCase):
    GOOD = "# HELP a_total What.\n# TYPE a_total counter\na_total{x=\"q\\\"\\\\\\n\"} 1\na_total 2e+06\n"

    def test_it_reads_what_is_right_and_refuses_what_is_not(self):
        f = exposition.parse(self.GOOD)
        self.assertEqual(value(f, "a_total", x="q\"\\\n"), 1)
        self.assertEqual(value(f, "a_total"), 2e6)
        for old, new in (("# HELP a_total What.\n", ""), ("counter", "count"), ("a_total 2e+06", "a_total 2e+06 "),
                         ("a_total 2e+06", "b_total 2"), ('{x="', '{x=='), ("2e+06", "-1"), ("2e+06", "two"),
                         ("a_total 2e+06", 'a_total{x="q\\"\\\\\\n"} 1'), ("2e+06\n", "2e+06"), ("a_total", "a")):
            with self.assertRaises(ValueError, msg=new):
                exposition.parse(self.GOOD.replace(old, new))

    def test_it_refuses_histograms_that_do_not_add_up(self):
        good = ("# HELP h What.\n# TYPE h histogram\nh_count 3\nh_sum 2.5\nh_bucket{le=\"1\"} 2\n"
                "h_bucket{le=\"2\"} 3\nh_bucket{le=\"+Inf\"} 3\n")
        exposition.parse(good)
        for old, new in (("h_count 3", "h_count 4"), ("h_sum 2.5", "h_sum 9"), ("h_sum 2.5", "h_sum 0.5"),
                         ('le="1"} 2', 'le="1"} 4'), ('le="2"', 'le="0.5"'), ('h_bucket{le="+Inf"} 3\n', "")):
            with self.assertRaises(ValueError, msg=new):
                exposition.parse(good.replace(old, new))


class WithModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.models = os.path.join(cls.folder.name, "models")
        subprocess.run([MAKE_MODELS, cls.models], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def eventually(self, condition):
        """What the scheduler counts, and connections that close, may be seen a little after the answer."""
        until = time.monotonic() + TIMEOUT
        while not condition() and time.monotonic() < until:
            time.sleep(0.01)
        self.assertTrue(condition())


class MetricsTest(WithModels):
    def test_counts_are_those_of_the_requests_made(self):
        with Server([], self.models, "--devices", "cpu:1@a,cpu:1@b") as server:
            for _ in range(7):
                self.assertEqual(server.infer("mlp", MLP), 200)
            for _ in range(3):
                self.assertEqual(server.infer("deep", deep(4), move_after=5), 200)
            self.assertEqual(server.infer("mlp", "{"), 400)
            self.assertEqual(server.infer("mlp", {"inputs": []}), 400)
            self.assertEqual(server.infer("deep", deep(2000), timeout=1000), 504)
            self.assertEqual(server.infer("broken", MLP), 503)
            for name in ("nothing", "also%0anothing", "mlp/versions/9"):
                self.assertEqual(server.infer(name, MLP), 404)
            status, headers, _ = server.ask("GET", "/metrics")
            self.assertEqual(status, 200)
            self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
            m = server.metrics()
            codes = {dict(k)["code"]: v for (_, k), v in m["baton_http_requests_total"].samples.items()}
            self.assertEqual(codes, {"200": 11, "400": 2, "404": 3, "503": 1, "504": 1})
            self.eventually(lambda: value(server.metrics(), "baton_attempts_ended_total", outcome="cancelled") == 1)
            self.eventually(lambda: value(server.metrics(), "baton_http_connections") == 1)
            m = server.metrics()

            requests = {(dict(k)["model"], dict(k)["outcome"]): v
                        for (_, k), v in m["baton_requests_total"].samples.items() if v}
            self.assertEqual(requests, {("mlp", "success"): 7, ("mlp", "bad_request"): 2, ("deep", "success"): 3,
                                        ("deep", "deadline_exceeded"): 1, ("broken", "unavailable"): 1})
            self.assertEqual(value(m, "baton_unknown_model_requests_total"), 3)
            self.assertEqual(value(m, "baton_inference_rows_total", model="mlp", version="2"), 14)
            self.assertEqual(value(m, "baton_inference_rows_total", model="deep", version="1"), 12)

            for model, count in (("mlp", 7), ("deep", 3)):
                total = value(m, "baton_request_duration_seconds_sum", model=model)
                self.assertEqual(value(m, "baton_request_duration_seconds_count", model=model), count)
                self.assertGreater(total, 0)
                phases = 0
                for phase in ("queued", "computing", "moving"):
                    self.assertEqual(value(m, "baton_request_phase_seconds_count", model=model, phase=phase), count)
                    phases += value(m, "baton_request_phase_seconds_sum", model=model, phase=phase)
                self.assertGreater(phases, 0)
                self.assertLessEqual(phases, total)
            self.assertGreater(value(m, "baton_request_phase_seconds_sum", model="deep", phase="moving"), 0)
            self.assertGreater(value(m, "baton_request_phase_seconds_sum", model="deep", phase="computing"), 0)

            self.assertEqual(value(m, "baton_request_moves_total", model="deep"), 3)
            self.assertEqual(value(m, "baton_request_moves_total", model="mlp"), 0)
            self.assertEqual(value(m, "baton_request_preemptions_total", model="deep"), 0)

            busy = m["baton_device_busy_seconds_total"].samples
            self.assertEqual(len(busy), 2)
            self.assertTrue(all(v > 0 for v in busy.values()), busy)
            self.assertEqual({dict(k)["device"] for _, k in busy}, {"cpu:0", "cpu:1"})
            computed = sum(value(m, "baton_request_phase_seconds_sum", model=x, phase="computing")
                           for x in ("mlp", "deep"))
            self.assertGreaterEqual(sum(busy.values()), computed * (1 - 1e-9))
            self.assertEqual(value(m, "baton_moves_total"), 3)
            self.assertEqual(value(m, "baton_attempts_total"), 11)
            self.assertEqual(value(m, "baton_attempts_ended_total", outcome="finished"), 10)
            self.assertEqual(value(m, "baton_open_requests"), 0)
            self.assertEqual(value(m, "baton_waiting_tasks"), 0)
            for domain in ("a", "b"):
                self.assertGreater(value(m, "baton_memory_bytes", domain=domain, purpose="weights"), 0)
            for limit in m["baton_memory_limit_bytes"].samples.values():
                self.assertGreater(limit, 0)
                self.assertLess(limit, float("inf"))
            with open("/proc/%d/status" % server.process.pid) as f:
                resident = int(re.search(r"VmRSS:\s+(\d+) kB", f.read()).group(1)) * 1024
            self.assertLess(abs(value(m, "process_resident_memory_bytes") - resident), resident / 4)
            self.assertLess(abs(value(m, "process_start_time_seconds") - time.time()), TIMEOUT)
            self.assertGreater(value(m, "process_cpu_seconds_total"), 0)
            self.assertGreater(value(m, "process_open_fds"), 5)

            before = m
            self.assertEqual(server.infer("mlp", MLP), 200)
            m = server.metrics()
            for name, family in before.items():
                if family.type == "counter":
                    for (sample, labels), v in family.samples.items():
                        self.assertGreaterEqual(value(m, sample, **dict(labels)), v, name)
            self.assertEqual(value(m, "baton_requests_total", model="mlp", version="2", outcome="success"), 8)

    def test_what_is_full_and_who_leaves_is_counted(self):
        with Server([], self.models, "--max-open", "1") as server:
            c = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
            c.request("POST", "/v2/models/deep/infer", json.dumps(deep(4000)))
            self.eventually(lambda: value(server.metrics(), "baton_open_requests") == 1)
            self.assertEqual(server.infer("mlp", MLP), 503)
            self.assertGreaterEqual(value(server.metrics(), "baton_http_connections"), 2)
            c.close()
            self.eventually(lambda: value(server.metrics(), "baton_open_requests") == 0)
            self.eventually(lambda: value(server.metrics(), "baton_http_connections") == 1)
            m = server.metrics()
            self.assertEqual(value(m, "baton_requests_total", model="mlp", version="2", outcome="overloaded"), 1)
            self.assertEqual(value(m, "baton_requests_total", model="deep", version="1", outcome="cancelled"), 1)
            self.assertEqual(value(m, "baton_request_duration_seconds_count", model="deep"), 0)

    def test_the_document_names_every_metric_and_no_other(self):
        with open(DOCUMENT, encoding="utf-8") as f:
            rows = re.findall(r"(?m)^\| `(\w+)` \| (counter|gauge|histogram) \| [^|]+ \|([^|]*)\|", f.read())
        told = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
        self.assertEqual(len(told), len(rows))
        with Server([], self.models) as server:
            server.infer("mlp", MLP)
            served = server.metrics()
        have = {}
        for name, f in served.items():
            labels = {label for _, pairs in f.samples for label, _ in pairs} - {"le"}
            have[name] = (f.type, labels)
        self.assertEqual(told, have)


class LogTest(WithModels):
    def ask_some(self, server):
        self.assertEqual(server.infer("mlp", dict(MLP, id="good")), 200)
        evil = "a\"b\\\n{\"level\":\"error\"}\u001b[31m\u007f\u00e4" + "x" * 1000
        self.assertEqual(server.infer("mlp", dict(MLP, id=evil)), 200)
        self.assertEqual(server.infer("mlp", {"id": "bad", "inputs": []}), 400)
        self.assertEqual(server.infer("no%ffthing", MLP), 404)
        self.assertEqual(server.infer("deep", deep(2000), timeout=1000), 504)
        self.assertEqual(server.end(), 0)

    def test_json_lines_are_objects_that_tell_each_inference(self):
        with Server(["--log-format", "json"], self.models, "--devices", "cpu:2", "--log-requests") as server:
            begun = time.time()
            self.ask_some(server)
            lines = [json.loads(line) for line in server.lines()]
        for line in lines:
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            at = datetime.datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
                tzinfo=datetime.timezone.utc)
            self.assertLess(abs(at.timestamp() - begun), TIMEOUT)
            self.assertIn(line["level"], ("info", "warning", "error"))
            self.assertIsInstance(line["message"], str)
        good, evil, bad, unknown, late = [line for line in lines if line["message"] == "inference"]
        self.assertEqual({k: good[k] for k in ("id", "model", "version", "status", "outcome", "attempts", "level")},
                         {"id": "good", "model": "mlp", "version": 2, "status": 200, "outcome": "success",
                          "attempts": 1, "level": "info"})
        self.assertEqual(evil["request"], good["request"] + 1)
        self.assertRegex(good["device"], r"^cpu:[01]$")
        self.assertLessEqual(good["queued_us"] + good["computing_us"] + good["moving_us"], good["total_us"])
        self.assertEqual(good["moving_us"], 0)
        self.assertTrue(evil["id"].startswith("a\"b\\\n{\"level\":\"error\"}\u001b[31m\u007f\u00e4x"))
        self.assertLessEqual(len(evil["id"].encode()), 130)
        self.assertEqual((bad["status"], bad["outcome"]), (400, "bad_request"))
        self.assertIn("missing", bad["error"])
        self.assertNotIn("request", bad)
        self.assertEqual((unknown["status"], unknown["outcome"]), (404, "unknown_model"))
        self.assertNotIn("version", unknown)
        self.assertEqual((late["status"], late["outcome"], late["model"]), (504, "deadline_exceeded", "deep"))
        self.assertIn("request", late)

    def test_text_lines_tell_the_same_and_cannot_be_forged(self):
        with Server(["--log-level", "debug"], self.models) as server:
            self.ask_some(server)
            lines = server.lines()
        for line in lines:
            self.assertRegex(line, r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} (debug|info|warning|error) \S")
            self.assertNotRegex(line, r"[\x00-\x1f\x7f]")
        told = [line for line in lines if " debug inference " in line]
        self.assertEqual(len(told), 5)
        self.assertRegex(told[0], r" request=\d+ id=good model=mlp version=2 status=200 outcome=success attempts=1 "
                                  r"queued_us=\d+ computing_us=\d+ moving_us=0 total_us=\d+ preemptions=0 moves=0 device=cpu:0$")
        self.assertIn(r'id="a\"b\\\n{\"level\":', told[1])

    def test_no_line_for_an_inference_unless_it_is_asked_for(self):
        with Server([], self.models) as server:
            self.ask_some(server)
            self.assertFalse([line for line in server.lines() if "inference" in line])
        r = subprocess.run([BATON, "--log-format", "xml", "devices"], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(r.returncode, 2)
        self.assertIn("--log-format", r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
