#pragma once

#include <algorithm>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "scheduling/emulator/emulator.hpp"
#include "scheduling/emulator/event_queue.hpp"
#include "scheduling/emulator/lane_sharing.hpp"
#include "scheduling/run_queue.hpp"
#include "scheduling/transfer_queue.hpp"

namespace baton::scheduling {

/// A run under way: who there is, what is on its way between them, what is open.
class emulated_run {
public:
  emulated_run(const emulation& what, engine decisions, workloads::workload& requests, observer& tell);

  expected<void> warm_up();
  expected<emulation_counters> run();

private:
  // -- what can happen ------------------------------------------------------------------------------------------------
  struct segment_done {
    device_id device;
    lane_id lane;
  };
  /// On a device whose lanes slow each other; stale if it has been retimed since.
  struct lanes_change {
    device_id device;
    std::uint32_t retimed = 0;
  };
  struct copy_done {
    domain_id into;
  };
  struct job_finished {
    device_id device;
  };
  struct arrival_due {};
  struct wake {};
  struct letter {
    std::uint32_t number = 0; ///< in `letters_`
  };
  using happening = std::variant<segment_done, lanes_change, copy_done, job_finished, arrival_due, wake, letter>;

  struct plan_times {
    std::shared_ptr<const plan_profile> profile;
    plan_course course;
  };
  /// A task that a worker has, or had: it stays until its last segment is done.
  struct held_task {
    const plan_times* plan = nullptr;
    std::uint32_t model = 0;
    std::vector<request_id> requests;
    std::vector<std::uint32_t> behind; ///< see `member`
    ready_ticket ready;                ///< waited for
    duration joining{};                ///< before its first segment here: its values are made one
    std::uint32_t in_flight = 0;       ///< segments
    bool released = false;
  };
  using stays = std::list<held_task>;
  struct submitted {
    segment what;
    stays::iterator of;
    time_point start = never; ///< never: not known yet
    time_point end = never;   ///< likewise
    event_queue<happening>::place done{};
  };
  struct lane_state {
    short_queue<submitted> in_flight;
    time_point free{}; ///< when those of them are done whose ends are known ahead
  };
  struct worker {
    run_queue queue;
    std::vector<lane_state> lanes;
    std::optional<lane_sharing> sharing; ///< if its lanes slow each other: then ends are not known ahead
    time_point change_at = never;        ///< of `sharing`, on the agenda
    std::uint32_t retimed = 0;
    stays here;
    stays gone;                                            ///< kept for their memory
    std::vector<std::pair<task_id, stays::iterator>> held; ///< a few: those not released
    std::deque<message> unread;                            ///< by an inline device, while it works
    auto find_held(task_id t) {
      return std::find_if(held.begin(), held.end(), [t](const auto& h) { return h.first == t; });
    }
    std::optional<job> building;
    std::string no_room; ///< for it
    time_point building_since{};
  };
  struct copy {
    work_record what; ///< its times come later, if they are not known ahead
    std::vector<request_id> requests;
    ready_ticket ready;
  };
  using plan_of = std::tuple<std::uint32_t, model_id, std::int64_t>; ///< kind, model, rows

  // -- time and messages (emulated_run.cpp) ---------------------------------------------------------------------------
  void step();
  void post(envelope&& e);
  void settle();
  void deliver_to(envelope& e);
  void decide(const event& e);
  void perform(action&& a);
  void act(worker* by);
  void release_from(worker& w, task_id t);

  // -- the controller (emulated_run.cpp) ------------------------------------------------------------------------------
  void take_arrivals();
  void at_controller(const message& m);
  void end(request_id r, errc failure, device_id on, const phases& spent, const detours& taken);

  // -- workers (emulated_worker.cpp) ----------------------------------------------------------------------------------
  void at_worker(device_id d, message&& m);
  void read(device_id d, message&& m);
  void take_in(worker& w, device_id d, accept m);
  void start_job(device_id d, const job& j);
  duration load(device_id d, const job& j);
  void on(const job_finished& e);
  void on(const segment_done& e);
  void completed(device_id d, lane_id l);
  void proceed(device_id d, lane_id l);
  void submit_all(device_id d);
  stays::iterator stay_of(worker& w, const lane_state& lane, task_id t);
  static void forget(worker& w, stays::iterator stay);
  /// With its times counted from time 0.
  void tell(work_record w, std::span<const request_id> of);
  duration joining(device_id d, const task& t) const;
  bool works(const worker& w) const;

  // -- when things begin and end (emulated_lanes.cpp) -----------------------------------------------------------------
  /// What may wait for the end of a segment that is not known yet.
  struct lane_of {
    device_id device;
    lane_id lane;
    friend bool operator==(const lane_of&, const lane_of&) = default;
  };
  time_point ready_at(const ready_ticket& t) const;  ///< never: not known yet
  using awaiting = std::variant<lane_of, domain_id>; // a copy into the domain
  bool time_lane(device_id d, lane_id l);
  bool begin(worker& w, device_id d, submitted& s);
  bool time_copy(domain_id into);
  bool time(const awaiting& x);
  void wait(const awaiting& x);
  void look_at_waiting();
  void retime(device_id d);
  void on(const lanes_change& e);

  // -- transfers (emulated_transfer.cpp) ------------------------------------------------------------------------------
  void at_transfer(domain_id d, message&& m);
  void copy_next(domain_id d);
  copy copy_of(const transfer_queue::work& w, domain_id into) const;
  void on(const copy_done& e);

  void on(const arrival_due& e);
  void on(const wake& e);
  void on(const letter& e);

  const metadata::model_costs& costs(model_id m) const { return what_.models[m.value - 1]; }
  domain_id host_of(domain_id d) const;

  const emulation& what_;
  const cluster_description& where_;
  engine engine_;
  workloads::workload& requests_;
  observer& tell_;
  bool telling_ = false; ///< from time 0 on
  time_point now_{};
  time_point zero_{}; ///< when the workload's time began
  event_queue<happening> agenda_;
  std::vector<envelope> at_once_; ///< messages that take no time
  std::vector<envelope> being_read_;
  numbered<envelope> letters_; ///< those that take some
  // Kept for their memory: empty where nothing is under way.
  effects effects_;
  actions actions_;
  std::vector<worker> workers_;
  struct transfer {
    transfer_queue queue;
    std::optional<copy> under_way;
  };
  std::vector<transfer> transfers_; ///< by domain
  std::map<plan_of, plan_times> plans_;
  std::vector<std::set<model_id>> loaded_; ///< by domain: whose weights are there
  std::vector<awaiting> waiting_;          ///< in the order in which they came
  std::unordered_map<request_id, workloads::arrival> open_;
  std::uint64_t last_request_ = 0;
  std::optional<time_point> arrival_at_; ///< already on the agenda
  std::size_t not_ready_ = 0;            ///< models
  std::string trouble_;
  emulation_counters counters_;
};

} // namespace baton::scheduling
