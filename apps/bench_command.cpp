#include <algorithm>
#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/bench_stream.hpp"
#include "apps/program.hpp"
#include "apps/progress.hpp"
#include "apps/table.hpp"

namespace baton::apps {

namespace {

using std::chrono::steady_clock;
using streams = std::vector<std::unique_ptr<bench_stream>>;

struct bench_options {
  std::string url = "http://127.0.0.1:8000";
  std::string mix;
  double seconds = 20;
  double warmup = 1;
  std::uint64_t seed = 1;
};

struct server_counters {
  std::uint64_t preemptions = 0, moves = 0;
};

expected<server_counters> ask_counters(http::client& server) {
  auto text = server.get("/v2/baton/stats");
  if (!text)
    return tl::unexpected(text.error());
  auto engine = nlohmann::json::parse(*text, nullptr, false).value("engine", nlohmann::json::object());
  return server_counters{engine.value("preemptions", std::uint64_t{0}), engine.value("moves", std::uint64_t{0})};
}

/// Lets the streams run: warm-up, measurement, and the end of what is then under way.
void drive(boost::asio::io_context& io, streams& all, const bench_options& o) {
  progress bar{stdout, "load"};
  boost::asio::steady_timer tick{io};
  auto begun = steady_clock::now();
  auto stopped_at = steady_clock::time_point::max();
  bool warm = false;
  std::function<void()> look = [&] {
    auto now = steady_clock::now();
    auto elapsed = std::chrono::duration<double>(now - begun).count();
    if (!warm && elapsed >= o.warmup) {
      warm = true;
      for (auto& s : all)
        s->end_warm_up();
    }
    std::uint64_t requests = 0, errors = 0;
    bool busy = false;
    for (auto& s : all) {
      requests += s->result().requests;
      errors += s->result().errors;
      busy = busy || s->busy();
    }
    auto whole = o.warmup + o.seconds;
    bar.update(elapsed / whole, fmt::format("{:.0f} of {:.0f} s, {} requests, {} errors{}", std::min(elapsed, whole),
                                            whole, requests, errors, warm ? "" : ", warming up"));
    if (stopped_at == steady_clock::time_point::max() && elapsed >= whole) {
      stopped_at = now;
      for (auto& s : all)
        s->stop();
      look();
      return;
    }
    if (stopped_at != steady_clock::time_point::max() && (!busy || now - stopped_at > defaults::answer_timeout)) {
      io.stop();
      return;
    }
    tick.expires_after(defaults::progress_interval);
    tick.async_wait([&](boost::system::error_code e) {
      if (!e)
        look();
    });
  };
  for (auto& s : all)
    s->start();
  look();
  io.run();
  bar.finish();
}

std::string percentile(std::vector<double> values, double fraction) {
  if (values.empty())
    return "-";
  auto at = values.begin() + std::lround(fraction * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return fmt::format("{:.2f}", *at);
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "-" : fmt::format("{:.1f}%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

/// Prints the table; true if every request succeeded and every answer checked was right.
bool print_results(const std::vector<workload>& work, const streams& all, const bench_options& o) {
  using enum table::align;
  table t{{{"stream"},
           {"model"},
           {"priority", right},
           {"requests", right},
           {"errors", right},
           {"p50 ms", right},
           {"p99 ms", right},
           {"per s", right},
           {"checked", right},
           {"correct", right},
           {"accuracy", right},
           {"preemptions", right},
           {"moves", right},
           {"sent to move", right}}};
  bool good = true;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& r = all[i]->result();
    const auto& spec = work[i].spec;
    good = good && r.errors == 0 && r.wrong == 0 && !r.latencies_ms.empty();
    t.add({spec.name, spec.model, std::to_string(spec.priority), std::to_string(r.requests), std::to_string(r.errors),
           percentile(r.latencies_ms, 0.5), percentile(r.latencies_ms, 0.99),
           fmt::format("{:.1f}", static_cast<double>(r.latencies_ms.size()) / o.seconds),
           spec.check_undisturbed ? std::to_string(r.checked) : "-",
           spec.check_undisturbed ? std::to_string(r.correct) : "-", percent(r.matched, r.labelled),
           std::to_string(r.preemptions), std::to_string(r.moves), std::to_string(r.to_move)});
  }
  fmt::print("\n{}", t.text());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& r = all[i]->result();
    if (!r.first_error.empty())
      fmt::print("stream '{}', first error: {}\n", work[i].spec.name, r.first_error);
    if (r.wrong > 0)
      fmt::print("stream '{}': {} answers differ from the undisturbed run\n", work[i].spec.name, r.wrong);
    if (r.latencies_ms.empty())
      fmt::print("stream '{}': no request succeeded\n", work[i].spec.name);
  }
  return good;
}

expected<bool> bench(const bench_options& o) {
  auto specs = read_mix(o.mix);
  if (!specs)
    return tl::unexpected(specs.error());
  auto to = http::resolve(o.url);
  if (!to)
    return tl::unexpected(to.error());
  http::client server{*to};
  std::vector<workload> work;
  {
    progress bar{stdout, "undisturbed runs"};
    for (auto& s : *specs) {
      bar.update(static_cast<double>(work.size()) / static_cast<double>(specs->size()), s.name);
      auto w = prepare(std::move(s), server);
      if (!w)
        return tl::unexpected(w.error());
      work.push_back(std::move(*w));
    }
    bar.update(1.0, "done");
  }
  auto before = ask_counters(server);
  if (!before)
    return tl::unexpected(before.error());
  boost::asio::io_context io{1};
  streams all;
  for (std::size_t i = 0; i < work.size(); ++i)
    all.push_back(std::make_unique<bench_stream>(io, *to, work[i], o.seed + i));
  drive(io, all, o);
  bool good = print_results(work, all, o);
  auto after = ask_counters(server);
  if (!after)
    return tl::unexpected(after.error());
  fmt::print("server: {} preemptions, {} moves under this load, warm-up included\n",
             after->preemptions - before->preemptions, after->moves - before->moves);
  fmt::print("{}\n", good ? "every request was answered, every answer checked was correct" : "NOT GOOD: see above");
  return good;
}

} // namespace

void add_bench_command(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("bench", "Drive a running server with a mix of requests and check its answers");
  command->footer("A mix is a JSON file: {\"streams\": [{\"name\": \"urgent\", \"model\": \"digits_cnn\",\n"
                  "  \"inputs\": {\"image\": \"images.npy\"}, \"labels\": \"labels.npy\", \"check\": \"undisturbed\",\n"
                  "  \"rate\": 50, \"priority\": 10, \"batch\": 1, \"move_fraction\": 0.3}, ...]}\n"
                  "The leading axis of an input file are samples. \"concurrency\": N instead of \"rate\" keeps N "
                  "requests under way.\n"
                  "\"undisturbed\": each sample is first run alone, later answers must be the same bits. Exit code 1 "
                  "if any is not,\n"
                  "or if any request fails.\n\n"
                  "Example:\n"
                  "  baton bench --url http://127.0.0.1:8000 --mix demo/mix.json --seconds 20");
  auto o = std::make_shared<bench_options>();
  command->add_option("--url", o->url, "The server")->capture_default_str();
  command->add_option("--mix", o->mix, "What to send, a JSON file")->required();
  command->add_option("--seconds", o->seconds, "How long to measure")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  command->add_option("--warmup", o->warmup, "Seconds of load before that")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command->add_option("--seed", o->seed, "Of arrivals and moves")->capture_default_str();
  command->callback([o, &chosen] {
    chosen = [o] {
      auto good = bench(*o);
      if (!good)
        return report(good.error());
      return *good ? exit_code::ok : exit_code::failed;
    };
  });
}

} // namespace baton::apps
