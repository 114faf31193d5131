#include "metadata/importer/rewriter.hpp"

#include <cstddef>
#include <span>
#include <utility>

namespace baton::metadata::importer {

namespace {

constexpr std::uint32_t nobody = UINT32_MAX;

} // namespace

rewriter::rewriter(model::parts& p)
    : p_(p), uses_(p.values.size()), writer_(p.values.size(), nobody), removed_(p.layers.size()) {
  for (std::uint32_t l = 0; l < p_.layers.size(); ++l) {
    for (const auto v : p_.layers[l].inputs)
      if (v != none)
        ++uses_[root(v)];
    for (const auto v : p_.layers[l].outputs)
      if (v != none)
        writer_[v] = l;
  }
  // An output's bytes are final even if nobody else reads them: twice, so that it is never read just once.
  for (const auto v : p_.outputs)
    uses_[root(v)] += 2;
}

rewriter::~rewriter() {
  std::vector<layer> kept;
  for (std::size_t l = 0; l < p_.layers.size(); ++l)
    if (!removed_[l])
      kept.push_back(std::move(p_.layers[l]));
  p_.layers = std::move(kept);
  for (auto& v : p_.values)
    if (v.origin == value_origin::alias)
      v.alias_of = root(v.alias_of);
}

value_index rewriter::root(value_index v) const {
  while (p_.values[v].origin == value_origin::alias)
    v = p_.values[v].alias_of;
  return v;
}

value_index rewriter::add_constant(std::string name, const std::vector<float>& numbers) {
  value v;
  v.name = std::move(name);
  v.shape = {dim(static_cast<std::int64_t>(numbers.size()))};
  v.origin = value_origin::weight;
  const auto bytes = std::as_bytes(std::span(numbers));
  v.weight.bytes = bytes.size();
  v.weight.inline_bytes.assign(bytes.begin(), bytes.end());
  p_.values.push_back(std::move(v));
  uses_.push_back(0);
  writer_.push_back(nobody);
  return static_cast<value_index>(p_.values.size() - 1);
}

std::optional<std::uint32_t> rewriter::sole_writer(value_index v) const {
  const auto r = root(v);
  if (uses_[r] != 1 || writer_[r] == nobody)
    return std::nullopt;
  return writer_[r];
}

void rewriter::take_over(std::uint32_t producer, std::uint32_t consumer) {
  const auto own = p_.layers[producer].outputs[0];
  const auto taken = p_.layers[consumer].outputs[0];
  removed_[consumer] = true;
  if (p_.values[own].shape == p_.values[taken].shape) {
    p_.layers[producer].outputs[0] = taken;
    writer_[taken] = producer;
    uses_[own] = 0;
    return;
  }
  // The consumer read a view, so its result is one.
  p_.values[taken].origin = value_origin::alias;
  p_.values[taken].alias_of = own;
  uses_[own] = uses_[taken];
}

void rewriter::move_and_take_over(std::uint32_t producer, std::uint32_t consumer) {
  const auto taken = p_.layers[consumer].outputs[0];
  p_.layers[consumer] = std::move(p_.layers[producer]);
  p_.layers[consumer].outputs[0] = taken;
  writer_[taken] = consumer;
  removed_[producer] = true;
}

} // namespace baton::metadata::importer
