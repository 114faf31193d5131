"""Ten thousand connections that misbehave, beside clients that do not: no answer of theirs may be lost or wrong, and
afterwards the server has the file descriptors and the memory that it had. Seeded; loopback only; ends by itself.

usage: abuse_test.py BATON MAKE_TEST_MODELS
"""

import http.client
import json
import os
import random
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from program import MAKE_MODELS, TIMEOUT, Server  # noqa: E402

CONNECTIONS = 10_000
ABUSERS = 4
SLOW_SENDERS = 40
GOOD_CLIENTS = 4
# What the allocator may keep of what was open at once: that many sessions' buffers, and some slack.
MEMORY_SLACK_KB = 64 * 1024

TARGET = "/v2/models/mlp/infer"
BODY = json.dumps({"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [0.5, -1, 2.25]}]})
REQUEST = ("POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (TARGET, len(BODY), BODY)).encode()
LARGE = b"POST " + TARGET.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000000\r\n\r\n"
CHUNKED = b"POST " + TARGET.encode() + b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


# The address sanitizer keeps what is freed in a quarantine, 256 MB of it unless told otherwise: less than the slack.
os.environ.setdefault("ASAN_OPTIONS", "quarantine_size_mb=16")


def memory_kb(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def descriptors(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


class Abuser(threading.Thread):
    """Opens its share of the connections, one after the other, and leaves each at a random point."""

    def __init__(self, port, seed, connections):
        super().__init__(daemon=True)
        self.port, self.random, self.left = port, random.Random(seed), connections
        self.opened = 0

    def run(self):
        ways = [self.nothing, self.part, self.rubbish, self.reset, self.half_closed, self.long_header, self.too_large,
                self.endless_chunks, self.no_reading]
        for _ in range(self.left):
            s = socket.create_connection(("127.0.0.1", self.port), timeout=10)
            self.opened += 1
            try:
                self.random.choice(ways)(s)
            except OSError:
                pass  # the server may cut it off at any point
            finally:
                s.close()

    def nothing(self, s):
        pass

    def part(self, s):
        s.sendall(REQUEST[:self.random.randrange(1, len(REQUEST))])

    def rubbish(self, s):
        s.sendall(self.random.randbytes(self.random.randrange(1, 2000)))

    def reset(self, s):
        s.sendall(REQUEST[:self.random.randrange(1, len(REQUEST) + 1)])
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def half_closed(self, s):
        s.sendall(REQUEST)
        s.shutdown(socket.SHUT_WR)
        if self.random.random() < 0.5:
            s.recv(4096)

    def long_header(self, s):
        s.sendall(b"GET /v2 HTTP/1.1\r\nX: " + b"a" * self.random.randrange(10_000, 40_000))

    def too_large(self, s):
        s.sendall(LARGE + b" " * 1000)
        if self.random.random() < 0.5:
            s.recv(4096)

    def endless_chunks(self, s):
        s.sendall(CHUNKED + b"400\r\n" + b" " * 1024 + b"\r\n" + b"FFFFFFFFFFFFFFFFF\r\n")

    def no_reading(self, s):
        s.sendall(REQUEST * 20)


class SlowSender(threading.Thread):
    """Keeps a connection by a byte now and then."""

    def __init__(self, port, stop):
        super().__init__(daemon=True)
        self.port, self.stop = port, stop

    def run(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as s:
            try:
                for byte in REQUEST[:-1]:
                    s.sendall(bytes([byte]))
                    if self.stop.wait(0.25):
                        return
            except OSError:
                pass


class GoodClient(threading.Thread):
    def __init__(self, port, stop, wanted):
        super().__init__(daemon=True)
        self.port, self.stop, self.wanted = port, stop, wanted
        self.answers, self.problems = 0, []

    def run(self):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        while not self.stop.is_set():
            try:
                c.request("POST", TARGET, BODY)
                r = c.getresponse()
                answer = json.loads(r.read())
                if r.status != 200 or answer["outputs"] != self.wanted:
                    self.problems.append((r.status, answer))
                self.answers += 1
            except (OSError, ValueError, http.client.HTTPException) as e:
                self.problems.append(repr(e))
                c.close()
        c.close()


class AbuseTest(unittest.TestCase):
    def test_abuse_harms_nobody_else(self):
        with tempfile.TemporaryDirectory() as folder:
            models = os.path.join(folder, "models")
            subprocess.run([MAKE_MODELS, models], check=True)
            with Server(models, "--devices", "cpu:1") as server:
                self.abuse(server)
                self.assertEqual(server.end(), 0)

    def abuse(self, server):
        pid = server.process.pid
        wanted = server.ask("POST", TARGET, BODY)[1]["outputs"]
        self.run_load(server, wanted, CONNECTIONS // 10)  # what grows once, grows here
        before = self.at_rest(server, None)
        memory = memory_kb(pid)
        good, abusers = self.run_load(server, wanted, CONNECTIONS)

        self.assertEqual(sum(a.opened for a in abusers), CONNECTIONS)
        for client in good:
            self.assertEqual(client.problems, [])
            self.assertGreater(client.answers, 0)
        self.assertEqual(self.at_rest(server, before), before)
        self.assertLess(memory_kb(pid) - memory, MEMORY_SLACK_KB)
        self.assertEqual(server.ask("POST", TARGET, BODY)[1]["outputs"], wanted)
        print("%d connections beside %d answers; memory %d -> %d kB, %d descriptors" % (
            CONNECTIONS, sum(c.answers for c in good), memory, memory_kb(pid), before))

    def run_load(self, server, wanted, connections):
        stop = threading.Event()
        good = [GoodClient(server.port, stop, wanted) for _ in range(GOOD_CLIENTS)]
        slow = [SlowSender(server.port, stop) for _ in range(SLOW_SENDERS)]
        abusers = [Abuser(server.port, seed, connections // ABUSERS) for seed in range(ABUSERS)]
        for t in good + slow + abusers:
            t.start()
        for t in abusers:
            t.join(TIMEOUT)
        stop.set()
        for t in good + slow:
            t.join(TIMEOUT)
        return good, abusers

    def at_rest(self, server, wanted):
        """The server's descriptors once they no longer change, or once they are as wanted."""
        last, since = None, time.monotonic()
        until = since + TIMEOUT / 2
        while time.monotonic() < until:
            now = descriptors(server.process.pid)
            if now == wanted or (wanted is None and now == last and time.monotonic() - since > 3):
                break
            if now != last:
                last, since = now, time.monotonic()
            time.sleep(0.1)
        return descriptors(server.process.pid)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
