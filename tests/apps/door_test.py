"""The program's door from outside: TLS, tokens, and refusing to start without what it was told to use.

usage: door_test.py BATON MAKE_TEST_MODELS
"""

import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from program import BATON, MAKE_MODELS, TIMEOUT, baton  # noqa: E402

BODY = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 3], "data": [1, 2, 3]}]})


class TlsServer:
    def __init__(self, models, *arguments):
        self.process = subprocess.Popen([BATON, "serve", "--models", models, "--port", "0", *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(re.search(r"https://127\.0\.0\.1:(\d+)", self.process.stdout.readline()).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT)


class DoorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.models, cls.cert, cls.key, cls.other, cls.token = (
            os.path.join(cls.folder.name, n) for n in ("models", "cert.pem", "key.pem", "other.pem", "token"))
        subprocess.run([MAKE_MODELS, cls.models], check=True)
        for cert, key in ((cls.cert, cls.key), (cls.other, cls.other + ".key")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                            "-keyout", key, "-out", cert], check=True, capture_output=True)
        with open(cls.token, "w") as f:
            f.write("open sesame\n".replace(" ", "-"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def tls(self, newest=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=self.cert)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = newest
        if newest < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def test_tls_and_tokens(self):
        with TlsServer(self.models, "--tls-cert", self.cert, "--tls-key", self.key, "--token-file",
                       self.token) as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                c = http.client.HTTPSConnection("127.0.0.1", server.port, context=self.tls(version), timeout=TIMEOUT)
                for _ in range(3):  # over one connection
                    c.request("POST", "/v2/models/mlp/infer", BODY, {"Authorization": "Bearer open-sesame"})
                    r = c.getresponse()
                    self.assertEqual(r.status, 200)
                    self.assertEqual(len(json.loads(r.read())["outputs"][0]["data"]), 2)
                large = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [400, 256],
                                                "data": [0.25] * (400 * 256)}]})
                c.request("POST", "/v2/models/deep/infer", large, {"Authorization": "Bearer open-sesame"})
                r = c.getresponse()
                self.assertEqual(len(json.loads(r.read())["outputs"][0]["data"]), 400 * 256)
                c.request("POST", "/v2/models/mlp/infer", BODY)
                r = c.getresponse()
                self.assertEqual((r.status, r.headers["Connection"]), (401, "close"))
                self.assertIn("token", json.loads(r.read())["error"])
                c.close()
            with self.assertRaises((ssl.SSLError, OSError)):
                c = http.client.HTTPSConnection("127.0.0.1", server.port, context=self.tls(ssl.TLSVersion.TLSv1_1),
                                                timeout=TIMEOUT)
                c.request("GET", "/v2/health/live")
                c.getresponse()
            # Those who speak something else harm nobody.
            for noise in (b"GET /v2 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" + os.urandom(512), b""):
                with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as s:
                    s.sendall(noise)
            c = http.client.HTTPSConnection("127.0.0.1", server.port, context=self.tls(), timeout=TIMEOUT)
            c.request("GET", "/v2/health/ready")
            self.assertEqual(c.getresponse().status, 200)

    def test_a_client_that_leaves_through_tls_cancels(self):
        with TlsServer(self.models, "--tls-cert", self.cert, "--tls-key", self.key, "--devices", "cpu:1") as server:
            body = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [2000, 256],
                                           "data": [1] * (2000 * 256)}]})
            c = http.client.HTTPSConnection("127.0.0.1", server.port, context=self.tls(), timeout=TIMEOUT)
            watcher = http.client.HTTPSConnection("127.0.0.1", server.port, context=self.tls(), timeout=TIMEOUT)

            def stats():
                watcher.request("GET", "/v2/baton/stats")
                return json.loads(watcher.getresponse().read())

            for _ in range(3):
                c.request("POST", "/v2/models/deep/infer", body)
                while stats()["open_requests"] == 0:
                    time.sleep(0.001)
                c.close()
                late = time.monotonic() + TIMEOUT
                while stats()["open_requests"] and time.monotonic() < late:
                    time.sleep(0.01)
            self.assertGreater(stats()["engine"]["cancelled"], 0)

    def test_without_what_access_depends_on_it_does_not_start(self):
        nowhere, empty = os.path.join(self.folder.name, "nowhere"), os.path.join(self.folder.name, "empty")
        open(empty, "w").close()
        for arguments, code, words in (
                (["--token-file", nowhere], 1, "nowhere"), (["--token-file", empty], 2, "empty"),
                (["--tls-cert", self.cert], 2, "--tls-key"), (["--tls-key", self.key], 2, "--tls-cert"),
                (["--tls-cert", nowhere, "--tls-key", self.key], 1, "nowhere"),
                (["--tls-cert", self.cert, "--tls-key", empty], 1, "empty"),
                (["--tls-cert", self.other, "--tls-key", self.key], 1, "mismatch")):
            r = baton("serve", "--models", self.models, "--port", "0", *arguments)
            self.assertEqual(r.returncode, code, (arguments, r.stderr))
            self.assertIn(words, r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
