"""The include rules catch what they say they catch: each case is a small tree with one breach."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import check_includes  # noqa: E402

GOOD = {
    "metadata/model.hpp": "#pragma once\n#include <vector>\n",
    "metadata/import.cpp": '#include "metadata/model.hpp"\n#include <onnx/onnx-ml.pb.h>\n',
    "gpu/device.hpp": '#pragma once\n#include "metadata/model.hpp"\n',
    "gpu/cpu/linear.cpp": '#include "gpu/device.hpp"\n#include <oneapi/dnnl/dnnl.hpp>\n',
    "scheduling/engine.hpp": '#pragma once\n#include "metadata/model.hpp"\n',
    "actors/runtime.hpp": '#pragma once\n#include "gpu/device.hpp"\n#include "scheduling/engine.hpp"\n',
    "actors/worker.cpp": '#include "actors/runtime.hpp"\n#include <caf/all.hpp>\n',
    "apps/main.cpp": '#include "actors/runtime.hpp"\n#include <CLI/CLI.hpp>\n',
    "tests/actors/worker_test.cpp": "#include <caf/all.hpp>\n",
    **{f"{folder}/README.md": "What lives here.\n" for folder in check_includes.FOLDERS},
}


class Rules(unittest.TestCase):
    def breaches(self, changes):
        with tempfile.TemporaryDirectory() as root:
            for name, text in {**GOOD, **changes}.items():
                if text is not None:
                    path = pathlib.Path(root, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
            return check_includes.Tree(root).breaches()

    def assert_one(self, changes, *words):
        found = self.breaches(changes)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_a_tree_that_keeps_the_rules_passes(self):
        self.assertEqual(self.breaches({}), [])

    def test_a_lower_room_including_a_higher_one_is_caught(self):
        for lower, higher in (("metadata", "gpu/device.hpp"), ("gpu", "actors/runtime.hpp"),
                              ("scheduling", "actors/runtime.hpp"), ("metadata", "scheduling/engine.hpp")):
            with self.subTest(lower=lower, higher=higher):
                self.assert_one({f"{lower}/bad.cpp": f'#include "{higher}"\n'}, f"{lower}/ must not include")

    def test_scheduling_and_gpu_do_not_know_each_other(self):
        self.assert_one({"scheduling/bad.cpp": '#include "gpu/device.hpp"\n'}, "scheduling/ must not include gpu/")
        self.assert_one({"gpu/bad.cpp": '  #  include "scheduling/engine.hpp"\n'}, "gpu/ must not include scheduling/")

    def test_rooms_do_not_include_tests(self):
        self.assert_one({"tests/support.hpp": "#pragma once\n", "apps/bad.cpp": '#include "tests/support.hpp"\n'},
                        "apps/ must not include tests/")

    def test_libraries_stay_where_they_belong(self):
        for folder, header in (("apps", "caf/actor.hpp"), ("tests/apps", "caf/actor.hpp"), ("scheduling", "mutex"),
                               ("actors", "oneapi/dnnl/dnnl.hpp"), ("gpu", "thrust/sort.h"), ("gpu/cpu", "cuda.h"),
                               ("actors", "onnx/onnx-ml.pb.h"), ("gpu", "google/protobuf/message.h"), ("actors", "boost/beast.hpp"),
                               ("actors", "grpcpp/server.h"), ("metadata", "CLI/CLI.hpp")):
            with self.subTest(folder=folder, header=header):
                self.assert_one({f"{folder}/bad.cpp": f"#include <{header}>\n"}, header, "has no place")

    def test_a_public_header_that_drags_in_a_private_library_is_caught(self):
        self.assert_one({"actors/runtime.hpp": '#pragma once\n#include "actors/handles.hpp"\n',
                         "actors/handles.hpp": "#pragma once\n#include <caf/actor.hpp>\n"},
                        "actors/handles.hpp:2", "drags in the actor framework")

    def test_includes_are_named_from_the_top(self):
        self.assert_one({"gpu/bad.cpp": '#include "device.hpp"\n'}, "not a file of ours")
        self.assert_one({"gpu/bad.cpp": "#include <gpu/device.hpp>\n"}, "put it in quotes")
        schema = {"apps/proto/a.proto": "", "apps/good.cpp": '#include "apps/proto/a.pb.h"\n'}
        self.assertEqual(self.breaches(schema), [])
        self.assert_one({"apps/bad.cpp": '#include "apps/proto/b.pb.h"\n'}, "not a file of ours")
        helper = {"tests/gpu/helper.hpp": "#pragma once\n"}
        self.assertEqual(self.breaches({**helper, "tests/gpu/good.cpp": '#include "helper.hpp"\n'}), [])
        self.assert_one({**helper, "tests/apps/bad.cpp": '#include "helper.hpp"\n'}, "not a file of ours")

    def test_time_is_an_argument_in_scheduling(self):
        self.assert_one({"scheduling/bad.cpp": "auto t = std::chrono::steady_clock::now();\n"}, "clock")
        self.assertEqual(self.breaches({"scheduling/good.cpp": "// unlike steady_clock\n"}), [])

    def test_the_shape_of_files_and_folders_is_checked(self):
        self.assert_one({"gpu/README.md": None}, "gpu/: has no README.md")
        self.assert_one({"gpu/bad.hpp": "\n"}, "no #pragma once")
        self.assert_one({"gpu/long.cpp": "\n" * 501}, "501 lines")
        self.assertEqual(self.breaches({"gpu/long.cpp": "\n" * 500}), [])


if __name__ == "__main__":
    unittest.main()
