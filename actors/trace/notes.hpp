#pragma once

#include <concepts>
#include <tuple>
#include <type_traits>

#include "actors/messages.hpp"
#include "actors/trace/recorder.hpp"

/// How actors take note of what they say, hear and do. Without a recorder each of these is a branch.
namespace baton::actors::trace {

/// All messages, in the order of `message_kind`.
using all_messages =
    std::tuple<scheduling::accept, scheduling::preempt, scheduling::hand_off, scheduling::cancel, scheduling::job,
               scheduling::bring, scheduling::deliver, scheduling::accepted, scheduling::declined, scheduling::answer,
               scheduling::finished, scheduling::failed, scheduling::values_lost, scheduling::job_done,
               scheduling::start_attempt, scheduling::cancel_request, scheduling::attempt_ended,
               scheduling::model_added, scheduling::model_removed, scheduling::worker_up, new_request, cancel_wanted,
               end_everything, stop_admitting, crash, wake, run_next, completions_ready, copy_next, introduction>;
static_assert(std::tuple_size_v<all_messages> == message_kinds);

template <class M, std::size_t I = 0>
constexpr message_kind kind_of() {
  if constexpr (std::is_same_v<M, std::tuple_element_t<I, all_messages>>)
    return static_cast<message_kind>(I);
  else
    return kind_of<M, I + 1>();
}

template <class M>
subject subject_of(const M& m) {
  subject s;
  auto about_task = [&s](const scheduling::task& t) {
    s.task = t.id;
    s.epoch = t.epoch;
    s.at = t.at;
  };
  auto about_members = [&s](const std::vector<scheduling::member>& all) {
    if (!all.empty()) {
      s.request = all.front().request;
      s.attempt = all.front().attempt;
    }
  };
  if constexpr (requires { about_task(m.what); }) {
    about_task(m.what);
    about_members(m.what.members);
  }
  if constexpr (requires { m.members; })
    about_members(m.members);
  if constexpr (requires { m.first.request; }) {
    s.request = m.first.request;
    s.attempt = m.first.attempt;
  }
  if constexpr (requires { s.task = m.task; })
    s.task = m.task;
  if constexpr (requires { m.epoch; })
    s.epoch = m.epoch;
  if constexpr (requires { m.command; })
    s.command = m.command;
  if constexpr (requires { m.request; })
    s.request = m.request;
  if constexpr (requires { m.attempt; })
    s.attempt = m.attempt;
  if constexpr (requires { m.at; })
    s.at = m.at;
  if constexpr (requires { s.device = m.device; })
    s.device = m.device;
  if constexpr (requires { s.device = m.to; })
    s.device = m.to;
  if constexpr (requires { s.outcome = m.what; })
    s.outcome = m.what;
  if constexpr (requires { m.reason; })
    s.reason = m.reason;
  if constexpr (requires { m.failure; })
    s.reason = m.failure;
  return s;
}

/// Who speaks and hears, and to whom it is told.
struct voice {
  party self;
  recorder* into = nullptr; ///< null: to nobody

  time_point now() const { return into ? into->now() : time_point{}; }

  template <class Record>
  void note(const Record& r) const {
    if (into)
      into->put(r);
  }
  /// To be called right before the message is sent.
  template <class M>
  void says(const M& m, const party& receiver) const {
    if (into)
      says(m, receiver, into->now());
  }
  template <class M>
  void says(const M& m, const party& receiver, time_point when) const {
    if (!into)
      return;
    auto about = subject_of(m);
    into->put(message_sent{when, kind_of<M>(), self, receiver, about});
    if constexpr (requires { m.what.members; })
      name_others(m.what.members, about.task, when);
    else if constexpr (requires { m.members; })
      name_others(m.members, about.task, when);
  }

private:
  void name_others(const std::vector<scheduling::member>& all, task_id t, time_point when) const {
    for (std::size_t i = 1; i < all.size(); ++i)
      into->put(member{when, t, all[i].request});
  }
};

/// While this lives, `m` is being handled.
template <class M>
class hearing {
public:
  hearing(const voice& who, const M& m) : who_(who), m_(m), begin_(who.now()) {}
  ~hearing() {
    if (who_.into)
      who_.into->put(message_handled{begin_, who_.into->now(), kind_of<M>(), who_.self, subject_of(m_)});
  }
  hearing(const hearing&) = delete;
  hearing& operator=(const hearing&) = delete;

private:
  const voice& who_;
  const M& m_;
  time_point begin_;
};

} // namespace baton::actors::trace
