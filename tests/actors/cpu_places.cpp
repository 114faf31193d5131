#include "tests/actors/real_runtime.hpp"

namespace baton::testing {

const device_places& places() {
  static const device_places all{.one = "cpu:1",
                                 .together = "cpu:2",
                                 .apart = "cpu:1@a,cpu:1@b",
                                 .three = "cpu:2,cpu:1@b",
                                 .alone = {"cpu:1", "cpu:1@a"},
                                 .pairs = {"cpu:2", "cpu:1@a,cpu:1@b", "cpu:1,cpu:1@b"},
                                 .machine = {.pin_threads = false}};
  return all;
}

} // namespace baton::testing
