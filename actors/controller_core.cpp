#include "actors/controller_core.hpp"

#include <utility>

#include "scheduling/text_archive.hpp"

namespace baton::actors {

namespace {

bool may_be_tried_again(errc why) {
  return why == errc::attempt_lost || why == errc::values_lost;
}

} // namespace

void controller_core::submit(const scheduling::start_attempt& first, metadata::time_point submitted,
                             metadata::time_point now, effects& out) {
  auto [r, fresh] = open_.try_emplace(first.request, open_request{first, submitted});
  if (!fresh)
    return;
  if (draining_)
    end(r, {.failure = errc::unavailable, .message = "the server is shutting down"}, now, out);
  else
    out.emplace_back(scheduling::envelope{scheduling::the_scheduler, first});
}

void controller_core::on(const scheduling::finished& m, metadata::time_point now, effects& out) {
  for (const auto& member : m.members) {
    auto r = find_current(member.request, member.attempt);
    if (r != open_.end())
      end(r, {.device = m.device, .spent = m.spent, .taken = m.taken}, now, out);
  }
}

void controller_core::on(const scheduling::attempt_ended& m, metadata::time_point now, effects& out) {
  auto r = find_current(m.request, m.attempt);
  if (r == open_.end())
    return;
  auto& attempt = r->second.current;
  if (!may_be_tried_again(m.reason)) {
    end(r, {.failure = m.reason, .message = m.message}, now, out);
  } else if (r->second.cancelling) {
    end(r, {.failure = errc::cancelled, .message = "cancelled by the client"}, now, out);
  } else if (now >= attempt.deadline) {
    end(r, {.failure = errc::deadline_exceeded, .message = "the deadline passed before another attempt"}, now, out);
  } else if (attempt.attempt.value >= attempts_) {
    auto text = m.message + " (attempt " + std::to_string(attempt.attempt.value) + ", the last)";
    end(r, {.failure = m.reason, .message = std::move(text)}, now, out);
  } else {
    ++attempt.attempt.value;
    out.emplace_back(scheduling::envelope{scheduling::the_scheduler, attempt});
  }
}

void controller_core::cancel(metadata::request_id id, effects& out) {
  auto r = open_.find(id);
  if (r == open_.end() || std::exchange(r->second.cancelling, true))
    return;
  out.emplace_back(
      scheduling::envelope{scheduling::the_scheduler, scheduling::cancel_request{id, r->second.current.attempt}});
}

void controller_core::end_all(errc why, const std::string& message, metadata::time_point now, effects& out) {
  draining_ = true;
  while (!open_.empty())
    end(open_.begin(), {.failure = why, .message = message}, now, out);
}

controller_core::book::iterator controller_core::find_current(metadata::request_id id,
                                                              metadata::attempt_number attempt) {
  auto r = open_.find(id);
  return r != open_.end() && r->second.current.attempt == attempt ? r : open_.end();
}

void controller_core::end(book::iterator r, ending e, metadata::time_point now, effects& out) {
  e.request = r->first;
  e.attempt = r->second.current.attempt;
  e.total = now - r->second.submitted;
  open_.erase(r);
  out.emplace_back(std::move(e));
}

std::string controller_core::describe() const {
  scheduling::text_writer w;
  w(draining_);
  for (const auto& [id, r] : open_)
    w(r.current, r.cancelling);
  return std::move(w).text();
}

} // namespace baton::actors
