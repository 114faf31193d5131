#include <random>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "served.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using verb = boost::beast::http::verb;
using namespace std::chrono_literals;

namespace {

bool serves(const http::server_address& to) {
  http::client c{to};
  auto r = c.call(verb::post, "/v2/models/mlp/infer", testing::mlp_body);
  return r && r->status == 200;
}

} // namespace

TEST_CASE("Bytes that are no HTTP get 400 or nothing, and the server lives on", "[apps]") {
  testing::served s;
  CHECK_THAT(testing::send_raw(s.address(), "hello\r\n\r\n"), StartsWith("HTTP/1.1 400") && Contains("error"));
  std::mt19937 random{3};
  for (int i = 0; i < 200; ++i) {
    std::string bytes = i % 2 == 0 ? "POST /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\n" : "";
    for (auto n = random() % 400; n > 0; --n)
      bytes += static_cast<char>(random());
    bytes += "\r\n\r\n";
    auto got = testing::send_raw(s.address(), bytes, 300ms);
    if (!got.empty())
      REQUIRE_THAT(got, StartsWith("HTTP/1.1 4"));
  }
  CHECK(serves(s.address()));
}

TEST_CASE("Headers and bodies beyond their limits are refused before they are read", "[apps]") {
  http::server_options o;
  o.body_limit = 100000;
  o.bodies_limit = 150000;
  testing::served s{o};
  auto header = "GET /v2 HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(100000, 'a') + "\r\n\r\n";
  CHECK_THAT(testing::send_raw(s.address(), header), StartsWith("HTTP/1.1 431"));
  std::string post = "POST /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\n";
  CHECK_THAT(testing::send_raw(s.address(), post + "Content-Length: 100001\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  CHECK_THAT(testing::send_raw(s.address(), post + "Content-Length: 99999999999999999999\r\n\r\n"),
             StartsWith("HTTP/1.1 4"));
  CHECK_THAT(testing::send_raw(s.address(), post + "Content-Length: -1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  auto chunk = "20000\r\n" + std::string(0x20000, ' ') + "\r\n0\r\n\r\n";
  CHECK_THAT(testing::send_raw(s.address(), post + "Transfer-Encoding: chunked\r\n\r\n" + chunk),
             StartsWith("HTTP/1.1 413"));
  CHECK_THAT(testing::send_raw(s.address(), post + "Content-Encoding: br\r\nContent-Length: 1\r\n\r\n."),
             StartsWith("HTTP/1.1 415"));
  CHECK(serves(s.address()));
}

TEST_CASE("Bodies being read are bounded over all connections", "[apps]") {
  http::server_options o;
  o.body_limit = 1000000;
  o.bodies_limit = 1500000;
  o.patience = 1s;
  testing::served s{o};
  std::string head = "POST /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n";
  std::string half = head + std::string(900000, ' ');
  std::thread slow{[&] { testing::send_raw(s.address(), half); }};
  std::this_thread::sleep_for(200ms);
  CHECK_THAT(testing::send_raw(s.address(), half), StartsWith("HTTP/1.1 503"));
  CHECK(testing::send_raw(s.address(), head, 100ms).empty()); // what has not come takes no room
  CHECK(serves(s.address()));                                 // nor does what is small
  slow.join();
  CHECK(serves(s.address())); // what the slow one held is free again
}

TEST_CASE("Clients that announce large bodies and are silent leave room for others", "[apps]") {
  testing::served s;
  std::vector<std::thread> silent;
  for (int i = 0; i < 12; ++i) // of 64 MiB each at most, more than all may have together
    silent.emplace_back([&] {
      testing::send_raw(s.address(), "POST /v2/models/mlp/infer HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 1s);
    });
  std::this_thread::sleep_for(200ms);
  CHECK(serves(s.address()));
  for (auto& t : silent)
    t.join();
  CHECK_THAT(testing::send_raw(s.address(), "POST /v2/health/live HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
             StartsWith("HTTP/1.1 405"));
  CHECK_THAT(testing::send_raw(s.address(), "GET /v2/health/live HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n"),
             StartsWith("HTTP/1.1 413"));
  auto chunk = "200000\r\n" + std::string(0x200000, ' ') + "\r\n0\r\n\r\n";
  CHECK_THAT(testing::send_raw(s.address(),
                               "POST /v2/repository/index HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk),
             StartsWith("HTTP/1.1 413") && Contains("1048576"));
}

TEST_CASE("Clients that do not read their answers leave room for others", "[apps]") {
  http::server_options o;
  o.bodies_limit = std::size_t{24} << 20;
  testing::served s{o};
  constexpr int tokens = 400000; // 2 bytes each, and an answer of about 17 MB: more than sockets take
  std::string body = R"({"inputs":[{"name":"tokens","datatype":"INT64","shape":[1,400000],"data":[1)";
  for (int i = 1; i < tokens; ++i)
    body += ",1";
  body += "]}]}";
  const auto ask = [&] {
    http::client c{s.address()};
    return c.call(boost::beast::http::verb::post, "/v2/models/embedding/infer", body);
  };
  REQUIRE(ask()->status == 200);
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket idle{io};
  idle.connect(s.address().endpoint);
  const auto request =
      "POST /v2/models/embedding/infer HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  boost::asio::write(idle, boost::asio::buffer(request));
  std::string status(15, ' '); // as much as shows that its answer is there; the rest is left
  boost::asio::read(idle, boost::asio::buffer(status));
  REQUIRE(status == "HTTP/1.1 200 OK");
  auto refused = ask();
  for (int i = 0; i < 100 && refused->status == 200; ++i)
    refused = ask();
  CHECK(refused->status == 503);
  CHECK_THAT(refused->body, Contains("waiting to be read"));
  CHECK(serves(s.address()));
  idle.close();
  auto again = ask();
  for (int i = 0; i < 100 && again->status == 503; ++i)
    again = ask();
  CHECK(again->status == 200);
}

TEST_CASE("Empty lines before a request are passed over", "[apps]") {
  testing::served s;
  CHECK_THAT(testing::send_raw(s.address(), "\r\n\r\nGET /v2 HTTP/1.1\r\nConnection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 200"));
}

TEST_CASE("Commands that nest too deeply are refused", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  auto body = "{\"a\":" + std::string(400000, '[') + std::string(400000, ']') + "}";
  CHECK(c.call(boost::beast::http::verb::post, "/v2/repository/index", body)->status == 400);
}

TEST_CASE("A client that waits to be invited gets its 100 Continue", "[apps]") {
  testing::served s;
  auto got =
      testing::send_raw(s.address(), "POST /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                                     "Connection: close\r\nContent-Length: "
                                         + std::to_string(testing::mlp_body.size()) + "\r\n\r\n" + testing::mlp_body);
  CHECK_THAT(got, StartsWith("HTTP/1.1 100 Continue") && Contains("HTTP/1.1 200 OK"));
}

TEST_CASE("Requests sent ahead are answered in order", "[apps]") {
  testing::served s;
  auto post = "POST /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nContent-Length: "
              + std::to_string(testing::mlp_body.size()) + "\r\n\r\n" + testing::mlp_body;
  auto got =
      testing::send_raw(s.address(), post + post + "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto first = got.find("200 OK");
  REQUIRE(first != got.npos);
  auto second = got.find("200 OK", first + 1);
  REQUIRE(second != got.npos);
  CHECK(got.find("404 Not Found", second) != got.npos);
}

TEST_CASE("A client that stalls is let go", "[apps]") {
  http::server_options o;
  o.patience = 300ms;
  testing::served s{o};
  auto begun = std::chrono::steady_clock::now();
  CHECK(testing::send_raw(s.address(), "", 10s).empty());
  CHECK(testing::send_raw(s.address(), "GET /v2 HT", 10s).empty());
  CHECK(
      testing::send_raw(s.address(), "POST /v2/models/mlp/infer HTTP/1.1\r\nContent-Length: 10\r\n\r\n{", 10s).empty());
  CHECK(std::chrono::steady_clock::now() - begun < 8s);
}

TEST_CASE("Clients that close early do no harm", "[apps]") {
  testing::served s;
  for (int i = 0; i < 50; ++i) {
    testing::send_raw(s.address(), "POST /v2/models/mlp/infer HTTP/1.1\r\nContent-Length: 100\r\n\r\n{", 1ms);
    testing::send_raw(s.address(), "GE", 1ms);
    testing::send_raw(s.address(), "", 1ms);
  }
  CHECK(serves(s.address()));
}

TEST_CASE("Beyond the limit of connections a client waits until another goes", "[apps]") {
  http::server_options o;
  o.connections = 2;
  o.patience = 500ms;
  testing::served s{o};
  http::client a{s.address()}, b{s.address()};
  REQUIRE(a.get("/v2/health/live"));
  REQUIRE(b.get("/v2/health/live"));
  CHECK(serves(s.address())); // once the idle ones have been let go
}
