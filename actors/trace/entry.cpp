#include "actors/trace/entry.hpp"

#include <array>

namespace baton::actors::trace {

namespace {

/// Of 290 years: nothing that a clock says.
constexpr time_point latest{INT64_MAX / 2};

bool good(time_point t) {
  return t > -latest && t < latest;
}
bool good(time_point begin, time_point end) {
  return good(begin) && good(end) && begin <= end;
}
template <class E>
bool upto(E x, E last) {
  return x <= last;
}
bool good(errc e) {
  return upto(e, errc::internal);
}

struct check {
  const heading& h;

  bool known(device_id d) const { return d.value < h.devices.size(); }
  bool known_or_none(device_id d) const { return known(d) || d == metadata::no_device; }
  bool known(domain_id d) const { return d.value < h.domains.size(); }
  bool known(const party& p) const {
    switch (p.what) {
    case party::kind::worker:
    case party::kind::pump: return known(device_id{p.index});
    case party::kind::transfer: return known(domain_id{p.index});
    case party::kind::controller:
    case party::kind::scheduler:
    case party::kind::runtime:
    case party::kind::timer: return p.index == 0;
    }
    return false;
  }
  static bool known(message_kind k) { return static_cast<std::size_t>(k) < message_kinds; }
  static bool good_subject(const subject& s) { return upto(s.outcome, scheduling::outcome::lost) && good(s.reason); }

  bool operator()(const message_sent& x) const {
    return good(x.at) && known(x.what) && known(x.from) && known(x.to) && good_subject(x.about);
  }
  bool operator()(const message_handled& x) const {
    return good(x.begin, x.end) && known(x.what) && known(x.to) && good_subject(x.about);
  }
  bool operator()(const member& x) const { return good(x.at); }
  bool operator()(const segment_ran& x) const {
    return good(x.begin, x.end) && good(x.elapsed) && known(x.device) && x.lane.value < h.devices[x.device.value].lanes
           && x.first <= x.last && good(x.failure);
  }
  bool operator()(const copy_made& x) const {
    return good(x.begin, x.end) && known(x.from) && known(x.to) && known_or_none(x.storer) && good(x.failure);
  }
  bool operator()(const job_ran& x) const {
    return good(x.begin, x.end) && upto(x.what, job_ran::kind::eviction) && known(x.device) && good(x.failure);
  }
  bool operator()(const request_arrived& x) const { return good(x.at); }
  bool operator()(const request_ended& x) const { return good(x.at) && good(x.outcome) && known_or_none(x.device); }
  bool operator()(const gauge& x) const {
    return good(x.at) && upto(x.what, gauge::kind::held) && (x.what != gauge::kind::held || known(x.device));
  }
  bool operator()(const worker_died& x) const { return good(x.at) && known(x.device); }
  bool operator()(const entries_dropped& x) const { return good(x.at); }
};

} // namespace

std::string_view to_string(message_kind k) {
  static constexpr std::array<std::string_view, message_kinds> names{
      "accept",         "preempt",       "hand_off",          "cancel",         "job",
      "bring",          "deliver",       "accepted",          "declined",       "answer",
      "finished",       "failed",        "values_lost",       "job_done",       "start_attempt",
      "cancel_request", "attempt_ended", "model_added",       "model_removed",  "worker_up",
      "new_request",    "cancel_wanted", "end_everything",    "stop_admitting", "crash",
      "wake",           "run_next",      "completions_ready", "copy_next",      "introduction"};
  return names.at(static_cast<std::size_t>(k));
}

bool valid(const record& r, const heading& h) {
  return std::visit(check{h}, r);
}

} // namespace baton::actors::trace
