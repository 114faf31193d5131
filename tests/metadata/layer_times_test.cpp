#include <catch2/catch.hpp>

#include "metadata/layer_times.hpp"

using namespace baton;
using namespace baton::metadata;

namespace {

std::string refused(const std::string& csv) {
  const auto times = parse_layer_times(csv);
  REQUIRE_FALSE(times);
  CHECK(times.error().code == errc::bad_argument);
  return times.error().message;
}

const std::string profile = "Op,duration,Reg/Trd,Mem,Thread\r\n"
                            "conv2d,60066,124,16384,12800\r\n"
                            "__add__,3585,24,24,12800\r\n"
                            "batch_norm,8576,38,14480,200704\r\n"
                            "__iadd__,5344,16,16,200704\r\n"
                            "__mul__,1000,16,16,200704\r\n"
                            "relu,4384,16,16,200704\r\n";

} // namespace

TEST_CASE("a profile is read, its bookkeeping added to the layer before", "[metadata]") {
  const auto times = parse_layer_times(profile).value();
  CHECK(times.names == std::vector<std::string>{"conv2d", "batch_norm", "relu"});
  CHECK(times.times == std::vector<duration>{duration{63651}, duration{14920}, duration{4384}});
  CHECK(parse_layer_times("duration,Op\n7,a").value().times.front() == duration{7});
}

TEST_CASE("mistakes in a profile are said with line and column", "[metadata]") {
  CHECK(refused("") == "line 1: there is no header");
  CHECK(refused("Op,time\na,1\n") == "line 1: there is no column 'duration'");
  CHECK(refused("op,duration\na,1\n") == "line 1: there is no column 'Op'");
  CHECK(refused("Op,duration\n") == "line 1: there are no layers behind the header");
  CHECK(refused("Op,duration\na,1\nb,1.5\n") == "line 3, column 2 ('duration'): '1.5' is not a whole number");
  CHECK(refused("Op,duration\na,-1\n") == "line 2, column 2 ('duration'): '-1' is not within 0 and 3600000000000");
  CHECK(refused("Op,duration\n,1\n") == "line 2, column 1 ('Op'): the layer has no name");
  CHECK(refused("Op,duration\n__add__,1\n")
        == "line 2, column 1 ('Op'): '__add__' belongs to the layer before it, and there is none");
  CHECK(refused("Op,duration\na,1,2\n") == "line 2: 3 columns where the header has 2");
  CHECK(refused("Op,duration\na,3600000000000\n__add__,1\n")
        == "line 3, column 2 ('duration'): with it the layer before takes more than an hour");
}

TEST_CASE("a profile cut off or spoilt anywhere does no harm", "[metadata]") {
  for (std::size_t i = 0; i < profile.size(); ++i) {
    (void)parse_layer_times(profile.substr(0, i));
    for (const char c : {'\0', ',', '\n', '-', '9', '\xff'}) {
      auto spoilt = profile;
      spoilt[i] = c;
      if (const auto times = parse_layer_times(spoilt))
        CHECK(times->names.size() == times->times.size());
      else
        CHECK_FALSE(times.error().message.empty());
    }
  }
}
