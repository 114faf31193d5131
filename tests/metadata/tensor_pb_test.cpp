#include <catch2/catch.hpp>

#include <cstring>
#include <map>

#include <onnx/onnx_pb.h>

#include "metadata/tensor_pb.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::metadata;
using baton::testing::temporary_file;
using Catch::Contains;
using proto = onnx::TensorProto;

namespace {

expected<tensor> read_bytes(const std::string& bytes) {
  const temporary_file file(".pb");
  file.write(bytes);
  return read_tensor_pb(file.path());
}

tensor read(const proto& p) {
  return read_bytes(p.SerializeAsString()).value();
}

std::string refusal(const std::string& bytes) {
  const temporary_file file(".pb");
  file.write(bytes);
  const auto t = read_tensor_pb(file.path());
  REQUIRE_FALSE(t);
  CHECK(t.error().code == errc::bad_argument);
  CHECK_THAT(t.error().message, Contains(file.path().string()));
  return t.error().message;
}

std::string refusal(const proto& p) {
  return refusal(p.SerializeAsString());
}

proto of_type(int type, std::vector<std::int64_t> shape) {
  proto p;
  p.set_data_type(type);
  for (const auto extent : shape)
    p.add_dims(extent);
  return p;
}

template <class T>
void check_typed(proto p, element_type type, const std::vector<T>& expected) {
  p.add_dims(static_cast<std::int64_t>(expected.size()));
  INFO(to_string(type));
  const auto t = read(p);
  CHECK(t.type() == type);
  REQUIRE(t.elements() == expected.size());
  CHECK(std::vector<T>(t.as<T>().begin(), t.as<T>().end()) == expected);
}

template <class T>
proto with_int32(int type, const std::vector<T>& elements) {
  auto p = of_type(type, {});
  for (const auto x : elements)
    p.add_int32_data(x);
  return p;
}

template <class T>
void check_int32(int onnx_type, element_type type, const std::vector<T>& elements) {
  check_typed<T>(with_int32(onnx_type, elements), type, elements);
}

} // namespace

TEST_CASE("a tensor of every element type survives being written to .pb and read", "[metadata]") {
  for (const auto type : all_element_types)
    for (const auto& shape : std::vector<std::vector<std::int64_t>>{{2, 3}, {5}, {}, {0, 3}, {1, 1, 2, 1, 2}}) {
      tensor t(type, shape);
      for (std::size_t i = 0; i < t.bytes(); ++i)
        t.mutable_data()[i] = static_cast<std::byte>(type == element_type::boolean ? i % 2 : i * 37 + 11);
      const temporary_file file(".pb");
      REQUIRE(write_tensor_pb(file.path(), t, "weights"));
      const auto back = read_tensor_pb(file.path()).value();
      CHECK(back.type() == type);
      CHECK(back.shape() == shape);
      CHECK(std::memcmp(back.data(), t.data(), t.bytes()) == 0);
    }
  CHECK(write_tensor_pb("/nowhere/x.pb", tensor(element_type::int8, {1}), "x").error().code == errc::io);
}

TEST_CASE("every element type is read from its typed field as well", "[metadata]") {
  auto floats = of_type(proto::FLOAT, {});
  floats.add_float_data(0.1F);
  floats.add_float_data(-2.0F);
  check_typed<float>(floats, element_type::float32, {0.1F, -2.0F});
  auto doubles = of_type(proto::DOUBLE, {});
  doubles.add_double_data(0.1);
  check_typed<double>(doubles, element_type::float64, {0.1});
  auto longs = of_type(proto::INT64, {});
  longs.add_int64_data(INT64_MIN);
  longs.add_int64_data(INT64_MAX);
  check_typed<std::int64_t>(longs, element_type::int64, {INT64_MIN, INT64_MAX});
  auto words = of_type(proto::UINT32, {});
  words.add_uint64_data(UINT32_MAX);
  check_typed<std::uint32_t>(words, element_type::uint32, {UINT32_MAX});
  auto long_words = of_type(proto::UINT64, {});
  long_words.add_uint64_data(UINT64_MAX);
  check_typed<std::uint64_t>(long_words, element_type::uint64, {UINT64_MAX});
  check_int32<std::int32_t>(proto::INT32, element_type::int32, {INT32_MIN, 7, INT32_MAX});
  check_int32<std::int16_t>(proto::INT16, element_type::int16, {INT16_MIN, INT16_MAX});
  check_int32<std::int8_t>(proto::INT8, element_type::int8, {-128, 127});
  check_int32<std::uint16_t>(proto::UINT16, element_type::uint16, {0, 65535});
  check_int32<std::uint8_t>(proto::UINT8, element_type::uint8, {0, 255});
  check_int32<std::uint8_t>(proto::BOOL, element_type::boolean, {1, 0, 1});
  check_int32<std::uint16_t>(proto::FLOAT16, element_type::float16, {0x3c00, 0xfbff});
  check_int32<std::uint16_t>(proto::BFLOAT16, element_type::bfloat16, {0x3f80, 0xff80});
}

TEST_CASE("files that are not one whole tensor are refused by name", "[metadata]") {
  CHECK_THAT(refusal("hello"), Contains("not an ONNX tensor"));
  CHECK_THAT(refusal(std::string{}), Contains("not an ONNX tensor"));
  auto good = of_type(proto::FLOAT, {2});
  good.set_raw_data(std::string(8, 'x'));
  CHECK_THAT(refusal(good.SerializeAsString().substr(0, 8)), Contains("truncated"));
  auto p = good;
  p.add_dims(2);
  CHECK_THAT(refusal(p), Contains("8 bytes where its shape needs 16"));
  p.add_dims(std::int64_t{1} << 62);
  CHECK_THAT(refusal(p), Contains("impossible extent"));
  p = good;
  p.set_dims(0, -2);
  CHECK_THAT(refusal(p), Contains("impossible extent -2"));
  p.set_dims(0, std::int64_t{1} << 40);
  CHECK_THAT(refusal(p), Contains("more data than a file can hold"));
  p = good;
  p.add_float_data(1);
  CHECK_THAT(refusal(p), Contains("twice"));
  p = good;
  p.set_data_location(proto::EXTERNAL);
  CHECK_THAT(refusal(p), Contains("another file"));
  p = good;
  p.mutable_segment()->set_begin(1);
  CHECK_THAT(refusal(p), Contains("segment"));
  p = good;
  for (int i = 0; i < 8; ++i)
    p.add_dims(1);
  CHECK_THAT(refusal(p), Contains("too many extents"));
  CHECK_THAT(refusal(of_type(proto::STRING, {0})), Contains("STRING is not supported"));
  CHECK_THAT(refusal(of_type(proto::COMPLEX64, {0})), Contains("COMPLEX64"));
  CHECK_THAT(refusal(of_type(99, {0})), Contains("99"));
  CHECK_THAT(refusal(of_type(proto::FLOAT, {3})), Contains("0 elements where its shape needs 3"));
  for (auto [type, x] :
       {std::pair{proto::UINT8, 256}, {proto::INT8, -129}, {proto::BOOL, 2}, {proto::FLOAT16, 65536}}) {
    p = of_type(type, {1});
    p.add_int32_data(x);
    CHECK_THAT(refusal(p), Contains("outside"));
  }
  p = of_type(proto::UINT32, {1});
  p.add_uint64_data(UINT64_MAX);
  CHECK_THAT(refusal(p), Contains("outside UINT32"));
  p = of_type(proto::BOOL, {1});
  p.set_raw_data("\x07");
  CHECK_THAT(refusal(p), Contains("outside BOOL"));
  CHECK(read_tensor_pb("/nowhere/x.pb").error().code == errc::not_found);
  CHECK(read_tensor_pb("/tmp").error().code == errc::io);
}

TEST_CASE("a .pb cut off anywhere gives an error or the same tensor", "[metadata]") {
  auto p = of_type(proto::INT16, {2, 2});
  p.set_name("t");
  for (int i = 0; i < 4; ++i)
    p.add_int32_data(i * 1000);
  const auto bytes = p.SerializeAsString();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto t = read_bytes(bytes.substr(0, n));
    // The name comes behind the data.
    CHECK((!t || std::memcmp(t->data(), read(p).data(), 8) == 0));
  }
}

TEST_CASE("every tensor of ONNX's own node tests is read, and the rest refused with a reason", "[metadata]") {
  const std::filesystem::path folder = "/usr/share/libonnx-testdata/data/node";
  REQUIRE(std::filesystem::is_directory(folder));
  std::size_t same = 0;
  std::map<std::string, std::size_t> refused;
  for (const auto& test : std::filesystem::directory_iterator(folder)) {
    const auto data = test.path() / "test_data_set_0";
    if (!std::filesystem::is_directory(data))
      continue;
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      if (entry.path().extension() != ".pb")
        continue;
      const auto t = read_tensor_pb(entry.path());
      if (!t) {
        const auto& message = t.error().message;
        CHECK_THAT(message, Catch::StartsWith(entry.path().string() + ": "));
        ++refused[message.substr(entry.path().string().size() + 2)];
        continue;
      }
      proto p;
      std::ifstream in(entry.path(), std::ios::binary);
      REQUIRE(p.ParseFromIstream(&in));
      if (p.has_raw_data() && std::string_view(reinterpret_cast<const char*>(t->data()), t->bytes()) == p.raw_data())
        ++same;
    }
  }
  std::string reasons;
  for (const auto& [reason, count] : refused)
    reasons += std::to_string(count) + " x " + reason + '\n';
  CAPTURE(reasons, same);
  CHECK(same > 2400);
  std::size_t not_tensors = 0;
  for (const auto& [reason, count] : refused) {
    CHECK((reason.find("STRING") != reason.npos || reason.find("sequence") != reason.npos
           || reason.find("not an ONNX tensor") != reason.npos || reason.find("COMPLEX") != reason.npos));
    not_tensors += count;
  }
  CHECK(not_tensors < 80);
}
