#include "scheduling/engine_log.hpp"

#include <array>
#include <utility>

#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

namespace {

constexpr std::string_view magic = "baton-engine-log";
constexpr int version = 8;

constexpr std::array<std::string_view, std::variant_size_v<event>> event_names{
    "start_attempt", "cancel_request", "answer",      "finished", "failed", "values_lost",  "job_done",
    "model_added",   "worker_up",      "worker_down", "tick",     "drain",  "model_removed"};
constexpr std::array<std::string_view, std::variant_size_v<message>> message_names{
    "accept",      "preempt",  "hand_off",      "cancel",         "job",          "bring",
    "deliver",     "accepted", "declined",      "answer",         "finished",     "failed",
    "values_lost", "job_done", "start_attempt", "cancel_request", "attempt_ended"};

template <class I>
bool inspect(I&, tick&) {
  return true;
}
template <class I>
bool inspect(I&, drain&) {
  return true;
}

void put_event(text_writer& w, const event& e) {
  w.word(event_names[e.index()]);
  std::visit([&w](auto x) { inspect(w, x); }, e);
}

void put_action(text_writer& w, const action& a) {
  if (auto* m = std::get_if<envelope>(&a)) {
    w.word(message_names[m->what.index()]);
    w(m->to);
    std::visit([&w](const auto& x) { w(x); }, m->what);
    return;
  }
  constexpr std::array<std::string_view, std::variant_size_v<action>> names{"",        "forget",      "restart",
                                                                            "wake_at", "model_ready", "forget_model"};
  w.word(names[a.index()]);
  std::visit(
      [&w](auto x) {
        if constexpr (!std::is_same_v<decltype(x), envelope>)
          inspect(w, x);
      },
      a);
}

/// FNV-1a, 64 bits.
std::string digest(const actions& done) {
  text_writer w;
  for (const auto& a : done)
    put_action(w, a);
  std::uint64_t hash = 14695981039346656037ULL;
  for (char c : w.text())
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 0; i < 16; ++i)
    text[15 - i] = digits[hash >> (4 * i) & 15];
  return text;
}

template <std::size_t... I>
bool take_event(text_reader& r, std::string_view name, event& e, std::index_sequence<I...>) {
  auto one = [&](auto index) {
    if (event_names[index] != name)
      return false;
    auto& x = e.emplace<index>();
    inspect(r, x);
    return true;
  };
  return (one(std::integral_constant<std::size_t, I>{}) || ...);
}

expected<engine> read_header(std::string_view line) {
  text_reader r{line};
  int found = 0;
  engine::config c;
  cluster devices;
  bool ours = r.word() == magic;
  r(found, c.policy, c.waiting_limit, c.backlog, devices);
  if (!ours)
    return fail(errc::bad_argument, "line 1: not an engine log");
  if (!r.ok() || found != version)
    return fail(errc::bad_argument, "line 1: an engine log of another version");
  c.devices = std::make_shared<cluster>(std::move(devices));
  return engine::make(std::move(c));
}

} // namespace

std::string encode_header(const engine::config& c) {
  text_writer w;
  w.word(magic);
  w(version, c.policy, c.waiting_limit, c.backlog, *c.devices);
  return std::move(w).text() + '\n';
}

std::string encode_entry(const event& e, time_point now, const actions& done) {
  text_writer w;
  w(now);
  w.word(digest(done));
  put_event(w, e);
  return std::move(w).text() + '\n';
}

std::string encode_stop(std::string_view reason) {
  text_writer w;
  w.word("stopped");
  w(std::string{reason});
  return std::move(w).text() + '\n';
}

std::string to_text(const action& a) {
  text_writer w;
  put_action(w, a);
  return std::move(w).text();
}

std::string to_text(const event& e) {
  text_writer w;
  put_event(w, e);
  return std::move(w).text();
}

expected<replay_result> replay(const std::function<bool(std::string&)>& next_line,
                               const std::function<void(const event&, time_point, const actions&)>& each) {
  std::string line;
  if (!next_line(line))
    return fail(errc::bad_argument, "line 1: the engine log is empty");
  auto made = read_header(line);
  if (!made)
    return tl::unexpected(made.error());
  replay_result result;
  for (std::size_t number = 2; next_line(line); ++number) {
    if (line.empty())
      continue;
    if (line.starts_with("stopped ")) {
      result.complete = false;
      break;
    }
    text_reader r{line};
    time_point now{};
    r(now);
    auto logged = r.word();
    event e;
    bool known = take_event(r, r.word(), e, std::make_index_sequence<std::variant_size_v<event>>{});
    if (!known || !r.ok() || !r.at_end()) {
      if (next_line(line) && line.starts_with("stopped ")) { // half an entry: what stopped it struck in the middle
        result.complete = false;
        break;
      }
      return fail(errc::bad_argument, "line " + std::to_string(number) + ": not an entry of an engine log");
    }
    actions done;
    made->handle(e, now, done);
    ++result.events;
    if (each)
      each(e, now, done);
    auto actual = digest(done);
    if (result.first_difference == 0 && actual != logged) {
      result.first_difference = number;
      result.expected_digest = logged;
      result.actual = actual;
    }
  }
  return result;
}

} // namespace baton::scheduling
