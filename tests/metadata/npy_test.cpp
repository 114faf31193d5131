#include <sys/stat.h>

#include <cstring>

#include <catch2/catch.hpp>

#include "metadata/npy.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::metadata;
using baton::testing::temporary_file;
using Catch::Contains;

namespace {

std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += version;
  bytes += '\0';
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  if (version > 1)
    bytes += std::string(2, '\0');
  return bytes + header + data;
}

template <class T>
std::string raw(const std::vector<T>& elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(T)};
}

template <class T>
std::vector<T> elements(const tensor& t) {
  return {t.as<T>().begin(), t.as<T>().end()};
}

tensor read(const std::string& bytes) {
  const temporary_file file(".npy");
  file.write(bytes);
  return read_npy(file.path()).value();
}

std::string refusal(const std::string& bytes) {
  const temporary_file file(".npy");
  file.write(bytes);
  const auto t = read_npy(file.path());
  REQUIRE_FALSE(t);
  CHECK(t.error().code == errc::bad_argument);
  CHECK_THAT(t.error().message, Contains(file.path().string()));
  return t.error().message;
}

} // namespace

TEST_CASE("a tensor of any type survives being written and read", "[metadata]") {
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{{2, 3}, {4}, {}, {1, 2, 1, 2, 1}, {0, 3}})
    for (const auto type : all_element_types) {
      tensor t(type, shape);
      for (std::size_t i = 0; i < t.bytes(); ++i)
        t.mutable_data()[i] = static_cast<std::byte>(type == element_type::boolean ? i % 2 : 7 * i + 1);
      const temporary_file file(".npy");
      REQUIRE(write_npy(file.path(), t));
      const auto back = read_npy(file.path()).value();
      CHECK(back.type() == t.type());
      CHECK(back.shape() == t.shape());
      CHECK(std::memcmp(back.data(), t.data(), t.bytes()) == 0);
      CHECK((std::filesystem::file_size(file.path()) - t.bytes()) % 64 == 0);
    }
}

TEST_CASE("NumPy's types are read as they are", "[metadata]") {
  const auto head = [](const std::string& type) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': (2,), }\n";
  };
  CHECK(elements<double>(read(npy(head("<f8"), raw<double>({0.1, -2.0})))) == std::vector{0.1, -2.0});
  CHECK(elements<std::int32_t>(read(npy(head("<i4"), raw<std::int32_t>({-5, 7})))) == std::vector{-5, 7});
  CHECK(elements<std::uint8_t>(read(npy(head("|u1"), raw<std::uint8_t>({200, 1}))))
        == std::vector<std::uint8_t>{200, 1});
  CHECK(read(npy(head("|V2"), raw<std::uint16_t>({1, 2}))).type() == element_type::bfloat16);
  CHECK(elements<float>(read(npy(head("<f4"), raw<float>({1.5F, 2.5F}), 2))) == std::vector{1.5F, 2.5F});
}

TEST_CASE("files that are not what they should be are refused by name", "[metadata]") {
  const auto head = [](const std::string& type, const std::string& order, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
  };
  const auto eight = raw<float>({1.0F, 2.0F});
  CHECK_THAT(refusal("hello"), Contains("not a .npy file"));
  CHECK_THAT(refusal(""), Contains("not a .npy file"));
  CHECK_THAT(refusal(npy(head("<f4", "False", "(2,)"), eight, 9)), Contains("version"));
  CHECK_THAT(refusal(npy(head("<f4", "False", "(2,)"), eight).substr(0, 30)), Contains("cut off"));
  CHECK_THAT(refusal(npy(head(">f4", "False", "(2,)"), eight)), Contains("'>f4'"));
  CHECK_THAT(refusal(npy(head("<f4", "True", "(1, 2)"), eight)), Contains("Fortran"));
  CHECK_THAT(refusal(npy(head("<f4", "False", "(3,)"), eight)), Contains("does not fit its shape"));
  CHECK_THAT(refusal(npy(head("<f4", "False", "(1,)"), eight)), Contains("does not fit its shape"));
  CHECK_THAT(refusal(npy(head("<f4", "False", "(4611686018427387904, 4)"), eight)), Contains("does not fit"));
  CHECK_THAT(refusal(npy(head("<f4", "False", "(-2,)"), eight)), Contains("header"));
  CHECK_THAT(refusal(npy("{'descr': '", eight)), Contains("header"));
  CHECK_THAT(refusal(npy("nothing of use", eight)), Contains("header"));
  CHECK(read_npy("/nowhere/x.npy").error().code == errc::not_found);
  CHECK(write_npy("/nowhere/x.npy", tensor(element_type::float32, {1})).error().code == errc::io);
}

TEST_CASE("a pipe is refused without waiting for a writer", "[metadata]") {
  const temporary_file pipe(".npy");
  REQUIRE(::mkfifo(pipe.path().c_str(), 0600) == 0);
  const auto t = read_npy(pipe.path());
  REQUIRE_FALSE(t);
  CHECK(t.error().code == errc::io);
  CHECK_THAT(t.error().message, Contains(pipe.path().string()));
}
