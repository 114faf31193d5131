#!/usr/bin/env python3
"""The unmodified program on a card: what it says of it, a model run and moved, and a server under load.

usage: server.py FOLDER [--small] [--cuda-plugin FILE]. FOLDER holds bin/baton, lib (its libraries) and models. Answers of the server
with the card are compared with those of one that has CPU devices alone; then `baton bench` drives it, whose answers must be the bits
of an undisturbed run. The standard library only.
"""
import array
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from serving import TIMEOUT, TOLERANCE, Server, largest_difference, questions


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

    def serve(self, models, devices):
        server = Server(self.arguments("serve", "--models", models, "--devices", devices, "--symbol", "S=64"), self.env)
        print("%s: %s" % (devices, server.ready), flush=True)
        return server


def check_answers(baton, models, cards):
    asked = list(questions(200))
    with baton.serve(models, "cpu:2") as alone:
        wanted = alone.answers(asked)
    for devices in (cards, cards + ",cpu:2"):
        with baton.serve(models, devices) as server:
            worst = largest_difference(server.answers(asked), wanted)
            busy = server.busy()
        print("%s: %d answers, the largest difference is %.2g; busy seconds: %s" % (devices, len(asked), worst, busy), flush=True)
        if worst > TOLERANCE:
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
    with baton.serve(models, cards) as server, tempfile.TemporaryDirectory() as folder:
        of = mix(pathlib.Path(folder), models, small)
        print("$ baton bench", flush=True)
        subprocess.run([baton.program, "bench", "--url", server.url, "--mix", str(of),
                        "--seconds", "1" if small else "8"], env=baton.env, check=True, timeout=TIMEOUT)


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
