"""The same program where there is no GPU: it starts, serves on CPU devices, and says what a GPU would lack.

usage: no_driver_test.py BATON MODELS DRIVER NEEDY. DRIVER is an empty library in the place of the driver's, NEEDY a plugin
that needs a library that is nowhere.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BATON, MODELS, DRIVER, NEEDY = map(os.path.abspath, sys.argv[1:5])
TIMEOUT = 60


def has_driver():
    try:
        ctypes.CDLL("libcuda.so.1")
        return True
    except OSError:
        return False


class WithoutGpu(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.program = shutil.copy(BATON, self.path("baton"))  # with no plugin beside it

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def pretend_driver(self):
        shutil.copy(DRIVER, self.path("libcuda.so.1"))

    def run_program(self, *arguments):
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, timeout=TIMEOUT,
                              env={**os.environ, "LD_LIBRARY_PATH": self.folder.name})

    def check_refused(self, sentence):
        for command in (["devices"], ["serve", "--models", MODELS, "--port", "0"]):
            done = self.run_program(*command, "--devices", "cuda:0")
            self.assertEqual(done.returncode, 1, done)
            self.assertRegex(done.stderr, r"^baton: device 'cuda:0': " + sentence)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_it_needs_no_library_of_nvidia(self):
        needed = subprocess.run(["ldd", self.program], capture_output=True, text=True, check=True).stdout
        self.assertIsNone(re.search("cuda|cudnn|cublas", needed), needed)

    def test_devices_are_shown(self):
        done = self.run_program("devices")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("cpu:0", done.stdout)
        if not has_driver():
            self.assertIn("no GPUs: this machine has no CUDA driver (libcuda.so.1)", done.stdout)

    def test_cpu_devices_serve(self):
        with subprocess.Popen([self.program, "serve", "--models", MODELS, "--devices", "cpu:1", "--port", "0"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            self.assertRegex(server.stdout.readline(), r":\d+,")
            server.send_signal(signal.SIGTERM)
            self.assertEqual(server.wait(TIMEOUT), 0)

    @unittest.skipIf(has_driver(), "there is a driver")
    def test_no_driver(self):
        self.check_refused(r"this machine has no CUDA driver \(libcuda\.so\.1\)")

    def test_no_plugin(self):
        self.pretend_driver()
        self.check_refused(r"libbaton_cuda\.so is neither beside the program nor in \.\./lib/baton")

    def test_no_library_of_the_plugin(self):
        self.pretend_driver()
        shutil.copy(NEEDY, self.path("libbaton_cuda.so"))
        self.check_refused(r"the CUDA plugin cannot be opened: libbaton_absent\.so: cannot open shared object file")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
