#include "gpu/host_copy.hpp"

#include <algorithm>
#include <string>

#include "gpu/failure.hpp"

namespace baton::gpu {
namespace {

void check_side(const values_at& side, const char* name) {
  if (!side.plan || !side.data)
    raise(errc::bad_argument, std::string("copy: the ") + name + " has no plan or no bindings");
  if (!side.data->inputs.empty() && side.data->inputs.size() != side.plan->of().inputs().size())
    raise(errc::bad_argument, std::string("copy: the ") + name + " binds another number of inputs than its model has");
}

std::size_t bytes_of(const plan& p, metadata::value_index v) {
  return static_cast<std::size_t>(p.of().bytes(v).bind(p.symbols()));
}

void demand(const expected<void>& result) {
  if (!result)
    throw failure(result.error());
}

} // namespace

void check_copy(const values_at& from, const values_at& to) {
  check_side(from, "source");
  check_side(to, "target");
  if (&from.plan->of() != &to.plan->of() || from.plan->symbols() != to.plan->symbols())
    raise(errc::bad_argument, "copy: source and target are plans of different models or symbols");
}

const std::byte* external_input(const values_at& side, metadata::value_index v) {
  const auto& inputs = side.plan->of().inputs();
  const auto i = static_cast<std::size_t>(std::find(inputs.begin(), inputs.end(), v) - inputs.begin());
  return i < side.data->inputs.size() ? side.data->inputs[i] : nullptr;
}

namespace {

/// The source's device failed: what was there is gone, whatever becomes of the target's.
expected<void> read(const values_at& from, const values_read& what, std::span<std::byte> to,
                    const std::atomic<bool>* cancel) {
  auto done = from.plan->read(what, to, cancel);
  if (!done && done.error().code == errc::device_failed)
    done.error().code = errc::values_lost;
  return done;
}

} // namespace

host_values::host_values(const values_at& from, std::span<const metadata::value_index> values, position at,
                         const std::atomic<bool>* cancel) {
  std::size_t end = 0;
  for (auto v : values)
    ends_.push_back(end += bytes_of(*from.plan, v));
  values_read what{.from = from.data, .values = values, .ready = from.ready};
  if (at.part > 0) {
    what.state_of = at.layer;
    ends_.push_back(
        end += static_cast<std::size_t>(from.plan->of().layers()[at.layer].state_bytes.bind(from.plan->symbols())));
  }
  bytes_.resize(end);
  demand(read(from, what, bytes_, cancel));
}

std::span<const std::byte> host_values::of(std::size_t i) const {
  const auto begin = i == 0 ? 0 : ends_[i - 1];
  return {bytes_.data() + begin, ends_[i] - begin};
}

std::vector<metadata::tensor> read_outputs(const values_at& from, const std::atomic<bool>* cancel) {
  check_side(from, "source");
  const auto& model = from.plan->of();
  std::vector<metadata::tensor> result;
  for (auto v : model.outputs()) {
    metadata::tensor tensor(model.values()[v].type, model.shape(v, from.plan->symbols()));
    const auto root = model.root(v);
    demand(read(from, {.from = from.data, .values = {&root, 1}, .ready = from.ready},
                {tensor.mutable_data(), tensor.bytes()}, cancel));
    result.push_back(std::move(tensor));
  }
  return result;
}

} // namespace baton::gpu
