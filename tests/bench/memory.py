# Memory of a server of ResNet-50 that has answered batches of 1 and 4, beside an ONNX Runtime process that has done the same.
"""Resident bytes, anonymous and of files, after the warm-up. Cases: only exact kernels, all kernels, all kernels under a limit.

Usage: memory.py [--baton build/release/baton]
"""
import argparse
import contextlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = ROOT / "build/zoo/resnet50/1/model.onnx"
BATCHES = (1, 4)
MIB = 1 << 20
BASE_MB = 150
EXACT_GROWTH, GROWTH = 1.2, 2.5
LIMIT_MB = 300

PEER = """
import sys, numpy, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
for batch in map(int, sys.argv[2:]):
    for _ in range(3):
        session.run(None, {"image": numpy.ones((batch, 3, 224, 224), numpy.float32)})
print("ready", flush=True)
sys.stdin.read()
"""


def resident(pid):
    """In MB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return sum(int(re.search(rf"{kind}:\s+(\d+) kB", status)[1]) for kind in ("RssAnon", "RssFile")) * 1024 / 1e6


@contextlib.contextmanager
def process(command, **options):
    child = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def of_peer():
    with process([sys.executable, "-c", PEER, MODEL, *BATCHES]) as child:
        if child.stdout.readline().strip() != "ready":
            sys.exit("memory: ONNX Runtime did not start")
        return resident(child.pid)


def infer(port, batch):
    body = np.ones((batch, 3, 224, 224), np.float32).tobytes()
    head = (f'{{"inputs":[{{"name":"image","shape":[{batch},3,224,224],"datatype":"FP32",'
            f'"parameters":{{"binary_data_size":{len(body)}}}}}]}}').encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v2/models/resnet50/infer", head + body,
                                     {"Inference-Header-Content-Length": str(len(head))})
    urllib.request.urlopen(request, timeout=120).read()


def of_server(baton, folder, *options):
    """Resident MB, and the bytes that the server says its domain holds."""
    port_file = folder / "port"
    port_file.unlink(missing_ok=True)
    command = [baton, "serve", "--models", folder / "models", "--devices", "cpu:1", "--port", 0, *options]
    with process(command, stderr=subprocess.STDOUT) as child:
        port = None
        for line in child.stdout:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                port = int(found[1])
                break
        if port is None:
            sys.exit("memory: the server did not start")
        for batch in BATCHES:
            for _ in range(3):
                infer(port, batch)
        metrics = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode()
        used = sum(float(x) for x in re.findall(r"^baton_memory_bytes\{[^}]*\} (\S+)$", metrics, re.M))
        return resident(child.pid), used / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--baton", type=pathlib.Path, default=ROOT / "build/release/baton")
    options = parser.parse_args()
    weights = MODEL.stat().st_size / 1e6
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "models/resnet50/1").mkdir(parents=True)
        shutil.copyfile(MODEL, folder / "models/resnet50/1/model.onnx")
        store = folder / "store.db"
        print(f"weights {weights:.0f} MB; resident MB after batches of {BATCHES}, and what the server says it holds")
        peer = of_peer()
        print(f"  onnxruntime      {peer:6.0f}")
        cases = {"exact": ["--exact"], "all": [], "exact_again": ["--exact"], "all_again": [],
                 "limited": ["--memory-limit", f"{LIMIT_MB}MB"]}
        seen = {}
        for case, given in cases.items():
            seen[case] = of_server(options.baton, folder, "--store", store, *given)
            print(f"  {case:16} {seen[case][0]:6.0f}  {seen[case][1]:6.0f}", flush=True)
    print("'again': with the kernels known from the start before")
    goals = {"exact": min(EXACT_GROWTH * weights + BASE_MB, peer), "all": GROWTH * weights + BASE_MB}
    for case, goal in goals.items():
        for name in (case, f"{case}_again"):
            print(f"figure memory.{name} {seen[name][0]:.0f} MB goal <= {goal:.0f}")
    print(f"figure memory.limited {seen['limited'][1]:.0f} MB goal <= {LIMIT_MB * MIB / 1e6:.0f}")


if __name__ == "__main__":
    main()
