#include "metadata/roofline.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "metadata/batch_symbols.hpp"
#include "metadata/defaults.hpp"
#include "metadata/in_quotes.hpp"
#include "metadata/rate.hpp"

namespace baton::metadata {

namespace {

/// A model with all symbols but the batch's bound.
class bound_model {
public:
  static expected<bound_model> make(const model& m, std::span<const std::int64_t> symbols) {
    if (symbols.size() != m.symbols().size())
      return fail(errc::bad_argument, "model " + in_quotes(m.name()) + " has " + std::to_string(m.symbols().size())
                                          + " symbols, not " + std::to_string(symbols.size()));
    return bound_model(m, {symbols.begin(), symbols.end()});
  }

  bool batched() const { return std::find(is_batch_.begin(), is_batch_.end(), true) != is_batch_.end(); }
  void set_rows(std::uint32_t n) {
    for (std::size_t s = 0; s < symbols_.size(); ++s)
      if (is_batch_[s])
        symbols_[s] = n;
  }
  /// Errors: it is too large, or negative; `what` is of which layer or value.
  expected<std::uint64_t> number(const dim& d, const std::string& what) const {
    const auto x = d.bind(symbols_);
    if (x < 0 || x == std::numeric_limits<std::int64_t>::max())
      return fail(errc::bad_argument,
                  "model " + in_quotes(m_->name()) + ": " + what + " cannot be counted at these symbols");
    return static_cast<std::uint64_t>(x);
  }

private:
  bound_model(const model& m, symbol_values symbols)
      : m_(&m), is_batch_(batch_symbols(m)), symbols_(std::move(symbols)) {}

  const model* m_;
  std::vector<bool> is_batch_;
  symbol_values symbols_;
};

std::string of_layer(std::uint32_t l, std::string_view what) {
  return std::string(what) + " of layer " + std::to_string(l);
}

/// So much of that time, rounded up.
std::uint32_t share(duration part, duration of) {
  return of == duration{}
             ? 0
             : static_cast<std::uint32_t>((wide{part.count()} * whole_device + of.count() - 1) / of.count());
}

struct layer_cost {
  duration time{};
  resource_use use;
};

/// The layer alone, at the rows that `bound` has. Errors: numbers that are too large.
expected<layer_cost> layer_cost_of(const bound_model& bound, const model& m, std::uint32_t l, const device_kind& kind,
                                   std::uint64_t peak) {
  const auto operations = bound.number(m.flops(l), of_layer(l, "the arithmetic"));
  const auto bytes = bound.number(m.traffic(l), of_layer(l, "the traffic"));
  const auto parts = bound.number(m.layers()[l].parts, of_layer(l, "the number of parts"));
  for (const auto* x : {&operations, &bytes, &parts})
    if (!*x)
      return tl::unexpected(x->error());
  const auto computing = time_of(*operations, peak / 100 * defaults::arithmetic_percent);
  const auto moving = time_of(*bytes, kind.bandwidth / 100 * defaults::bandwidth_percent);
  const auto time = to_duration(wide{std::max(computing, moving).count()} + wide{kind.launch.count()} * *parts);
  return layer_cost{time, {share(computing, time), share(moving, time)}};
}

/// Whether all its parts are steps of one cell.
bool is_one_cell(const layer& l) {
  return std::visit(
      [](const auto& a) {
        if constexpr (requires { a.direction; })
          return directions_of(a.direction) == 1;
        else
          return false;
      },
      l.attributes);
}

} // namespace

expected<model_costs> costs_of(const model& m, std::span<const std::int64_t> symbols) {
  auto bound = bound_model::make(m, symbols);
  if (!bound)
    return tl::unexpected(bound.error());
  bound->set_rows(1);
  model_costs costs;
  costs.name = m.name();
  costs.weight_bytes = m.weight_bytes();
  std::optional<error> wrong;
  const auto count = [&](const dim& d, const std::string& what) {
    const auto x = bound->number(d, what);
    if (!x && !wrong)
      wrong = x.error();
    return x.value_or(0);
  };
  const auto sum = [&](const std::vector<value_index>& values) {
    dim total = 0;
    for (const auto v : values)
      total = total + m.bytes(v);
    return total;
  };
  costs.input_bytes = count(sum(m.inputs()), "the size of the inputs");
  costs.output_bytes = count(sum(m.outputs()), "the size of the outputs");
  for (std::uint32_t l = 0; l < m.layers().size(); ++l) {
    costs.layers.push_back(m.layers()[l].name);
    const auto parts = is_one_cell(m.layers()[l]) ? count(m.layers()[l].parts, of_layer(l, "the number of parts")) : 1;
    if (parts > defaults::most_emulated_parts && !wrong)
      wrong =
          error{errc::bad_argument, of_layer(l, "the number of parts") + " is " + std::to_string(parts) + ", at most "
                                        + std::to_string(defaults::most_emulated_parts) + " can be emulated"};
    costs.parts.push_back(
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(parts, 1, defaults::most_emulated_parts)));
    costs.live_bytes.push_back(count(m.live_bytes({l, 0}), of_layer(l, "the live set at the start")));
  }
  costs.live_bytes.push_back(count(m.live_bytes(end_position), "the live set at the end"));
  if (wrong)
    return tl::unexpected(*wrong);
  return costs;
}

expected<void> add_roofline(model_costs& costs, const model& m, std::span<const std::int64_t> symbols,
                            std::span<const std::uint32_t> rows, const device_kind& kind, arithmetic how) {
  auto bound = bound_model::make(m, symbols);
  if (!bound)
    return tl::unexpected(bound.error());
  const auto peak = how == arithmetic::tf32 && kind.tf32 != 0 ? kind.tf32 : kind.fp32;
  latency_table table;
  for (const auto n : rows) {
    if (n != 1 && !bound->batched())
      return fail(errc::bad_argument, "model " + in_quotes(m.name()) + " has no batch symbol: it has 1 row");
    bound->set_rows(n);
    std::vector<duration> times;
    std::vector<resource_use> uses;
    for (std::uint32_t l = 0; l < m.layers().size(); ++l) {
      const auto cost = layer_cost_of(*bound, m, l, kind, peak);
      if (!cost)
        return tl::unexpected(cost.error());
      times.push_back(cost->time);
      uses.push_back(cost->use);
    }
    if (auto added = table.add(n, std::move(times), std::move(uses)); !added)
      return tl::unexpected(error{added.error().code, "model " + in_quotes(m.name()) + ": " + added.error().message});
  }
  costs.by_kind.insert_or_assign(std::string(kind.name), std::move(table));
  return {};
}

} // namespace baton::metadata
