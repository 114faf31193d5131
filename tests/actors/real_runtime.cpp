#include "tests/actors/real_runtime.hpp"

#include <cstring>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"

namespace baton::testing {

using namespace std::chrono_literals;

actors::runtime_options options_for(const std::string& devices) {
  auto specs = gpu::parse_devices(devices);
  REQUIRE(specs);
  actors::runtime_options o;
  o.devices = *specs;
  o.machine = places().machine;
  return o;
}

std::unique_ptr<actors::runtime> start(actors::runtime_options options) {
  auto r = actors::runtime::start(std::move(options));
  if (!r)
    FAIL(r.error().message);
  return std::move(*r);
}

metadata::model_id add(actors::runtime& r, std::shared_ptr<const metadata::model> m,
                       std::vector<metadata::symbol_values> warm) {
  auto added = r.add_model(std::move(m), std::move(warm), 60s);
  if (!added)
    FAIL(added.error().message);
  return *added;
}

std::size_t crossings(const actors::runtime& r, const std::vector<std::uint32_t>& over) {
  std::size_t n = 0;
  auto here = metadata::host_domain;
  const auto go = [&](metadata::domain_id to) {
    n += to != here;
    here = to;
  };
  for (auto device : over)
    go(r.devices()[device].domain);
  go(metadata::host_domain);
  return n;
}

tensors direct_run(const std::shared_ptr<const metadata::model>& m, const tensors& inputs) {
  auto options = places().machine;
  options.cuts.longer_than =
      scheduling::defaults::quantum; // as the runtime has it: a layer in parts may have another kernel
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices(places().one)), options));
  const backend how{.name = {}, .open = nullptr, .reads_host_inputs = places().reads_host_inputs};
  bench_device device(how, *machine, 0);
  return device.infer(*device.plan(m, demand(m->bind(inputs))), inputs);
}

bool identical(const tensors& a, const tensors& b) {
  if (a.size() != b.size())
    return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].type() != b[i].type() || a[i].shape() != b[i].shape()
        || std::memcmp(a[i].data(), b[i].data(), a[i].bytes()) != 0)
      return false;
  return true;
}

std::vector<metadata::position> positions(const metadata::model& m, const metadata::symbol_values& symbols) {
  std::vector<metadata::position> all;
  for (std::uint32_t layer = 0; layer < m.layers().size(); ++layer)
    for (std::uint32_t part = 0; part < m.layers()[layer].parts.bind(symbols); ++part)
      all.push_back({layer, part});
  return all;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 10000 && !condition(); ++i)
    std::this_thread::sleep_for(1ms);
  return condition();
}

std::map<std::uint64_t, actors::done> collect(actors::runtime& r, std::size_t n) {
  std::map<std::uint64_t, actors::done> all;
  while (all.size() < n) {
    auto d = r.results().pop(60s);
    REQUIRE(d);
    REQUIRE(all.emplace(d->request.value, *d).second);
  }
  CHECK_FALSE(r.results().try_pop());
  return all;
}

actors::done run(actors::runtime& r, actors::request q) {
  auto id = r.submit(std::move(q));
  if (!id)
    FAIL(id.error().message);
  return collect(r, 1).at(id->value);
}

} // namespace baton::testing
