#include "raw_http.hpp"

#include <catch2/catch.hpp>

namespace baton::testing {

std::string post(const std::string& target, const std::string& body, const std::string& fields) {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields
         + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string body_of(const std::string& answer) {
  auto at = answer.find("\r\n\r\n");
  REQUIRE(at != answer.npos);
  return answer.substr(at + 4);
}

std::string field_of(const std::string& answer, const std::string& name) {
  auto head = answer.substr(0, answer.find("\r\n\r\n") + 2);
  auto at = head.find("\r\n" + name + ": ");
  if (at == head.npos)
    return "";
  at += name.size() + 4;
  return head.substr(at, head.find("\r\n", at) - at);
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string binary_json(std::size_t bytes, const std::string& rest, const std::string& shape) {
  return R"({"inputs":[{"name":"x","shape":)" + shape + R"(,"datatype":"FP32","parameters":{"binary_data_size":)"
         + std::to_string(bytes) + "}}]" + rest + "}";
}

std::string binary_post(const std::string& head, const std::string& bytes, const std::string& fields) {
  return post(mlp_infer, head + bytes,
              "Inference-Header-Content-Length: " + std::to_string(head.size()) + "\r\n" + fields);
}

std::string plain_answer(const served& s) {
  return body_of(send_raw(s.address(), post(mlp_infer, mlp_body)));
}

} // namespace baton::testing
