"""A server with four GPUs: the unmodified program, whose CUDA plugin is linked to the stand-in. The stand-in ends the process with 86
where something is not ordered or left over.

usage: server_test.py BATON PLUGIN MODELS
"""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "gpu_check"))
from serving import TOLERANCE, Server, largest_difference, questions

BATON, PLUGIN, MODELS = map(os.path.abspath, sys.argv[1:4])
GPUS = "cuda:0/2,cuda:1/2,cuda:2,cuda:3"  # two of them with two tasks at once


def serve(devices, **environment):
    command = [BATON, "serve", "--models", MODELS, "--devices", devices, "--cuda-plugin", PLUGIN, "--symbol", "S=64"]
    return Server(command, {**os.environ, **environment})


class FourGpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.questions = list(questions(200))
        with serve("cpu:1") as reference:
            cls.wanted = reference.answers(cls.questions)

    def check(self, answers):
        self.assertLessEqual(largest_difference(answers, self.wanted), TOLERANCE)

    def test_all_answers_are_right(self):
        with serve(GPUS, FAKE_CUDA_DELAY_US="20") as server:
            self.check(server.answers(self.questions))
            busy = server.busy()
        self.assertEqual(sorted(busy), ["cuda:%d" % gpu for gpu in range(4)])
        for seconds in busy.values():
            self.assertGreater(seconds, 0)

    def test_a_gpu_is_lost_in_the_middle(self):
        with serve(GPUS + ",cpu:1", FAKE_CUDA_LOSE="1:2000") as server:
            self.assertNotIn("died", server.said())  # its plans are built
            self.check(server.answers(self.questions))
            self.assertGreater(server.busy()["cuda:1"], 0)
            self.assertIn("cuda:1", server.said())
            server.ask("GET", "/v2/health/ready")
            self.check(server.answers(self.questions))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
