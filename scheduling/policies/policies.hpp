#pragma once

#include <memory>

#include "scheduling/policy.hpp"

/// The policies that come with Baton.
namespace baton::scheduling::policies {

/// Of policies that make one task of several requests.
struct joining_options {
  std::int64_t most_rows = 8;
  duration window = std::chrono::milliseconds(2); ///< `fixed_window`: how long the first waits for others
  std::shared_ptr<const policy> order;            ///< `lazy_batching`: by whose rank; null: the earliest deadline first
};

/// First come, first served; a task runs to its end. Optimises nothing: the baseline.
std::unique_ptr<policy> make_fifo();

/// The highest priority first (first come within one); a waiting task takes the device from the lowest running one of
/// lower priority. Preemptive fixed-priority scheduling: Liu and Layland, JACM 20(1), 1973.
std::unique_ptr<policy> make_priority();

/// The shortest job first, by its size: the mean over all devices of what a whole run takes. Least mean waiting time on
/// one machine: Smith, Naval Research Logistics Quarterly 3, 1956. A task runs to its end.
std::unique_ptr<policy> make_sjf();

/// The earliest deadline first; those without one last. Meets all deadlines on one machine if they can be met: Jackson,
/// UCLA research report 43, 1955. A task runs to its end.
std::unique_ptr<policy> make_edf();

/// The largest waiting task to the fastest device, the smallest to the others, and the reverse of it. Baselines of the
/// study that this project grew from, which asks how much the speeds of unequal devices matter.
std::unique_ptr<policy> make_naive();
std::unique_ptr<policy> make_non_naive();

/// Takes the action of least marginal cost to an objective, by what profiles and links predict; looks at a device
/// shortly before a lane becomes free, so that inputs are there in time, and again at running tasks. Whole cluster in
/// view: no task begins on a slow device where waiting for a fast one ends sooner.
///
/// Makespan: devices take what they are better at than the other kinds, by the ratio of latencies, which for two kinds
/// is the order in which the fractional optimum assigns (Lawler and Labetoulle, JACM 25(4), 1978, has the optimum
/// itself). When few tasks wait, all ways to share them out whole between two kinds are compared, a running task is
/// exchanged for a waiting one where that ends all sooner, and at the end a device without work takes over what it ends
/// sooner.
std::unique_ptr<policy> make_marginal_makespan();
/// Mean latency: the task that is shortest here, the more so the better this device is for it (Smith's rule for each
/// device); a short newcomer takes the device from a longer one where that saves more than it costs (shortest remaining
/// time: Schrage, Operations Research 16(3), 1968).
std::unique_ptr<policy> make_marginal_latency();
/// Requests in their deadline, by priority: the earliest deadline first; where some are lost already, what brings most
/// priority per time of the device. What can no longer end in time is passed over. What can
/// wait leaves a device free for requests that are to come, by how they came so far, and could not. A running task
/// gives way to one that could not wait, if it can, or is worth less. With what starts go as many of its model as come
/// to `most_rows` and still end by its deadline.
std::unique_ptr<policy> make_marginal_slo(joining_options o);

/// The task that gains most from the free device: the least difference of what it takes there and its size. From the
/// same study.
std::unique_ptr<policy> make_best();

/// Requests within their deadlines: the earliest deadline first, among those that a device meets by prediction; what no
/// device can meet is given up at once, so that it takes nothing from others. With it go as many of its model as come
/// to `most_rows` and still end by its deadline. A task runs to its end, alone in its lane. Without deadlines it is
/// `fifo`. Source: Gujarati and others, "Serving DNNs like clockwork", OSDI 2020, section 5.3; without its loading of
/// weights.
std::unique_ptr<policy> make_clockwork(joining_options o);

/// Throughput of devices with several lanes: beside what runs there begins the task that is predicted to slow itself
/// and the others least, the first come of near equals; and only if the device then does more in the same time, and no
/// device is idle. Nobody starves: a task is passed over by none that came more than `defaults::passed_over` requests
/// later, so it is alone at last and begins when a device has nothing to do. Where it is not known what layers use it
/// is `fifo`, but that it takes an idle device first; on devices of one lane it is `fifo`. A task runs to its end.
/// Source: Zhong and He, "Kernelet", IEEE TPDS 25(6), 2014, and Strati, Ma and Klimovic, "Orion", EuroSys 2024, which
/// run together what uses different resources.
std::unique_ptr<policy> make_contention_aware();

/// As many requests of a model at once as there are, up to `most_rows`; with fewer, the first waits for others until
/// its window has passed. First come, first served; a task runs to its end. Optimises throughput at a bounded price in
/// latency. As Triton Inference Server's dynamic batcher, and Nexus: Shen and others, SOSP 2019.
std::unique_ptr<policy> make_fixed_window(joining_options o);

/// No window: who comes is run at once, and joins those of its model that are under way. A batch that has not come far
/// stops at the next layer, the newcomer catches up and they go on as one, as long as the batch's deadline leaves time
/// for that. On top of the order of another policy; by itself the earliest deadline first. Optimises throughput and
/// latency. Choi, Kim and Rhu, "LazyBatching", HPCA 2021.
std::unique_ptr<policy> make_lazy_batching(joining_options o);

/// Recurrent models: what waits in one layer, at whatever steps, runs as one, some steps at a time; then newcomers
/// join, and who has done all steps leaves at once and goes on with those that leave with it. The earliest deadline
/// first among models. Models without recurrent layers: requests that wait at one position run as one, without a
/// window; a task runs to its end. Optimises latency and throughput. Gao and others, "Low latency RNN inference with
/// cellular batching", EuroSys 2018 (BatchMaker).
std::unique_ptr<policy> make_cellular_batching(joining_options o);

} // namespace baton::scheduling::policies
