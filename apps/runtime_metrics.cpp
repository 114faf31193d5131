#include "apps/runtime_metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

namespace baton::apps {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

/// A family of counters or gauges at the end of a list. @pre the list does not shrink
class family {
public:
  family(std::vector<MetricFamily>& to, MetricType type, std::string name, std::string help)
      : to_(to), place_(to.size()) {
    to.push_back({std::move(name), std::move(help), type, {}});
  }

  template <class Number>
  family& add(labels l, Number value) {
    auto& made = to_[place_];
    ClientMetric m;
    m.label = std::move(l);
    (made.type == MetricType::Counter ? m.counter.value : m.gauge.value) = static_cast<double>(value);
    made.metric.push_back(std::move(m));
    return *this;
  }

private:
  std::vector<MetricFamily>& to_;
  std::size_t place_;
};

struct maker {
  std::vector<MetricFamily>& to;
  family counter(std::string name, std::string help) {
    return {to, MetricType::Counter, std::move(name), std::move(help)};
  }
  family gauge(std::string name, std::string help) { return {to, MetricType::Gauge, std::move(name), std::move(help)}; }
};

void append_requests(const actors::runtime_counters& c, maker m) {
  const auto& e = c.engine;
  m.gauge("baton_open_requests", "Requests accepted and not yet answered.").add({}, c.open_requests);
  m.gauge("baton_waiting_tasks", "Requests whose task waits for a device.").add({}, c.waiting_tasks);
  m.counter("baton_attempts_total", "Attempts begun; a request has one, and another if a worker dies.")
      .add({}, e.attempts);
  m.counter("baton_attempts_ended_total", "Attempts that ended, by how.")
      .add({{"outcome", "finished"}}, e.finished)
      .add({{"outcome", "cancelled"}}, e.cancelled)
      .add({{"outcome", "lost"}}, e.lost);
  m.counter("baton_attempts_rejected_total", "Attempts that the scheduler did not begin.").add({}, e.rejected);
  m.counter("baton_preemptions_total", "Tasks taken from a device for another.").add({}, e.preemptions);
  m.counter("baton_moves_total", "Tasks that went on on another device.").add({}, e.moves);
  m.counter("baton_evictions_total", "Models that left a memory domain to make room for others.").add({}, e.evictions);
  m.counter("baton_worker_restarts_total", "Workers started again after they had died.").add({}, e.restarts);
}

void append_devices(const actors::runtime& runtime, const actors::runtime_counters& c, maker m) {
  auto devices = runtime.devices();
  auto each = [&](family f, auto value) {
    for (std::size_t i = 0; i < devices.size(); ++i)
      f.add({{"device", devices[i].name}, {"kind", devices[i].kind}}, value(c.devices[i]));
  };
  using counters = actors::device_counters;
  each(m.counter("baton_device_busy_seconds_total", "Time the device has computed."),
       [](const counters& d) { return std::chrono::duration<double>(d.busy).count(); });
  each(m.counter("baton_device_segments_total", "Segments (runs of layers without a break) the device has computed."),
       [](const counters& d) { return d.segments; });
  each(m.gauge("baton_device_queue_length", "Tasks with the device's worker, those that compute among them."),
       [](const counters& d) { return d.held; });
  each(m.gauge("baton_device_lanes", "Tasks that the device computes at once, at most."),
       [](const counters& d) { return d.lanes; });
}

void append_memory(const actors::runtime& runtime, const actors::runtime_counters& c, maker m) {
  auto domains = runtime.domains();
  auto used = m.gauge("baton_memory_bytes", "Memory of a domain in use, by purpose.");
  for (std::size_t i = 0; i < domains.size(); ++i)
    used.add({{"domain", domains[i].name}, {"purpose", "weights"}}, c.memory[i].weights)
        .add({{"domain", domains[i].name}, {"purpose", "blocks"}}, c.memory[i].blocks)
        .add({{"domain", domains[i].name}, {"purpose", "scratch"}}, c.memory[i].scratch);
  auto limits = m.gauge("baton_memory_limit_bytes", "What a domain may use in all; +Inf: no limit.");
  for (const auto& d : domains)
    limits.add({{"domain", d.name}}, d.limit == 0 ? std::numeric_limits<double>::infinity() : double(d.limit));
}

std::string read(const char* file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Numbers of /proc/self/stat, each one place before its number in proc(5). The first three, among them the program's
/// name, which may hold anything, are left out as 0.
std::vector<double> stat_fields() {
  auto text = read("/proc/self/stat");
  auto name_end = text.rfind(')');
  if (name_end == std::string::npos)
    return {};
  std::istringstream in(text.substr(name_end + 1));
  in.imbue(std::locale::classic());
  std::string state;
  in >> state;
  std::vector<double> fields{0, 0, 0};
  fields.insert(fields.end(), std::istream_iterator<double>(in), {});
  return fields;
}

std::optional<double> boot_time() {
  std::istringstream in(read("/proc/stat"));
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("btime "))
      return std::stod(line.substr(6));
  return std::nullopt;
}

std::size_t open_files() {
  std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc/self/fd"), ::closedir);
  std::size_t n = 0;
  while (all && ::readdir(all.get()))
    ++n;
  return n > 3 ? n - 3 : 0; // ".", ".." and the one we look with
}

} // namespace

void append_runtime_metrics(const actors::runtime& runtime, std::vector<MetricFamily>& to) {
  auto c = runtime.counters();
  append_requests(c, {to});
  append_devices(runtime, c, {to});
  append_memory(runtime, c, {to});
}

void append_process_metrics(std::vector<MetricFamily>& to) {
  maker m{to};
  m.gauge("baton_build_info", "Which build this is; always 1.").add({{"version", BATON_VERSION}}, 1);
  rusage use{};
  if (::getrusage(RUSAGE_SELF, &use) == 0) {
    auto time = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    m.counter("process_cpu_seconds_total", "CPU time in user and system mode.")
        .add({}, time(use.ru_utime) + time(use.ru_stime));
  }
  m.gauge("process_open_fds", "File descriptors open.").add({}, open_files());
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0)
    m.gauge("process_max_fds", "File descriptors that may be open.").add({}, files.rlim_cur);
  constexpr std::size_t threads = 19, start = 21, virtual_bytes = 22, resident_pages = 23;
  auto stat = stat_fields();
  if (stat.size() <= resident_pages)
    return;
  m.gauge("process_virtual_memory_bytes", "Size of the address space.").add({}, stat[virtual_bytes]);
  m.gauge("process_resident_memory_bytes", "Memory in RAM.")
      .add({}, stat[resident_pages] * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  m.gauge("process_threads", "Threads.").add({}, stat[threads]);
  if (auto boot = boot_time())
    m.gauge("process_start_time_seconds", "When the process began, since the Unix epoch.")
        .add({}, *boot + stat[start] / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

} // namespace baton::apps
