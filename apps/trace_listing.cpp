#include "apps/trace_listing.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "apps/table.hpp"
#include "apps/trace_names.hpp"

namespace baton::apps {

namespace {

namespace trace = actors::trace;

double ms(metadata::duration d) {
  return std::chrono::duration<double, std::milli>(d).count();
}
double us(metadata::duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

/// An id, or nothing where a message names none.
template <class Id>
std::string number(Id id) {
  return id.value == 0 ? std::string{} : std::to_string(id.value);
}

std::string remark(const trace::story& s, const trace::exchange& m, const trace_names& names) {
  std::vector<std::string> parts;
  const auto& about = m.about();
  if (about.device != metadata::no_device)
    parts.push_back(names.device(about.device));
  if (m.what() == trace::message_kind::answer)
    switch (about.outcome) {
    case scheduling::outcome::applied: parts.emplace_back("applied"); break;
    case scheduling::outcome::too_late: parts.emplace_back("too late"); break;
    case scheduling::outcome::not_here: parts.emplace_back("not here"); break;
    case scheduling::outcome::refused: parts.emplace_back("refused"); break;
    case scheduling::outcome::lost: parts.emplace_back("lost"); break;
    }
  if (about.reason != errc::none)
    parts.emplace_back(to_string(about.reason));
  if (!m.sent)
    parts.emplace_back("its sending is not in the trace");
  else if (!m.handled)
    parts.emplace_back(died(s, m) ? "not received: its receiver died" : "not received");
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The task's position, of messages that have one.
std::string place(const trace::exchange& m) {
  using enum trace::message_kind;
  switch (m.what()) {
  case accept:
  case bring:
  case deliver:
  case preempt:
  case hand_off:
  case answer: return m.about().at == metadata::end_position ? "end" : position_text(m.about().at);
  default: return {};
  }
}

} // namespace

std::string message_table(const trace::contents& c, const trace::story& s, const message_choice& which) {
  const trace_names names(c);
  std::set<metadata::task_id> tasks;
  if (which.task)
    tasks.insert(*which.task);
  if (which.request)
    if (auto r = s.requests.find(*which.request); r != s.requests.end())
      tasks.insert(r->second.tasks.begin(), r->second.tasks.end());
  using enum table::align;
  table t{{{"sent ms", right},
           {"waited us", right},
           {"took us", right},
           {"message"},
           {"from"},
           {"to"},
           {"request", right},
           {"task", right},
           {"epoch", right},
           {"at", right},
           {"command", right},
           {""}}};
  for (const auto& m : s.messages) {
    const auto& about = m.about();
    const bool wanted = (!which.request && !which.task) || tasks.contains(about.task)
                        || (which.request && about.request == *which.request);
    if (!wanted)
      continue;
    t.add({m.sent ? fmt::format("{:.6f}", ms(m.sent->at)) : "-",
           m.sent && m.handled ? fmt::format("{:.1f}", us(m.handled->begin - m.sent->at)) : "-",
           m.handled ? fmt::format("{:.1f}", us(m.handled->end - m.handled->begin)) : "-",
           std::string(to_string(m.what())), m.sent ? names.party(m.sent->from) : "-", names.party(m.to()),
           number(about.request), number(about.task), about.task.value == 0 ? "" : std::to_string(about.epoch.value),
           place(m), number(about.command), remark(s, m, names)});
  }
  return t.text();
}

std::string trace_summary(const trace::contents& c, const trace::story& s) {
  const trace_names names(c);
  const auto span = s.end - s.begin;
  const auto started = std::chrono::time_point<std::chrono::system_clock>(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds{c.names.started}));
  auto text = fmt::format("begun {:%Y-%m-%d %H:%M:%S} UTC, {:.3f} ms of it traced{}\n",
                          fmt::gmtime(std::chrono::system_clock::to_time_t(started)), ms(span),
                          c.lost_bytes > 0     ? "; the file ends in the middle of an entry"
                          : !c.end             ? "; the file ends before its runtime did"
                          : c.end->why.empty() ? ""
                                               : "; it stopped: " + c.end->why);
  auto lost = std::count_if(s.messages.begin(), s.messages.end(), [](const auto& m) { return !m.handled; });
  std::size_t ended = 0, failed = 0;
  for (const auto& [id, r] : s.requests) {
    ended += r.ended ? 1 : 0;
    failed += r.ended && r.ended->outcome != errc::none ? 1 : 0;
  }
  std::uint64_t bytes = 0;
  for (const auto& x : s.copies)
    bytes += x.bytes;
  text += fmt::format("{} requests, {} ended, {} of them without a result\n"
                      "{} messages, {} not received; {} segments; {} copies, {}; {} jobs; {} workers died\n"
                      "{} entries dropped{}\n\n",
                      with_separators(s.requests.size()), with_separators(ended), with_separators(failed),
                      with_separators(s.messages.size()), lost, with_separators(s.segments.size()),
                      with_separators(s.copies.size()), human_bytes(static_cast<double>(bytes)), s.jobs.size(),
                      s.deaths.size(), with_separators(s.dropped),
                      s.dropped > 0 ? ": threads were faster than the writer, so what follows is too low" : "");
  using enum table::align;
  table t{{{"device"}, {"domain"}, {"segments", right}, {"busy ms", right}, {"busy", right}, {"jobs ms", right}}};
  for (std::uint32_t d = 0; d < c.names.devices.size(); ++d) {
    const auto& device = c.names.devices[d];
    metadata::duration busy{}, jobs{};
    std::size_t segments = 0;
    for (const auto& x : s.segments)
      if (x.device.value == d) {
        busy += x.end - x.begin;
        ++segments;
      }
    for (const auto& x : s.jobs)
      if (x.device.value == d)
        jobs += x.end - x.begin;
    t.add({device.name, names.domain(device.domain), with_separators(segments), fmt::format("{:.3f}", ms(busy)),
           span.count() == 0 ? "-" : fmt::format("{:.1f}%", 100.0 * ms(busy) / ms(span) / device.lanes),
           fmt::format("{:.3f}", ms(jobs))});
  }
  return text + t.text();
}

} // namespace baton::apps
