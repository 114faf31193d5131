"""`baton simulate`: what it prints and writes, that it is the same each time, and what it says of bad files.

Usage: simulate_test.py BATON POLICY, a shared object with the example of a policy
"""
import csv
import json
import os
import subprocess
import sys
import tempfile
import unittest

BATON = POLICY = ""
TIMEOUT = 120

CLUSTER = {"nodes": [{"name": "a", "devices": [{"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti", "latency_scale": 0.5}]}]}


def baton(*arguments):
    return subprocess.run([BATON, "simulate", *arguments], capture_output=True, text=True, timeout=TIMEOUT)


def read(path):
    with open(path) as file:
        return file.read()


class SimulateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cluster = cls.write("cluster.json", json.dumps(CLUSTER))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def write(cls, name, text):
        with open(cls.path(name), "w") as file:
            file.write(text)
        return cls.path(name)

    def test_policies_are_compared_and_all_of_it_is_written(self):
        files = [self.path(name) for name in ("figures.csv", "figures.json", "schedule.csv", "page.html")]
        command = ["--cluster", self.cluster, "--model", "AlexNet", "--model", "rnn", "--rate", "1500", "--requests", "200", "--slo",
                   "8", "--policy", "fifo,sjf", "--seeds", "3", "--csv", files[0], "--json", files[1], "--schedule", files[2], "--html", files[3]]
        r = baton(*command)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"(?m)^fifo +[\d.]+ ±[\d.]+ ")
        self.assertRegex(r.stdout, r"(?m)^sjf +[\d.]+ ±[\d.]+ ")
        written = [read(file) for file in files]
        rows = list(csv.DictReader(written[0].splitlines()))
        self.assertEqual([(row["policy"], row["seed"]) for row in rows],
                         [(policy, seed) for policy in ("fifo", "sjf") for seed in "123"])
        self.assertTrue(all(row["requests"] == "200" for row in rows))
        report = json.loads(written[1])
        self.assertEqual(report["models"], ["AlexNet", "rnn"])
        for policy in report["policies"]:
            runs = policy["figures"]["makespan_ms"]["runs"]
            self.assertAlmostEqual(sum(runs) / 3, policy["figures"]["makespan_ms"]["mean"], places=6)
        schedule = list(csv.DictReader(written[2].splitlines()))
        self.assertEqual({row["kind"] for row in schedule}, {"compute", "transfer"})
        self.assertEqual({row["device"] for row in schedule if row["kind"] == "compute"}, {"a/gpu0", "a/gpu1"})
        self.assertNotRegex(written[3], "https?://|src=|href=")  # it needs nothing else
        self.assertEqual(written[3].count("<svg"), 3)
        last = {}
        for row in schedule:
            if row["kind"] == "compute":
                lane = row["device"], row["lane"]
                self.assertGreaterEqual(int(row["start_ns"]), last.get(lane, 0))
                last[lane] = int(row["end_ns"])
        self.assertEqual(baton(*command).stdout, r.stdout)
        self.assertEqual([read(file) for file in files], written)

    def test_sweeps_have_a_row_per_combination_and_do_not_depend_on_the_number_of_threads(self):
        second = self.write("second.json", json.dumps({"nodes": [{"name": "b", "devices": [{"kind": "RTX 2060"}]}]}))
        clusters = self.cluster + "," + second
        written = {}
        for threads in ("1", "4"):
            files = [self.path(threads + name) for name in ("sweep.csv", "sweep.json", "sweep.html", "sweep_schedule.csv")]
            r = baton("--cluster", clusters, "--model", "AlexNet", "--model", "rnn", "--rate", "200:600:200,900", "--arrivals", "gamma",
                      "--cv", "1,4", "--requests", "100", "--slo", "6", "--policy", "fifo,edf", "--seeds", "2", "--threads", threads,
                      "--csv", files[0], "--json", files[1], "--html", files[2], "--schedule", files[3])
            self.assertEqual(r.returncode, 0, r.stderr)
            written[threads] = [r.stdout] + [read(file) for file in files]
        self.assertEqual(written["1"], written["4"])
        table, rows, report, page, schedule = written["1"]
        rows = list(csv.DictReader(rows.splitlines()))
        self.assertEqual(len(rows), 2 * 2 * 4 * 2 * 2)
        self.assertEqual([row["rate"] for row in rows[::4]][:5], ["200", "400", "600", "900", "200"])
        self.assertEqual({(row["cluster"], row["cv"]) for row in rows},
                         {(cluster, cv) for cluster in clusters.split(",") for cv in ("1", "4")})
        self.assertRegex(table, r"(?m)^cluster +cv +rate +policy ")
        self.assertEqual(len(table.splitlines()), 2 + 2 * 2 * 4 * 2 + 1)
        report = json.loads(report)
        self.assertEqual([point["rate"] for point in report["points"]][:4], [200, 400, 600, 900])
        self.assertEqual([device["name"] for device in report["points"][-1]["devices"]], ["b/gpu0"])
        runs = [float(row["in_time"]) for row in rows if (row["cluster"], row["cv"], row["rate"], row["policy"]) == (second, "4", "900", "edf")]
        self.assertEqual(report["points"][-1]["policies"][1]["figures"]["in_time"]["runs"], runs)
        self.assertEqual(page.count("<svg"), 3 + 2 * 4)
        self.assertIn("rate 900", page)
        self.assertEqual({row["device"] for row in csv.DictReader(schedule.splitlines()) if row["kind"] == "compute"}, {"b/gpu0"})
        # A combination alone gives what it gives in a sweep.
        r = baton("--cluster", second, "--model", "AlexNet", "--model", "rnn", "--rate", "900", "--arrivals", "gamma", "--cv", "4",
                  "--requests", "100", "--slo", "6", "--policy", "fifo,edf", "--seeds", "2", "--csv", self.path("alone.csv"))
        self.assertEqual(r.returncode, 0, r.stderr)
        alone = list(csv.DictReader(read(self.path("alone.csv")).splitlines()))
        self.assertEqual([row["makespan_ms"] for row in alone], [row["makespan_ms"] for row in rows[-4:]])

    def test_goodput_is_where_the_share_in_time_crosses_and_below_the_bound(self):
        common = ["--cluster", self.cluster, "--model", "AlexNet", "--model", "ResNet", "--slo", "5", "--requests", "300", "--seeds", "3"]
        r = baton(*common, "--policy", "edf,clockwork,oracle", "--goodput", "95", "--csv", self.path("goodput.csv"), "--json",
                  self.path("goodput.json"))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertRegex(r.stdout, r"(?m)^oracle +[\d.]+ ±[\d.]+$")
        rates = {(row["policy"], row["seed"]): float(row["rate"]) for row in csv.DictReader(read(self.path("goodput.csv")).splitlines())}
        for seed in "123":
            for policy in ("edf", "clockwork"):
                self.assertGreater(rates[policy, seed], 0)
                self.assertLess(rates[policy, seed], rates["oracle", seed])
                r = baton(*common[:-1], "1", "--seed", seed, "--policy", policy, "--rate", repr(rates[policy, seed]), "--csv",
                          self.path("at.csv"))
                self.assertEqual(r.returncode, 0, r.stderr)
                share = float(next(csv.DictReader(read(self.path("at.csv")).splitlines()))["in_time"])
                self.assertGreaterEqual(share, 95)
                self.assertLess(share, 97)
        report = json.loads(read(self.path("goodput.json")))
        self.assertEqual([row["policy"] for row in report["goodput"]], ["edf", "clockwork", "oracle"])
        self.assertEqual(report["goodput"][0]["rate"]["runs"], [rates["edf", seed] for seed in "123"])

    def test_streams_of_their_own_per_model(self):
        r = baton("--cluster", self.cluster, "--model", "AlexNet", "--model", "rnn", "--independent", "--arrivals", "gamma", "--cv", "2",
                  "--requests", "1000", "--csv", self.path("streams.csv"))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertAlmostEqual(int(next(csv.DictReader(read(self.path("streams.csv")).splitlines()))["requests"]), 1000, delta=300)

    def test_a_model_file_is_costed_by_a_roofline_and_a_profile_as_measured(self):
        model = self.write("list.json", json.dumps({"name": "list", "input_shape": [1, 3, 32, 32], "layers": [
            {"type": "conv", "params": {"in_channels": 3, "out_channels": 8, "filter_size": 3, "stride": 1, "padding": 1}}]}))
        h100 = self.write("h100.json", json.dumps({"nodes": [{"name": "a", "devices": [{"kind": "H100"}]}]}))
        profile = self.write("profile.csv", "Op,duration,Mem\nconv2d,2000000,1\n__add__,500000,1\nrelu,500000,1\n")
        r = baton("--cluster", h100, "--model", model, "--profile", "mine:H100:1=" + profile, "--requests", "10", "--rate", "1",
                  "--schedule", self.path("both.csv"))
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(self.path("both.csv")) as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "compute"]
        self.assertEqual({row["model"] for row in rows}, {"list", "mine"})
        mine = {}
        for row in rows:
            if row["model"] == "mine":
                mine[row["requests"]] = mine.get(row["requests"], 0) + int(row["end_ns"]) - int(row["start_ns"])
        self.assertEqual(set(mine.values()), {3000000})

    def test_lanes_of_one_device_slow_each_other_and_contention_aware_gains_by_it(self):
        demo = os.path.join(os.path.dirname(__file__), "../../demo/models_json")
        rows = {}
        for key, device in (("one", {}), ("two", {"lanes": 2}), ("apart", {"lanes": 2, "contention": False})):
            cluster = self.write(key + ".json", json.dumps({"nodes": [{"name": "a", "devices": [{"kind": "RTX 2060", **device}]}]}))
            r = baton("--cluster", cluster, "--model", os.path.join(demo, "alexnet.json"), "--model", os.path.join(demo, "tiny_yolo.json"),
                      "--rate", "800", "--policy", "fifo,contention_aware", "--seeds", "5", "--csv", self.path("lanes.csv"))
            self.assertEqual(r.returncode, 0, r.stderr)
            for row in csv.DictReader(read(self.path("lanes.csv")).splitlines()):
                figures = rows.setdefault((key, row["policy"]), {"makespan_ms": 0, "mean_ms": 0})
                for name in figures:
                    figures[name] += float(row[name])
        self.assertLess(rows["two", "contention_aware"]["mean_ms"], 0.8 * rows["two", "fifo"]["mean_ms"])
        self.assertLess(rows["two", "contention_aware"]["makespan_ms"], rows["two", "fifo"]["makespan_ms"])
        self.assertLess(rows["two", "fifo"]["makespan_ms"], rows["one", "fifo"]["makespan_ms"])
        self.assertLess(rows["apart", "fifo"]["mean_ms"], rows["two", "fifo"]["mean_ms"])
        self.assertEqual(rows["one", "contention_aware"], rows["one", "fifo"])

    def test_a_policy_of_ones_own_is_opened_and_replays(self):
        command = ["--cluster", self.cluster, "--model", "AlexNet", "--model", "ResNet", "--model", "rnn", "--rate", "4000",
                   "--requests", "300", "--csv", self.path("own.csv"), "--policy"]
        r = baton(*command, "fifo," + POLICY)
        self.assertEqual(r.returncode, 0, r.stderr)
        rows = {row["policy"]: row for row in csv.DictReader(read(self.path("own.csv")).splitlines())}
        self.assertLess(float(rows[POLICY]["mean_ms"]), float(rows["fifo"]["mean_ms"]))
        for file, text in ((self.path("nowhere.so"), "cannot be opened"), (self.cluster, "cannot be opened")):
            r = baton(*command, file)
            self.assertEqual(r.returncode, 2, r.stdout)
            self.assertIn("--policy " + file + ": " + text, r.stderr)

    def test_a_cold_cluster_brings_weights_and_plans_first(self):
        r = baton("--cluster", self.cluster, "--model", "AlexNet", "--requests", "1", "--cold", "--plan-building", "7", "--schedule",
                  self.path("cold.csv"))
        self.assertEqual(r.returncode, 0, r.stderr)
        rows = list(csv.DictReader(read(self.path("cold.csv")).splitlines()))
        first = {row["kind"]: row for row in reversed(rows)}
        self.assertEqual(first["load"]["bytes"], "244403360")
        self.assertEqual(int(first["plan"]["end_ns"]) - int(first["plan"]["start_ns"]), 7000000)
        self.assertGreaterEqual(int(first["compute"]["start_ns"]), int(first["plan"]["end_ns"]))

    def test_a_trace_is_replayed(self):
        trace = self.write("trace.csv", "time,model,priority\n5000000,rnn,0\n0,AlexNet,1\n")
        r = baton("--cluster", self.cluster, "--model", "AlexNet", "--model", "rnn", "--trace", trace, "--schedule", self.path("t.csv"))
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(self.path("t.csv")) as file:
            first = next(row for row in csv.DictReader(file) if row["model"] == "rnn")
        self.assertEqual(first["start_ns"], "5000000")

    def test_requests_come_in_bursts_from_a_day_of_functions_and_as_a_benchmark_asks(self):
        azure = self.write("azure.csv", "HashOwner,HashApp,HashFunction,Trigger,1,2\no,a,f,http,3,0\no,a,g,timer,0,4\n")
        common = ["--cluster", self.cluster, "--model", "AlexNet", "--model", "rnn", "--csv", self.path("requests.csv")]
        for arguments, count in ((["--azure", azure, "--minutes", "2"], 7), (["--azure", azure, "--first-minute", "2"], 4),
                                 (["--loadgen", "single_stream", "--requests", "5"], 5),
                                 (["--loadgen", "multi_stream", "--requests", "5"], 40),
                                 (["--on", "10", "--off", "50", "--requests", "20"], 20),
                                 (["--arrivals", "closed", "--clients", "2", "--requests", "20"], 20)):
            r = baton(*common, *arguments)
            self.assertEqual(r.returncode, 0, (arguments, r.stderr))
            row = next(csv.DictReader(read(self.path("requests.csv")).splitlines()))
            self.assertEqual((row["requests"], row["answered"]), (str(count), str(count)), arguments)
        r = baton(*common, "--on", "10")
        self.assertEqual((r.returncode, r.stderr), (2, "baton: --on and --off go together\n"))

    def test_the_study_has_the_shape_it_had(self):
        r = baton("--scenario", "seed", "--seeds", "4", "--csv", self.path("study.csv"))
        self.assertEqual(r.returncode, 0, r.stderr)
        with open(self.path("study.csv")) as file:
            cells = {(row["speed"], row["interval_ns"], row["policy"]): float(row["naive_over_policy"])
                     for row in csv.DictReader(file)}
        for speed in ("0.3", "0.5", "0.8"):
            self.assertLess(cells[speed, "10000", "sjf"], 1)
            self.assertLess(cells[speed, "10000", "fifo"], 1)
            self.assertLess(cells[speed, "10000", "non_naive"], cells[speed, "10000", "fifo"])
            for policy in ("fifo", "sjf", "non_naive", "best"):
                self.assertAlmostEqual(cells[speed, "100000000", policy], 1, places=2)

    def test_bad_files_and_options_are_one_sentence_that_names_them(self):
        def wrong(cluster, key):
            return self.write(key + ".json", json.dumps(cluster))
        cases = [
            ([], "--cluster is missing"),
            (["--cluster", "/nowhere.json", "--model", "rnn"], "/nowhere.json"),
            (["--cluster", wrong({"nodes": [{"name": "a", "devices": [{"kind": "abacus"}]}]}, "kind"), "--model", "rnn"],
             "nodes[0].devices[0].kind"),
            (["--cluster", self.folder.name, "--model", "rnn"], self.folder.name + ": cannot be read"),
            (["--cluster", wrong({"nodes": [{"name": "a", "devices": [{"kind": "L4", "lanes": 2, "contention": 1}]}]}, "c"), "--model", "rnn"],
             "nodes[0].devices[0].contention: true or false is needed"),
            (["--cluster", self.cluster], "--model is missing"),
            (["--cluster", self.cluster, "--model", "nothing"], "--model nothing"),
            (["--cluster", self.cluster, "--model", "rnn", "--policy", "fifo,luck"], "unknown policy 'luck'"),
            (["--cluster", self.cluster, "--model", "rnn", "--profile", "x"], "--profile x"),
            (["--cluster", self.cluster, "--model", "rnn", "--rate", "100,x"], "--rate 100,x: 'x' is no number"),
            (["--cluster", self.cluster, "--model", "rnn", "--rate", "5:1:1"], "--rate 5:1:1: a range goes up"),
            (["--cluster", self.cluster, "--model", "rnn", "--rate", "1:9"], "--rate 1:9: a range has the form"),
            (["--cluster", self.cluster, "--model", "rnn", "--rate", "0"], "--rate 0: it must be from"),
            (["--cluster", self.cluster, "--model", "rnn", "--rate", "1:1e9:1"], "--rate 1:1e9:1: more than 1000 values"),
            (["--cluster", self.cluster, "--model", "rnn", "--cv", "1,2"], "--cv: several values"),
            (["--cluster", self.cluster, "--model", "rnn", "--rate", "1,2", "--arrivals", "closed"], "--rate: several values"),
            (["--cluster", self.cluster + "," + self.cluster, "--model", "rnn"], "given twice"),
            (["--cluster", self.cluster, "--model", "rnn", "--goodput", "99"], "--goodput: without --slo"),
            (["--cluster", self.cluster, "--model", "rnn", "--goodput", "99", "--slo", "5", "--rate", "1,2"], "--rate: with --goodput"),
            (["--cluster", self.cluster, "--model", "rnn", "--policy", "oracle"], "unknown policy 'oracle'"),
            (["--cluster", self.cluster, "--model", "rnn", "--trace", self.write("bad.csv", "time,model\n5,cat\n")], "bad.csv: line 2"),
            (["--cluster", wrong({"nodes": [{"name": "a", "devices": [{"kind": "L4"}]}]}, "l4"), "--model", "rnn"],
             "model 'rnn': nothing is known of what it costs on 'L4'"),
        ]
        for arguments, text in cases:
            r = baton(*arguments)
            self.assertIn(r.returncode, (1, 2), (arguments, r.stdout))
            self.assertIn(text, r.stderr)
            self.assertEqual(len([line for line in r.stderr.splitlines() if line.startswith("baton: ")]), 1, r.stderr)


if __name__ == "__main__":
    BATON, POLICY = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
