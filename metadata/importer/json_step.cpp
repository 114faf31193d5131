#include "metadata/importer/json_step.hpp"

#include <utility>

namespace baton::metadata::importer {

json_step::json_step(graph& g, const json_layer& layer, place where, value_index x)
    : graph_(g), layer_(layer), where_(std::move(where)), x_(x) {}

std::int64_t json_step::extent(std::size_t axis) const {
  const auto constant = shape()[axis].constant();
  demand(constant.has_value(), "it takes more than the batch: " + graph_.text(shape()));
  return *constant;
}

void json_step::demand_rank(std::size_t rank, const char* what) const {
  demand(shape().size() == rank,
         std::string("it takes ") + what + ", but what comes before is " + graph_.text(shape()));
}

std::int64_t json_step::agreed(std::string_view key, std::int64_t actual) {
  if ((*this)[key] != actual)
    mismatches_.push_back(std::string(key) + " is " + std::to_string((*this)[key]) + ", but what comes before has "
                          + std::to_string(actual) + ": " + graph_.text(shape()));
  return actual;
}

value_index json_step::weight(const std::string& part, dims shape, double scale) {
  const auto seed = seed_of(where_.model + '/' + std::to_string(where_.layer) + '/' + part);
  return graph_.add_seeded(name(part), std::move(shape),
                           {seeded_numbers::distribution::uniform, seed, static_cast<float>(scale)});
}

void json_step::emit(const layer_attributes& a, std::vector<value_index> operands, const std::string& what) {
  x_ = graph_.add_layer(name(what), a, std::move(operands), {name(what)})[0];
}

void json_step::emit_view(dims shape, const std::string& what) {
  x_ = graph_.view(x_, std::move(shape), name(what));
}

std::string json_step::name(const std::string& what) const {
  const auto own = std::string(layer_.kind->type) + '_' + std::to_string(where_.layer);
  return what.empty() ? own : own + '/' + what;
}

} // namespace baton::metadata::importer
