#!/usr/bin/env python3
"""The unmodified program on a card: what it says of it, a model run and moved, and a server under load.

usage: server.py FOLDER [--small] [--cuda-plugin FILE]. FOLDER holds bin/baton, lib (its libraries) and models. Answers of the server
with the card are compared with those of one that has CPU devices alone; then `baton bench` drives it, whose answers must be the bits
of an undisturbed run. The standard library only.
"""
import array
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile

TOLERANCE = 1e-4  # of the largest number of an answer
TIMEOUT = 120


def environment(folder):
    found = [str(folder / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, found))}


class Baton:
    def __init__(self, folder, plugin):
        self.program, self.plugin, self.env = str(folder / "bin/baton"), plugin, environment(folder)

    def arguments(self, command, *words):
        return [self.program, command, *map(str, words), *(["--cuda-plugin", self.plugin] if self.plugin else [])]

    def run(self, *words):
        """Its output is shown as it comes; fails if it does not end with 0."""
        print("$ baton", *words, flush=True)
        subprocess.run(self.arguments(*words), env=self.env, check=True, timeout=TIMEOUT)


class Server:
    def __init__(self, baton, models, devices):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            baton.arguments("serve", "--models", models, "--devices", devices, "--port", 0, "--symbol", "S=64"),
            stdout=subprocess.PIPE, stderr=self.log, text=True, env=baton.env)
        ready = self.process.stdout.readline()
        found = re.search(r":(\d+),", ready)
        if not found:
            raise RuntimeError("no ready line: %s" % self.said())
        print("%s: %s" % (devices, ready.strip()), flush=True)
        self.port = int(found.group(1))

    def ask(self, method, target, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
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
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(pool.map(self.infer, questions))

    def busy(self):
        found = re.findall(r'^baton_device_busy_seconds_total\{device="([^"]*)",[^}]*\} (\S+)$', self.ask("GET", "/metrics"), re.M)
        return {device: float(seconds) for device, seconds in found}

    def said(self):
        self.log.seek(0)
        return self.log.read().decode()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(TIMEOUT) != 0:
            raise RuntimeError("the server did not end with 0: %s" % self.said())


def questions(count):
    rng = random.Random(7)
    for i in range(count):
        if i % 2:
            yield "digits_cnn", {"inputs": [{"name": "image", "datatype": "FP32", "shape": [1, 1, 8, 8],
                                             "data": [rng.random() for _ in range(64)]}],
                                 "parameters": {"priority": rng.randrange(3)}}
        else:
            yield "digits_lstm", {"inputs": [{"name": "tokens", "datatype": "INT64", "shape": [1, 64],
                                              "data": [rng.randrange(16) for _ in range(64)]}]}


def largest_difference(got, wanted):
    return max(abs(a - b) for a, b in zip(got, wanted, strict=True)) / max(map(abs, wanted))


def check_answers(baton, models, cards):
    asked = list(questions(200))
    alone = Server(baton, models, "cpu:2")
    wanted = alone.answers(asked)
    alone.end()
    for devices in (cards, cards + ",cpu:2"):
        server = Server(baton, models, devices)
        worst = max(map(largest_difference, server.answers(asked), wanted))
        busy = server.busy()
        server.end()
        print("%s: %d answers, the largest difference is %.2g; busy seconds: %s" % (devices, len(asked), worst, busy), flush=True)
        if not worst <= TOLERANCE:
            raise RuntimeError("answers on %s are wrong" % devices)
        if not busy["cuda:0"] > 0:
            raise RuntimeError("the card computed nothing")


def write_pictures(path, count):
    """As .npy: `count` random pictures of 3 x 224 x 224."""
    rng = random.Random(5)
    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 3, 224, 224), }" % count
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    data = array.array("f", (rng.uniform(-1, 1) for _ in range(count * 3 * 224 * 224)))
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data.tobytes())


def mix(folder, models, small):
    def digits(name, field, rate):
        at = str(models / name)
        return {"name": name, "model": name, "inputs": {field: "%s/%s.npy" % (at, field)}, "labels": at + "/labels.npy",
                "check": "undisturbed", "rate": rate, "priority": 10, "batch": 1}
    streams = [digits("digits_cnn", "image", 20 if small else 200), digits("digits_lstm", "tokens", 10 if small else 100)]
    if not small:
        write_pictures(folder / "pictures.npy", 4)
        streams.append({"name": "pictures", "model": "alexnet", "inputs": {"input": "pictures.npy"}, "check": "undisturbed",
                        "concurrency": 4, "priority": 0, "batch": 1})
    (folder / "mix.json").write_text(json.dumps({"streams": streams}))
    return folder / "mix.json"


def load(baton, models, cards, small):
    server = Server(baton, models, cards)
    with tempfile.TemporaryDirectory() as folder:
        of = mix(pathlib.Path(folder), models, small)
        print("$ baton bench", flush=True)
        subprocess.run([baton.program, "bench", "--url", "http://127.0.0.1:%d" % server.port, "--mix", str(of),
                        "--seconds", "1" if small else "8"], env=baton.env, check=True, timeout=TIMEOUT)
    server.end()


def main(arguments):
    folder, rest = pathlib.Path(arguments[0]).resolve(), arguments[1:]
    small = "--small" in rest
    baton = Baton(folder, rest[rest.index("--cuda-plugin") + 1] if "--cuda-plugin" in rest else "")
    models = folder / "models"
    baton.run("devices", "--devices", "cuda:0,cpu:1")
    moved = models / ("digits_cnn/1/model.onnx" if small else "alexnet/1/model.json")
    for devices, *more in (("cuda:0",), ("cuda:0,cpu:2", "--move-after", 2)):
        baton.run("run", moved, "--input", "random", "--devices", devices, *more)
    check_answers(baton, models, "cuda:0/2")
    load(baton, models, "cuda:0/2", small)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
