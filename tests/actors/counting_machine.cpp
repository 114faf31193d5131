#include "tests/actors/counting_machine.hpp"

#include <algorithm>
#include <deque>
#include <stdexcept>

namespace baton::testing {

namespace {

using metadata::position;

struct memory {
  std::int64_t input = 0;
  std::uint64_t value = 0;
  position at;
};

std::uint64_t mixed(std::uint64_t value, position at) {
  auto x = value ^ (std::uint64_t{at.layer} << 32 | at.part);
  x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
  return (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL + 1;
}

class counted_block final : public gpu::block {
public:
  counted_block(std::atomic<int>& live) : live_(live) { ++live_; }
  ~counted_block() override { --live_; }
  std::byte* data() override { return reinterpret_cast<std::byte*>(&content_); }
  std::size_t bytes() const override { return sizeof content_; }

private:
  std::atomic<int>& live_;
  memory content_;
};

class counted_weights final : public gpu::weights {
public:
  std::size_t bytes() const override { return 0; }
};

class counted_plan final : public gpu::plan {
public:
  counted_plan(std::shared_ptr<const metadata::model> m, metadata::symbol_values s, std::string kind)
      : model_(std::move(m)), symbols_(std::move(s)), kind_(std::move(kind)) {
    for (std::uint32_t i = 0; i < model_->layers().size(); ++i) {
      profile_.parts.push_back(counted_parts(i));
      profile_.part_time.push_back(std::chrono::microseconds{100});
    }
  }
  const metadata::model& of() const override { return *model_; }
  const metadata::symbol_values& symbols() const override { return symbols_; }
  const std::string& device_kind() const override { return kind_; }
  const metadata::plan_profile& profile() const override { return profile_; }
  std::size_t block_bytes() const override { return sizeof(memory); }
  /// All devices are of this kind: their copies know each other's blocks.
  expected<void> read(const gpu::values_read&, std::span<std::byte>, const std::atomic<bool>*) const override {
    return fail(errc::internal, "nobody reads these values by way of the host");
  }

private:
  std::shared_ptr<const metadata::model> model_;
  metadata::symbol_values symbols_;
  std::string kind_;
  metadata::plan_profile profile_;
};

memory& in(gpu::bindings& b) {
  return *reinterpret_cast<memory*>(b.activations->data());
}

std::int64_t input_of(gpu::bindings& b) {
  return b.inputs.at(0) ? *reinterpret_cast<const std::int64_t*>(b.inputs[0]) : in(b).input;
}

class counted_device_object final : public gpu::device {
public:
  counted_device_object(gpu::device_description d, std::shared_ptr<faults> f)
      : description_(std::move(d)), faults_(std::move(f)) {}
  const gpu::device_description& description() const override { return description_; }
  expected<void> attach() override {
    if (faults_->failing_attaches.fetch_sub(1) > 0)
      return fail(errc::device_failed, "does not attach, as asked");
    ++faults_->failing_attaches;
    return {};
  }
  expected<std::shared_ptr<const gpu::plan>> build_plan(std::shared_ptr<const metadata::model> of,
                                                        std::shared_ptr<gpu::weights>,
                                                        metadata::symbol_values symbols) override {
    if (faults_->failing_builds.fetch_sub(1) > 0)
      return fail(errc::bad_model, "layer 'l0': cannot be built, as asked");
    ++faults_->failing_builds;
    return std::make_shared<counted_plan>(std::move(of), std::move(symbols), description_.kind);
  }
  expected<gpu::ticket> submit(const gpu::submission& work) override {
    ++faults_->segments;
    auto& b = *work.data;
    auto& m = in(b);
    if (work.plan->device_kind() != description_.kind)
      return fail(errc::bad_argument, "a foreign plan");
    if (input_of(b) == faults::killer && work.begin.layer > 0)
      return fail(errc::device_failed, "killed by its input, as asked");
    gpu::completion c{.done = {description_.id, work.lane, ++issued_}, .elapsed = {}, .failure = {}};
    if (work.begin == position{})
      m = {input_of(b), static_cast<std::uint64_t>(input_of(b)), {}};
    if (m.input == faults::poison)
      c.failure = error{errc::bad_request, "the input is poison, as asked"};
    else if (m.at != work.begin)
      throw std::logic_error("a part was skipped or is run twice");
    for (; m.at < work.end; m.at = work.plan->profile().next(m.at)) {
      m.value = mixed(m.value, m.at);
      c.elapsed += std::chrono::microseconds{1};
      if (!b.layer_time.empty())
        b.layer_time[m.at.layer] += std::chrono::microseconds{1};
    }
    c.so_far = b.device_time += c.elapsed;
    completed_.push_back(c);
    return c.done;
  }
  std::size_t poll(std::span<gpu::completion> out) override {
    std::size_t n = 0;
    for (; n < out.size() && !completed_.empty(); ++n) {
      out[n] = std::move(completed_.front());
      completed_.pop_front();
    }
    return n;
  }
  bool wait_any(std::chrono::milliseconds) override { return !completed_.empty(); }
  gpu::frontier progress(metadata::lane_id) const override { return {issued_, issued_}; }

private:
  gpu::device_description description_;
  std::shared_ptr<faults> faults_;
  std::uint64_t issued_ = 0;
  std::deque<gpu::completion> completed_;
};

class counted_copies final : public gpu::copy_engine {
public:
  explicit counted_copies(std::shared_ptr<faults> f) : faults_(std::move(f)) {}
  expected<std::size_t> copy(gpu::values_at from, gpu::values_at to, position at,
                             const std::atomic<bool>* cancel) override {
    if (cancel && *cancel)
      return fail(errc::cancelled, "the copy was cancelled");
    auto& target = in(*to.data);
    if (at == position{}) {
      target = {input_of(*from.data), 0, at};
      return sizeof(std::int64_t);
    }
    if (in(*from.data).at != at)
      return fail(errc::bad_argument, "the values are not of this position");
    target = in(*from.data);
    return sizeof(memory);
  }
  expected<std::vector<metadata::tensor>> fetch_outputs(gpu::values_at from, const std::atomic<bool>*) override {
    if (faults_->failing_fetches.fetch_sub(1) > 0)
      return fail(errc::out_of_memory, "no memory for the outputs, as asked");
    ++faults_->failing_fetches;
    if (in(*from.data).at != from.plan->profile().end())
      return fail(errc::bad_argument, "the task is not at its end");
    return std::vector{chain_input(static_cast<std::int64_t>(in(*from.data).value))};
  }

private:
  std::shared_ptr<faults> faults_;
};

class counted_domain final : public gpu::domain {
public:
  counted_domain(std::uint32_t id, std::shared_ptr<faults> f)
      : description_{{id}, id == 0 ? "host" : "d" + std::to_string(id), 0}, faults_(std::move(f)) {}
  const gpu::domain_description& description() const override { return description_; }
  expected<std::shared_ptr<gpu::weights>> load_weights(std::shared_ptr<const metadata::model>) override {
    return std::make_shared<counted_weights>();
  }
  expected<std::shared_ptr<gpu::block>> allocate(std::size_t) override {
    if (live_ >= faults_->blocks_limit)
      return fail(errc::out_of_memory, "the domain's blocks are used up, as asked");
    return std::make_shared<counted_block>(live_);
  }
  expected<std::unique_ptr<gpu::copy_engine>> open_copy_engine() override {
    return std::make_unique<counted_copies>(faults_);
  }
  gpu::memory_usage usage() const override { return {0, static_cast<std::size_t>(live_) * sizeof(memory), 0}; }

private:
  gpu::domain_description description_;
  std::shared_ptr<faults> faults_;
  std::atomic<int> live_{0};
};

class counting_machine final : public gpu::machine {
public:
  counting_machine(const std::vector<counted_device>& devices, std::shared_ptr<faults> f) : faults_(std::move(f)) {
    std::uint32_t last_domain = 0;
    for (const auto& d : devices) {
      auto n = static_cast<std::uint32_t>(devices_.size());
      devices_.push_back(
          {.id = {n}, .domain = {d.domain}, .name = "counting:" + std::to_string(n), .kind = d.kind, .detail = {}});
      last_domain = std::max(last_domain, d.domain);
    }
    for (std::uint32_t i = 0; i <= last_domain; ++i)
      domains_.push_back(std::make_shared<counted_domain>(i, faults_));
  }
  std::span<const gpu::device_description> devices() const override { return devices_; }
  std::span<const std::shared_ptr<gpu::domain>> domains() const override { return domains_; }
  expected<std::unique_ptr<gpu::device>> open(metadata::device_id id) override {
    return std::make_unique<counted_device_object>(devices_.at(id.value), faults_);
  }

private:
  std::shared_ptr<faults> faults_;
  std::vector<gpu::device_description> devices_;
  std::vector<std::shared_ptr<gpu::domain>> domains_;
};

} // namespace

std::unique_ptr<gpu::machine> make_counting_machine(std::vector<counted_device> devices, std::shared_ptr<faults> f) {
  return std::make_unique<counting_machine>(devices, std::move(f));
}

std::shared_ptr<const metadata::model> make_chain(const std::string& name, std::uint32_t layers) {
  metadata::model::parts p;
  p.name = name;
  p.symbols = {"N"};
  for (std::uint32_t i = 0; i <= layers; ++i) {
    metadata::value v;
    v.name = "v" + std::to_string(i);
    v.type = metadata::element_type::int64;
    v.shape = {metadata::dim::symbol(0)};
    v.batch_axis = 0;
    v.origin = i == 0 ? metadata::value_origin::input : metadata::value_origin::computed;
    p.values.push_back(v);
    if (i > 0)
      p.layers.push_back({.name = "l" + std::to_string(i - 1),
                          .attributes = metadata::copy_layer{},
                          .inputs = {i - 1},
                          .outputs = {i}});
  }
  p.inputs = {0};
  p.outputs = {layers};
  auto m = metadata::model::make(std::move(p));
  if (!m)
    throw std::logic_error(m.error().message);
  return *m;
}

std::vector<position> positions_of_chain(std::uint32_t layers) {
  std::vector<position> all;
  for (std::uint32_t layer = 0; layer < layers; ++layer)
    for (std::uint32_t part = 0; part < counted_parts(layer); ++part)
      all.push_back({layer, part});
  return all;
}

metadata::tensor chain_input(std::int64_t value) {
  metadata::tensor t(metadata::element_type::int64, {1});
  t.as_mutable<std::int64_t>()[0] = value;
  return t;
}

std::int64_t chain_output(std::uint32_t layers, std::int64_t value) {
  auto x = static_cast<std::uint64_t>(value);
  for (auto at : positions_of_chain(layers))
    x = mixed(x, at);
  return static_cast<std::int64_t>(x);
}

} // namespace baton::testing
