"""A server of the program, questions that it is asked, and how far its answers are from those that are wanted. The standard library only:
it goes with gpu_check to where there is nothing else.
"""
import concurrent.futures
import http.client
import json
import math
import random
import re
import signal
import subprocess
import sys
import tempfile

TOLERANCE = 1e-4  # of the largest number of an answer
TIMEOUT = 120


class Server:
    """A server on a free port. Left without an exception it has to end with 0."""

    def __init__(self, command, env):
        """`command`: the program, `serve` and its options but the port."""
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, stderr=self.log, text=True, env=env)
        self.ready = self.process.stdout.readline().strip()
        found = re.search(r":(\d+),", self.ready)
        if not found:
            self.kill()
            raise RuntimeError("no ready line: %s" % self.said())
        self.url = "http://127.0.0.1:%s" % found.group(1)

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        with self.log, self.process.stdout:
            if failure:
                self.kill()
                print(self.said(), file=sys.stderr)
                return
            self.process.send_signal(signal.SIGTERM)
            if self.process.wait(TIMEOUT) != 0:
                raise RuntimeError("the server ended with %d: %s" % (self.process.returncode, self.said()))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def ask(self, method, target, body=None):
        """The text of the answer; fails if its status is not 200."""
        c = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=TIMEOUT)
        try:
            c.request(method, target, body and json.dumps(body))
            r = c.getresponse()
            text = r.read().decode()
            if r.status != 200:
                raise RuntimeError("%s: %d: %s" % (target, r.status, text))
            return text
        finally:
            c.close()

    def infer(self, question):
        model, body = question
        return json.loads(self.ask("POST", "/v2/models/%s/infer" % model, body))["outputs"][0]["data"]

    def answers(self, questions):
        """To several at once."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(self.infer, questions))

    def busy(self):
        """Seconds of each device."""
        found = re.findall(r'^baton_device_busy_seconds_total\{device="([^"]*)",[^}]*\} (\S+)$', self.ask("GET", "/metrics"), re.M)
        return {device: float(seconds) for device, seconds in found}

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()


def questions(count):
    """Of the demo's models; digits_lstm has to be served with --symbol S=64."""
    rng = random.Random(7)
    for i in range(count):
        if i % 2:
            yield "digits_cnn", {"inputs": [{"name": "image", "datatype": "FP32", "shape": [1, 1, 8, 8],
                                             "data": [rng.random() for _ in range(64)]}],
                                 "parameters": {"priority": rng.randrange(3)}}
        else:
            yield "digits_lstm", {"inputs": [{"name": "tokens", "datatype": "INT64", "shape": [1, 64],
                                              "data": [rng.randrange(16) for _ in range(64)]}]}


def largest_difference(answers, wanted):
    """Of all answers, as a part of the largest number that is wanted; infinite where one is no number."""
    def of_one(got, wanted):
        largest = max(map(abs, wanted))
        return max(math.inf if math.isnan(a) else abs(a - b) / largest for a, b in zip(got, wanted, strict=True))
    return max(of_one(a, b) for a, b in zip(answers, wanted, strict=True))
