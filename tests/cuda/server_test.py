"""A server with four GPUs: the unmodified program, whose CUDA plugin is linked to the stand-in. The stand-in ends the process with 86
where something is not ordered or left over.

usage: server_test.py BATON PLUGIN MODELS
"""

import concurrent.futures
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gpu_check"))
from server import questions

BATON, PLUGIN, MODELS = map(os.path.abspath, sys.argv[1:4])
TIMEOUT = 120
GPUS = "cuda:0/2,cuda:1/2,cuda:2,cuda:3"  # two of them with two tasks at once


class Server:
    def __init__(self, devices, **environment):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [BATON, "serve", "--models", MODELS, "--devices", devices, "--cuda-plugin", PLUGIN, "--port", "0", "--symbol", "S=64"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, **environment})
        found = re.search(r":(\d+),", self.process.stdout.readline())
        if not found:
            raise RuntimeError("no ready line: %s" % self.said())
        self.port = int(found.group(1))

    def ask(self, method, target, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            c.request(method, target, body and json.dumps(body))
            r = c.getresponse()
            return r.status, r.read().decode()
        finally:
            c.close()

    def infer(self, question):
        model, body = question
        status, text = self.ask("POST", "/v2/models/%s/infer" % model, body)
        if status != 200:
            raise RuntimeError("%d: %s" % (status, text))
        return json.loads(text)["outputs"][0]["data"]

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(TIMEOUT)

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()


class FourGpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.questions = list(questions(200))
        reference = Server("cpu:1")
        cls.wanted = [reference.infer(q) for q in cls.questions]
        assert reference.end() == 0

    def check(self, answers):
        for got, wanted in zip(answers, self.wanted):
            largest = max(map(abs, wanted))
            for a, b in zip(got, wanted):
                self.assertLessEqual(abs(a - b), 1e-4 * largest)

    def drive(self, server):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(server.infer, self.questions))

    def busy(self, server):
        status, text = server.ask("GET", "/metrics")
        self.assertEqual(status, 200)
        found = re.findall(r'^baton_device_busy_seconds_total\{device="(cuda:\d)",[^}]*\} (\S+)$', text, re.M)
        return {device: float(seconds) for device, seconds in found}

    def test_all_answers_are_right(self):
        server = Server(GPUS, FAKE_CUDA_DELAY_US="20")
        self.check(self.drive(server))
        busy = self.busy(server)
        self.assertEqual(sorted(busy), ["cuda:%d" % gpu for gpu in range(4)])
        for seconds in busy.values():
            self.assertGreater(seconds, 0)
        self.assertEqual(server.end(), 0, server.said())

    def test_a_gpu_is_lost_in_the_middle(self):
        server = Server(GPUS + ",cpu:1", FAKE_CUDA_LOSE="1:2000")
        self.assertNotIn("died", server.said())  # its plans are built
        self.check(self.drive(server))
        self.assertGreater(self.busy(server)["cuda:1"], 0)
        self.assertIn("cuda:1", server.said())
        self.assertEqual(server.ask("GET", "/v2/health/ready")[0], 200)
        self.check(self.drive(server))
        self.assertEqual(server.end(), 0, server.said())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
