#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "scheduling/engine.hpp"
#include "scheduling/plan_table.hpp"
#include "scheduling/policy.hpp"

namespace baton::scheduling {

/// A task as the engine knows it, from `start_attempt` to its end.
struct task_state {
  task what;
  request_id request;
  attempt_number attempt;
  std::uint64_t arrival = 0;
  time_point waiting_since{};   ///< while it waits here
  device_id device = no_device; ///< whom it was given to; no_device: it waits here
  domain_id values_in = no_domain;
  device_id laid_out_by = no_device;
  device_id last_device = no_device;
  device_id pinned = no_device;
  std::deque<steering> steps;
  command_id main;          ///< the start or preempt not yet answered; 0: none
  command_id standing;      ///< the order not yet answered
  command_id cancelling;    ///< the cancel not yet answered
  errc ending = errc::none; ///< why it is to end as soon as it can be reached
  bool parked = false;      ///< a command missed it: wait for the standing order's answer
  bool leaving = false;     ///< preempted, lane already given to another
  bool blocked = false;     ///< no memory: wait until some task ends
  std::uint32_t refusals = 0;
};

/// A command not yet answered.
struct pending_command {
  enum class kind : std::uint8_t { start, preempt, order, cancel, job };
  kind what = kind::start;
  task_id task;
  device_id receiver = no_device; ///< the worker it was sent to; no_device: a transfer
  steering step;                  ///< order: what it carries out
  plan_key plan;                  ///< job
};

struct device_state {
  bool up = false;
  bool in_service = true; ///< false once it has died too often
  std::uint32_t restarts = 0; ///< in a row
  time_point up_since{};
  std::vector<task_id> tasks; ///< given to it, in order
  command_id job;
};

struct model_state {
  std::vector<std::vector<std::int64_t>> warm;
  bool announced = false;
};

struct engine::state final : view {
  state(config c, std::shared_ptr<const policy> p);

  // -- view ---------------------------------------------------------------------------------------------------------
  const cluster& devices() const override { return *cluster_; }
  std::optional<waiting_task> first_waiting(device_id d) const override;
  bool has_free_lane(device_id d) const override;
  std::vector<running_task> running(device_id d) const override;

  // -- events (engine_events.cpp, engine_answers.cpp, engine_devices.cpp)
  // ----------------------------------------------
  void on(const start_attempt& e);
  void on(const cancel_request& e);
  void on(const answer& e);
  void on(const finished& e);
  void on(const failed& e);
  void on(const values_lost& e);
  void on(const job_done& e);
  void on(const model_added& e);
  void on(const worker_up& e);
  void on(const worker_down& e);
  void on(const tick&) {}
  void on(const drain&) { draining_ = true; }
  void on_start_answer(const answer& a, task_state& t);
  void on_preempt_answer(const answer& a, task_state& t, const pending_command& c);
  void on_order_answer(const answer& a, task_state& t, const pending_command& c);
  void on_cancel_answer(const answer& a, task_state& t, const pending_command& c);

  // -- decisions ----------------------------------------------------------------------------------------------------
  void schedule();
  bool start_job(device_id d);
  void assign(task_state& t, device_id d);
  void take_back(task_state& t); // preempt
  order next_order(task_state& t, device_id receiver);
  void issue_step(task_state& t);
  void pursue_end(task_state& t);
  void expire();

  // -- lifecycle ----------------------------------------------------------------------------------------------------
  task_state* find(task_id t);
  void wait(task_state& t, const answer* where);
  void place(task_state& t, const answer& a);
  void leave_device(task_state& t);
  void end(task_id t, errc reason, const std::string& text);
  void reject(const start_attempt& e, errc reason, std::string text);
  void end_hopeless();
  bool eligible(const task_state& t, device_id d) const;
  bool any_in_service() const;
  bool in_service(std::uint32_t group) const;
  waiting_task waiting_form(const task_state& t) const;
  std::uint32_t group(device_id d) const { return plans_.group(d); }
  void announce_models();

  template <class Action>
  void act(Action a) {
    out_->emplace_back(std::in_place_type<Action>, std::move(a));
  }
  void send(party to, scheduling::message m) { act(envelope{to, std::move(m)}); }
  command_id command(pending_command::kind what, task_id t, device_id receiver);
  std::string describe() const;

  struct order_of_policy {
    std::shared_ptr<const policy> rule;
    bool operator()(const waiting_task& a, const waiting_task& b) const {
      if (rule->before(a, b) != rule->before(b, a))
        return rule->before(a, b);
      return std::pair{a.arrival, a.task} < std::pair{b.arrival, b.task};
    }
  };

  std::shared_ptr<const cluster> cluster_;
  std::shared_ptr<const policy> policy_;
  std::size_t waiting_limit_;
  std::map<task_id, task_state> tasks_;
  std::set<waiting_task, order_of_policy> waiting_;
  std::map<command_id, pending_command> commands_;
  std::vector<device_state> devices_;
  std::map<model_id, model_state> models_;
  plan_table plans_;
  std::set<std::pair<time_point, task_id>> deadlines_;
  time_point wake_ = never;
  std::uint64_t last_task_ = 0;
  std::uint64_t last_command_ = 0;
  bool draining_ = false;
  engine_counters counters_;

  time_point now_{};
  actions* out_ = nullptr;
};

} // namespace baton::scheduling
