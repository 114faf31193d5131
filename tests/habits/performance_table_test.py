"""The README's tables are made from figures as DESIGN.md describes them; what is no figure is found out."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import performance_table as table  # noqa: E402

HEADER = "command: make bench NAME=speed\nprocessor: 2 cores of A Processor\ndate: 2026-01-31\nload: 0.10 before it began\n"


class Tables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "docs/figures").mkdir(parents=True)
        (self.root / "tests/bench").mkdir(parents=True)
        (self.root / "tests/bench/speed.cpp").write_text("// How fast: very.\n// More.\n#include <x>\n")
        (self.root / "README.md").write_text(f"# Ours\n\n{table.BEGIN}\nold\n{table.END}\n\nAfter.\n")

    def readme(self, printed, header=HEADER):
        (self.root / "docs/figures/speed.txt").write_text(header + printed)
        return table.rewritten(self.root)[1]

    def problem(self, *args, **more):
        with self.assertRaises(table.Problem) as caught:
            self.readme(*args, **more)
        return str(caught.exception)

    def test_each_figure_is_a_row_and_the_rest_of_the_page_stays(self):
        text = self.readme("10 rounds\nfigure speed.one 12340.4 us goal <= 20000\nfigure speed.two 0.51234 ratio goal >= 0.6\n"
                           "figure speed.three 1.186e+04 us\n")
        self.assertTrue(text.startswith(f"# Ours\n\n{table.BEGIN}\n"))
        self.assertTrue(text.endswith(f"\n{table.END}\n\nAfter.\n"))
        self.assertNotIn("old", text)
        self.assertIn("**How fast**: `make bench NAME=speed` on 2 cores of A Processor, 2026-01-31, load 0.10", text)
        self.assertIn("| one | 12 340 us | <= 20 000 | yes |", text)
        self.assertIn("| two | 0.5123 ratio | >= 0.6 | **no** |", text)
        self.assertIn("| three | 11 860 us |  |  |", text)

    def test_made_again_it_stays_the_same(self):
        (self.root / "README.md").write_text(self.readme("figure speed.one 1 us\n"))
        self.assertEqual(table.main(["--check", str(self.root)]), 0)

    def test_what_is_no_figure_is_found_out(self):
        self.assertIn("line 5", self.problem("figure speed.one fast us\n"))
        self.assertIn("line 6", self.problem("x\nfigure speed.one 1 us goal < 2\n"))
        self.assertIn("not a figure of speed", self.problem("figure other.one 1 us\n"))
        self.assertIn("no figures", self.problem("nothing\n"))
        self.assertIn('"date: ..."', self.problem("figure speed.one 1 us\n", header=HEADER.replace("date", "day")))

    def test_a_page_that_differs_or_has_no_markers_fails(self):
        self.readme("figure speed.one 1 us\n")
        self.assertEqual(table.main(["--check", str(self.root)]), 1)
        (self.root / "README.md").write_text("nothing\n")
        self.assertIn("markers", self.problem("figure speed.one 1 us\n"))


if __name__ == "__main__":
    unittest.main()
