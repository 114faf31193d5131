#include "metadata/importer/attributes.hpp"

#include "metadata/defaults.hpp"
#include "metadata/importer/problem.hpp"

namespace baton::metadata::importer {

namespace {

using proto = onnx::AttributeProto;

void demand_range(const std::string& name, std::int64_t x, std::int64_t least, std::int64_t most) {
  demand(x >= least && x <= most, "attribute '" + name + "' is " + std::to_string(x) + ", outside "
                                      + std::to_string(least) + " to " + std::to_string(most));
}

} // namespace

attributes::attributes(const onnx::NodeProto& node) : node_(node) {
  std::set<std::string> seen;
  for (const auto& a : node.attribute())
    demand(seen.insert(a.name()).second, "attribute '" + a.name() + "' is there twice");
}

const proto* attributes::find(const std::string& name, proto::AttributeType type) {
  asked_.insert(name);
  for (const auto& a : node_.attribute())
    if (a.name() == name) {
      demand(a.type() == type, "attribute '" + name + "' has the wrong type");
      return &a;
    }
  return nullptr;
}

std::int64_t attributes::integer(const std::string& name, std::int64_t otherwise, std::int64_t least,
                                 std::int64_t most) {
  const auto* a = find(name, proto::INT);
  const auto x = a == nullptr ? otherwise : a->i();
  demand_range(name, x, least, most); // a default may not fit the operand either
  return x;
}

float attributes::real(const std::string& name, float otherwise) {
  const auto* a = find(name, proto::FLOAT);
  return a == nullptr ? otherwise : a->f();
}

std::string attributes::text(const std::string& name, const std::string& otherwise) {
  const auto* a = find(name, proto::STRING);
  return a == nullptr ? otherwise : a->s();
}

std::optional<std::vector<std::int64_t>> attributes::integers(const std::string& name, std::size_t count,
                                                              std::int64_t least, std::int64_t most) {
  const auto* a = find(name, proto::INTS);
  if (a == nullptr)
    return std::nullopt;
  const auto size = static_cast<std::size_t>(a->ints_size());
  demand(count == 0 ? size <= defaults::max_listed : size == count,
         "attribute '" + name + "' has " + std::to_string(size) + " elements"
             + (count == 0 ? "" : ", not " + std::to_string(count)));
  for (const auto x : a->ints())
    demand_range(name, x, least, most);
  return std::vector<std::int64_t>(a->ints().begin(), a->ints().end());
}

std::vector<std::string> attributes::texts(const std::string& name) {
  const auto* a = find(name, proto::STRINGS);
  return a == nullptr ? std::vector<std::string>{} : std::vector<std::string>(a->strings().begin(), a->strings().end());
}

void attributes::finish() const {
  for (const auto& a : node_.attribute())
    demand(asked_.contains(a.name()), "attribute '" + a.name() + "' is not supported");
}

} // namespace baton::metadata::importer
