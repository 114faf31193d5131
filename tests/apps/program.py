"""What the tests of the program share: how it is run, a server of it, models for it.

The test's arguments: BATON MAKE_TEST_MODELS
"""

import http.client
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
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


class ProgramCase(unittest.TestCase):
    """A folder with the test models, for all cases of a class."""

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
