#include <atomic>
#include <fstream>
#include <future>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "served.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;
using nlohmann::json;
using verb = boost::beast::http::verb;
using namespace std::chrono_literals;

namespace {

void configure(const std::filesystem::path& model, const std::string& text) {
  std::ofstream{model / "config.pbtxt"} << text;
}

/// A catalog on a runtime of its own.
struct fixture {
  testing::temporary_folder folder;
  std::filesystem::path root = folder.path();
  std::unique_ptr<actors::runtime> runtime;
  std::unique_ptr<catalog> models;

  fixture() {
    testing::quiet();
    actors::runtime_options r;
    r.devices = gpu::parse_devices("cpu:1").value();
    r.machine.pin_threads = false;
    runtime = actors::runtime::start(std::move(r)).value();
    for (const auto* version : {"1", "2"})
      testing::write_mlp(root / "mlp" / version / "model.onnx");
  }
  void open(catalog_options o = {}) {
    o.load.directory = root;
    models = catalog::open(*runtime, std::move(o)).value();
    models->start();
    models->wait_started();
  }
  expected<void> command(void (catalog::*what)(std::string, catalog::callback), const std::string& name) {
    std::promise<expected<void>> end;
    ((*models).*what)(name, [&](expected<void> r) { end.set_value(std::move(r)); });
    return end.get_future().get();
  }
  expected<void> load(const std::string& name) { return command(&catalog::load, name); }
  expected<void> unload(const std::string& name) { return command(&catalog::unload, name); }
  std::string index() const {
    std::string text;
    for (const auto& l : models->index())
      text += l.name + "/" + (l.version ? std::to_string(*l.version) : "-") + " " + l.state + "\n";
    return text;
  }
  std::size_t bytes() const {
    auto m = runtime->counters().memory[0];
    return m.weights + m.blocks;
  }
};

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 5000 && !condition(); ++i)
    std::this_thread::sleep_for(2ms);
  return condition();
}

} // namespace

TEST_CASE("The latest version is served, others by number as the policy says", "[apps]") {
  fixture f;
  f.open();
  CHECK(f.index() == "mlp/2 READY\n");
  CHECK(f.models->find("mlp").value()->version == 2);
  CHECK(f.models->find("mlp", "1").error().code == errc::not_found);
  configure(f.root / "mlp", "version_policy { all {} }");
  auto before = f.models->find("mlp").value();
  REQUIRE(f.load("mlp"));
  CHECK(f.index() == "mlp/1 READY\nmlp/2 READY\n");
  CHECK(f.models->versions("mlp") == std::vector<std::int64_t>{1, 2});
  CHECK(f.models->find("mlp", "1").value()->version == 1);
  CHECK(f.models->find("mlp").value()->version == 2);
  CHECK(f.models->find("mlp", "01").error().code == errc::not_found);
}

TEST_CASE("A list of layers is served as any model, under its own platform", "[apps]") {
  fixture f;
  testing::write_listed(f.root / "listed" / "1" / "model.json");
  f.open({.control = model_control::by_repository, .poll_interval = 2ms});
  const auto problem = [&](const std::string& name) {
    for (const auto& l : f.models->index())
      if (l.name == name && l.state != "READY")
        return l.reason;
    return std::string{};
  };
  const auto listed = f.models->find("listed").value();
  CHECK(listed->platform() == "baton_json");
  CHECK(listed->config.file == "model.json");
  CHECK(listed->what->layers().size() == 2);
  CHECK(f.models->find("mlp").value()->platform() == "baton_onnx");
  CHECK(f.models->find("mlp").value()->config.file == "model.onnx");
  // Two forms of one version: neither is taken for the model, and it is noticed when one goes.
  testing::write_listed(f.root / ".two" / "1" / "model.json");
  testing::write_mlp(f.root / ".two" / "1" / "model.onnx");
  std::filesystem::rename(f.root / ".two", f.root / "two");
  REQUIRE(eventually([&] { return problem("two").find("both model.onnx and model.json") != std::string::npos; }));
  std::filesystem::remove(f.root / "two" / "1" / "model.onnx");
  REQUIRE(eventually([&] { return f.models->find("two").has_value(); }));
  CHECK(f.models->find("two").value()->platform() == "baton_json");
}

TEST_CASE("Loading again keeps the versions that have not changed and swaps the rest", "[apps]") {
  fixture f;
  configure(f.root / "mlp", "version_policy { latest { num_versions: 2 } }");
  f.open();
  auto one = f.models->find("mlp", "1").value();
  auto two = f.models->find("mlp", "2").value();
  testing::write_mlp(f.root / "mlp" / "3" / "model.onnx");
  REQUIRE(f.load("mlp"));
  CHECK(f.index() == "mlp/2 READY\nmlp/3 READY\n");
  CHECK(f.models->find("mlp", "2").value() == two);
  CHECK_FALSE(f.runtime->find_model(one->id)); // freed
  CHECK(f.runtime->find_model(two->id));
}

TEST_CASE("A new version that is broken leaves the old one serving, with the reason in the index", "[apps]") {
  fixture f;
  f.open();
  testing::write_broken(f.root / "mlp" / "3" / "model.onnx");
  for (int i = 0; i < 2; ++i) {
    auto failed = f.load("mlp");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::bad_model);
    CHECK(f.index() == "mlp/2 READY\nmlp/3 UNAVAILABLE\n");
    CHECK(f.models->find("mlp").value()->version == 2);
    CHECK_THAT(f.models->find("mlp", "3").error().message, Contains("not ready"));
  }
  configure(f.root / "mlp", "max_batch_size: nonsense");
  CHECK_THAT(f.load("mlp").error().message, Contains("config.pbtxt") && Contains("line 1"));
  CHECK(f.models->find("mlp").value()->version == 2);
}

TEST_CASE("Unloading frees everything, and the model can be loaded again", "[apps]") {
  fixture f;
  std::filesystem::rename(f.root / "mlp", f.root / ".kept");
  f.open();
  auto empty = f.bytes();
  for (int i = 0; i < 3; ++i) {
    std::filesystem::rename(f.root / ".kept", f.root / "mlp");
    REQUIRE(f.load("mlp"));
    CHECK(f.bytes() > empty);
    REQUIRE(f.unload("mlp"));
    CHECK(f.bytes() == empty);
    CHECK(f.models->find("mlp").error().code == errc::unavailable);
    CHECK_THAT(f.models->find("mlp").error().message, Contains("unloaded"));
    CHECK(f.index().find("mlp/2 UNAVAILABLE\n") != std::string::npos);
    std::filesystem::rename(f.root / "mlp", f.root / ".kept");
  }
  CHECK(f.load("nobody").error().code == errc::not_found);
  CHECK(f.unload("nobody").error().code == errc::not_found);
}

TEST_CASE("A configuration is held against the model, its warnings are in the index, its labels are read", "[apps]") {
  fixture f;
  configure(f.root / "mlp", "instance_group { count: 2 } output { name: 'y' label_filename: 'classes.txt' }");
  f.open();
  CHECK_THAT(f.models->find("mlp").error().message, Contains("classes.txt"));
  std::ofstream{f.root / "mlp" / "classes.txt"} << "cat\ndog\n";
  REQUIRE(f.load("mlp"));
  CHECK(f.models->find("mlp").value()->labels == std::vector<std::vector<std::string>>{{"cat", "dog"}});
  CHECK_THAT(f.models->index()[0].reason, Contains("'instance_group' is not honoured"));
  configure(f.root / "mlp", "input { name: 'x' data_type: TYPE_INT8 }");
  CHECK_THAT(f.load("mlp").error().message, Contains("INT8"));
}

TEST_CASE("Commands that would wait behind too many others are refused", "[apps]") {
  fixture f;
  f.open();
  std::atomic<int> ended{0}, refused{0};
  std::promise<void> hold;
  auto held = hold.get_future().share();
  f.models->load("mlp", [held](expected<void>) { held.wait(); });
  REQUIRE(eventually([&] { return f.index() == "mlp/2 READY\n"; }));
  std::this_thread::sleep_for(20ms);
  for (std::size_t i = 0; i < defaults::load_commands + 5; ++i)
    f.models->load("mlp", [&](expected<void> r) {
      refused += !r && r.error().code == errc::overloaded;
      ++ended;
    });
  CHECK(refused >= 4);
  hold.set_value();
  CHECK(eventually([&] { return ended == static_cast<int>(defaults::load_commands) + 5; }));
}

TEST_CASE("A repository that is polled is followed, and takes no commands", "[apps]") {
  fixture f;
  catalog_options o;
  o.control = model_control::by_repository;
  o.poll_interval = 5ms;
  f.open(std::move(o));
  CHECK(f.load("mlp").error().code == errc::bad_argument);
  auto first = f.models->find("mlp").value();
  testing::write_mlp(f.root / "other" / "4" / "model.onnx");
  CHECK(eventually([&] { return f.models->find("other").has_value(); }));
  CHECK(f.models->find("mlp").value() == first);
  std::filesystem::remove_all(f.root / "mlp");
  CHECK(eventually([&] { return !f.models->find("mlp"); }));
  CHECK(eventually([&] { return f.index() == "other/4 READY\n"; }));
}

TEST_CASE("Only the models asked for are loaded at the start, the rest can be later", "[apps]") {
  fixture f;
  testing::write_mlp(f.root / "other" / "1" / "model.onnx");
  catalog_options o;
  o.at_start = {"other"};
  f.open(std::move(o));
  CHECK(f.index() == "mlp/2 UNAVAILABLE\nother/1 READY\n");
  CHECK(f.load("mlp"));
  CHECK(f.index() == "mlp/2 READY\nother/1 READY\n");
}

TEST_CASE("A catalog that closes while it loads gives up and answers what waits", "[apps]") {
  for (int i = 0; i < 10; ++i) {
    fixture f;
    f.models = catalog::open(*f.runtime, {.load = {f.root, {1}, {}}, .at_start = {}}).value();
    f.models->start();
    int ended = 0;
    f.models->load("mlp", [&](expected<void>) { ++ended; });
    std::this_thread::sleep_for(std::chrono::microseconds{i * 500});
    f.models.reset();
    CHECK(ended == 1);
  }
}

TEST_CASE("A model that is loaded anew answers all its requests meanwhile", "[apps]") {
  testing::served s;
  std::atomic<bool> stop{false};
  std::atomic<int> good{0};
  std::atomic<unsigned> bad{0}; // a status that was not 200
  std::vector<std::thread> traffic;
  for (int i = 0; i < 2; ++i)
    traffic.emplace_back([&] {
      http::client c{s.address()};
      const auto body = testing::deep_body(300); // takes a while to decode
      while (!stop) {
        auto r = c.call(verb::post, "/v2/models/deep/infer", body);
        if (r && r->status == 200)
          ++good;
        else
          bad = r ? r->status : 1;
      }
    });
  http::client c{s.address()};
  for (int i = 0; i < 25; ++i) {
    std::filesystem::last_write_time(s.repository() / "deep/1/model.onnx",
                                     std::filesystem::file_time_type::clock::now());
    CHECK(c.call(verb::post, "/v2/repository/models/deep/load")->status == 200);
  }
  stop = true;
  for (auto& t : traffic)
    t.join();
  CHECK(good > 0);
  CHECK(bad == 0);
}

TEST_CASE("Models are loaded, configured and unloaded over HTTP while others are served", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  std::atomic<bool> stop{false};
  std::atomic<int> good{0}, bad{0};
  std::thread traffic{[&] {
    http::client other{s.address()};
    while (!stop) {
      auto r = other.call(verb::post, "/v2/models/embedding/infer",
                          R"({"inputs":[{"name":"tokens","shape":[1,2],"datatype":"INT64","data":[1,2]}]})");
      ++(r && r->status == 200 ? good : bad);
    }
  }};
  auto post = [&](const std::string& what, const std::string& body = "") {
    return c.call(verb::post, "/v2/repository/models/" + what, body).value();
  };
  configure(s.repository() / "mlp", "max_batch_size: 2 version_policy { all {} } instance_group { count: 3 }");
  CHECK(post("mlp/load", "{}").status == 200);
  auto metadata = json::parse(c.get("/v2/models/mlp").value());
  CHECK(metadata["versions"] == json::array({"1", "2"}));
  CHECK(c.call(verb::post, "/v2/models/mlp/versions/1/infer", testing::mlp_body)->status == 200);
  auto config = json::parse(c.get("/v2/models/mlp/config").value());
  CHECK(config["max_batch_size"] == 2);
  CHECK(config["input"] == json::parse(R"([{"name":"x","data_type":"TYPE_FP32","dims":[3]}])"));
  CHECK_THAT(config["warnings"].dump(), Contains("instance_group"));
  auto three = c.call(verb::post, "/v2/models/mlp/infer",
                      R"({"inputs":[{"name":"x","shape":[3,3],"datatype":"FP32","data":[1,1,1,1,1,1,1,1,1]}]})");
  CHECK(three->status == 400);
  CHECK_THAT(three->body, Contains("2 at most"));

  CHECK(post("mlp/unload", R"({"parameters":{"unload_dependents":true}})").status == 200);
  CHECK(c.call(verb::get, "/v2/models/mlp/ready")->status == 400);
  CHECK(c.call(verb::post, "/v2/models/mlp/infer", testing::mlp_body)->status == 503);
  auto ready = json::parse(c.call(verb::post, "/v2/repository/index", R"({"ready":true})")->body);
  CHECK(ready.size() == 2); // deep and embedding
  CHECK(post("mlp/load").status == 200);
  CHECK(c.call(verb::post, "/v2/models/mlp/infer", testing::mlp_body)->status == 200);

  CHECK(post("nobody/load").status == 404);
  CHECK(post("..%2Fmlp/load").status == 404);
  CHECK(post("broken/load").status == 400);
  CHECK(post("mlp/load", R"({"parameters":{"config":"{}"}})").status == 400);
  CHECK(post("mlp/load", "[").status == 400);
  CHECK(post("mlp/load", std::string(500000, '[')).status == 400);
  CHECK(c.call(verb::get, "/v2/repository/models/mlp/load")->status == 405);
  CHECK(c.call(verb::post, "/v2/repository/index", "nonsense")->status == 400);
  stop = true;
  traffic.join();
  CHECK(good > 0);
  CHECK(bad == 0);
}
