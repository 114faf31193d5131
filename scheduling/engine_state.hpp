#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduling/device_set.hpp"
#include "scheduling/engine_records.hpp"

namespace baton::scheduling {

struct engine::state final : view {
  state(config c, std::shared_ptr<const policy> p);

  // -- view ---------------------------------------------------------------------------------------------------------
  const cluster& devices() const override { return *cluster_; }
  std::optional<waiting_task> first_waiting(device_id d) const override;
  bool has_free_lane(device_id d) const override;
  bool fits(std::uint32_t shape, device_id d) const override { return has_room(predicted(shape, d), d); }
  bool has_room(duration takes, device_id d) const override;
  std::vector<running_task> running(device_id d) const override;
  std::optional<device_id> next_free(device_id from) const override;
  std::optional<device_id> next_crowded(device_id from) const override { return crowded_.first_from(from); }
  waiting_list heads(device_id d) const override;
  std::optional<waiting_task> first_due(device_id d, std::uint32_t shape, time_point least) const override;
  in_time heads_in_time(device_id d) const override;
  duration predicted(std::uint32_t shape, device_id d) const override { return plans_.at(shape, group(d)).predicted; }
  std::optional<cell_layer> next_cell(model_id m, std::uint32_t layer) const override;
  bool is_fastest(device_id d) const override;
  bool any_startable() const override { return !startable_.empty(); }
  common common_first() const override;
  std::optional<running_task> least_urgent() const override;
  time_point now() const override { return now_; }
  time_point free_at(device_id d) const override { return std::max(devices_[d.value].free_at, now_); }
  bool is_up(device_id d) const override { return devices_[d.value].up; }
  prospect prospect_of(task_id t, device_id d) const override;
  prospect prospect_of(const waiting_task& t, device_id d) const override;
  std::optional<device_id> next_soon(device_id from, duration ahead) const override;
  std::optional<time_point> soon(duration ahead) const override;
  time_point first_free_beside(device_id d) const override;
  const std::vector<model_traffic>& traffic() const override { return traffic_; }
  std::size_t waiting(std::uint32_t shape) const override;
  bool may_line_up(device_id d) const override;
  std::uint32_t slowdown(device_id d, std::optional<task_id> with) const override;

  // -- events (engine_events.cpp, engine_answers.cpp, engine_devices.cpp) --
  void on(const start_attempt& e);
  void on(const cancel_request& e);
  void on(const answer& e);
  void on(const finished& e);
  void on(const failed& e);
  void on(const values_lost& e);
  void on(const job_done& e);
  void on(const model_added& e);
  void on(const model_removed& e);
  void on(const worker_up& e);
  void on(const worker_down& e);
  void on(const tick&) {}
  void on(const drain&) { draining_ = true; }
  void on_start_answer(const answer& a, task_state& t);
  void no_memory_for(task_state& t, device_id device, const std::string& text);
  void stays(task_state& t);
  void on_preempt_answer(const answer& a, task_state& t, const pending_command& c);
  void on_order_answer(const answer& a, task_state& t, const pending_command& c);
  void on_cancel_answer(const answer& a, task_state& t, const pending_command& c);

  // -- tasks of several requests (engine_riders.cpp) --
  std::vector<waiting_task> alike(const waiting_task& head, device_id d, std::size_t most) const override;
  duration predicted_together(const waiting_task& t, std::int64_t rows, device_id d) const override;
  bool joins(const task_state& t) const;
  bool can_join(const task_state& t, const task_state& other, device_id d) const;
  bool meet(const task_state& t, const task_state& other) const;
  void join(task_state& t, task_state& other);
  std::vector<std::int64_t> symbols_of(const task_state& t, std::int64_t rows) const;
  void give_up(task_state& t, request_id r, errc why);
  bool is_ending(const task_state& t) const;
  void drop(task_state& t, request_id r);
  void sum_up(task_state& t);
  void part_ways(task_state& t);
  void split_off(task_state& t, position done);
  void fit_rows(task_state& t);
  static std::string why_ended(errc reason);

  // -- memory (engine_memory.cpp, engine_loading.cpp) --
  memory_state& memory_of(std::uint32_t group);
  bool leaves(model_id m, std::uint32_t group) const;
  void comes(model_id m, std::uint32_t group);
  void settle(const pending_command& done);
  void serves(model_id m, domain_id there);
  bool run_short(const plan_key& k);
  bool is_lacking(const task_state& t, device_id d) const;
  void begin_anew(model_id m, domain_id d);
  bool waits_for_memory(const task_state& t) const;
  void look_after_memory();
  bool make_room(domain_id d);
  void try_again(memory_state& m);
  model_id next_to_leave(domain_id d, model_id for_whom);
  bool is_waited_for(model_id m, domain_id d) const;
  bool is_used(model_id m, domain_id d) const;
  void shapes_changed(model_id m);
  void bring_back(const plan_key& k);
  void ask_back(const task_state& t);
  duration wait_for(plan_table::number n, const shape_state& s) const;
  bool fetch();

  // -- decisions ----------------------------------------------------------------------------------------------------
  void schedule();
  std::optional<device_id> next_job(device_id from) const;
  void start_job(device_id d);
  void assign(task_state& t, device_id d, std::optional<position> until = {});
  void take_back(task_state& t); // preempt
  void give_up(task_state& t);
  order next_order(task_state& t, device_id receiver, std::optional<position> until = {});
  void issue_step(task_state& t);
  void pursue_end(task_state& t);
  void expire();
  void wake_for(std::optional<time_point> when);

  // -- lifecycle ----------------------------------------------------------------------------------------------------
  task_state* find(task_id t);
  void wait(task_state& t, const answer* where);
  void place(task_state& t, const answer& a);
  void leave_device(task_state& t);
  void end(task_id t, errc reason, const std::string& text);
  void release_blocked();
  void reject(const start_attempt& e, errc reason, std::string text);
  void end_hopeless();
  bool hopeless(const task_state& t, plan_table::entry& why) const;
  /// Whether a plan is of no use to a task: it could not be built, or lacks the task's next layer.
  static bool useless(const plan_table::entry& p, const task_state& t);
  bool any_in_service() const;
  waiting_task waiting_form(const task_state& t) const;
  running_task running_form(const task_state& t) const;
  std::uint32_t group(device_id d) const { return plans_.group(d); }
  const plan_table::entry& plan(const task_state& t, device_id d) const { return plans_.at(t.shape, group(d)); }

  // -- books of what waits and runs, kept so that no event looks at every task (engine_books.cpp) --
  void enter(task_state& t); ///< it waits from now on
  void leave(task_state& t); ///< not any more
  void enter_anew(task_state& t);
  void touch(task_state& t); ///< anything else about it has changed
  void index(task_state& t);
  void count(task_state& t);
  std::optional<running_task> in_crowd(const task_state& t) const;
  void add_load(device_id d, duration more);
  void sort(device_id d); ///< its job has changed
  bool is_first(device_id d) const;
  void recount(device_id d); ///< it has come up or gone down
  bool commandable(const task_state& t) const;
  void foresee(device_id d);        ///< what it was given has changed
  void line_up(device_id d);        ///< so has what it says of itself
  void expect(const task_state& t); ///< more like it
  const std::vector<std::uint64_t>& live_bytes(model_id m) const;
  duration moving(const std::vector<std::uint64_t>& live, std::int64_t rows, std::size_t layer, domain_id from,
                  domain_id to) const;
  duration bringing_back(const std::vector<std::uint64_t>& live, std::int64_t rows, domain_id from) const;
  duration left_of(const task_state& t) const;
  void plans_changed(plan_table::number shape);
  void plans_changed(const plan_key& k);
  std::optional<device_id> place_in_line() const;
  bool could_start(const task_state& t) const;
  void look_up(plan_table::number shape, shape_state& s);
  waiting_index::reach reach_of(task_state& t);
  bool must_go_on(const task_state& t, std::uint32_t there) const;
  bool has_room_for(model_id m, const std::vector<std::int64_t>& symbols);
  /// It starts in other groups than that of `failed` from now on. False if there is none.
  bool avoid(task_state& t, device_id failed);
  static bool begun(const task_state& t) { return t.laid_out_by != no_device; }
  void announce_models();
  /// A plan whose lacking layer no other device in service has either.
  const plan_table::entry* incomplete(model_id m, const std::vector<std::int64_t>& symbols) const;
  void forget_if_unused(model_id m);

  template <class Action>
  void act(Action a) {
    out_->emplace_back(std::in_place_type<Action>, std::move(a));
  }
  void send(party to, scheduling::message m) { act(envelope{to, std::move(m)}); }
  command_id command(pending_command::kind what, task_id t, device_id receiver);
  std::string describe() const;

  std::shared_ptr<const cluster> cluster_;
  std::shared_ptr<const policy> policy_;
  std::size_t waiting_limit_;
  duration backlog_;
  std::map<task_id, task_state> tasks_;
  std::map<command_id, pending_command> commands_;
  std::vector<device_state> devices_;
  std::map<model_id, model_state> models_;
  model_id last_model_; ///< ids rise: what is not above it has been there
  plan_table plans_;
  std::vector<memory_state> memory_; ///< by domain
  std::set<domain_id> short_;        ///< whose memory is to be looked after
  std::set<std::tuple<time_point, task_id, request_id>> deadlines_;

  std::size_t waiting_ = 0; ///< tasks
  std::set<std::tuple<request_id, attempt_number, task_id>> by_attempt_;
  std::set<task_id> blocked_;
  std::set<task_id> suspects_; ///< waiting tasks that may have become hopeless since `end_hopeless` looked
  std::map<plan_table::number, shape_state> shapes_; ///< those that tasks wait for
  std::map<domain_id, std::size_t> resident_;        ///< see `task_state::resident`
  std::vector<std::uint32_t> in_service_;            ///< devices, by group
  std::vector<duration> work_;                       ///< of all plans there are, once each, by group
  waiting_index startable_;
  device_set free_, crowded_;
  std::set<std::pair<duration, device_id>> in_line_; ///< no lane free, but the load is below the backlog
  std::set<std::pair<time_point, device_id>> soon_;  ///< by `free_at`: those that `may_line_up`, but for plans
  using crowd = std::set<running_task, gives_way_first>;
  mutable std::optional<crowd> crowd_; ///< commandable, on devices that are up; kept once a policy has asked for it

  std::vector<model_traffic> traffic_; ///< for a policy that looks ahead
  time_point wake_ = never;
  std::uint64_t last_task_ = 0;
  std::uint64_t last_command_ = 0;
  bool draining_ = false;
  engine_counters counters_;

  time_point now_{};
  actions* out_ = nullptr;
};

} // namespace baton::scheduling
