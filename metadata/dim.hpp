#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace baton::metadata {

/// The values bound to a model's symbols, in the order of `model::symbols()`.
using symbol_values = std::vector<std::int64_t>;

/// One extent of a shape: a polynomial with integer coefficients over symbols and floor quotients of such polynomials,
/// kept in a normal form, so that equal extents compare equal (`N*4*S / N == 4*S`). Shape rules are written once over
/// `dim`; a concrete shape is the same rule's result, bound. What does not fit in 63 bits, or is too long a formula, is
/// `too_large`, binds to INT64_MAX, and so is all that is computed from it.
class dim {
public:
  dim(std::int64_t constant = 0);
  /// Symbol number `index` of the model.
  static dim symbol(std::uint32_t index);

  std::optional<std::int64_t> constant() const;
  /// The value with each symbol replaced. @pre `values` covers every symbol in it.
  std::int64_t bind(std::span<const std::int64_t> values) const;
  /// `4*S+2`, with the symbols' names.
  std::string to_string(std::span<const std::string> names) const;
  /// If this is exactly one symbol, its index.
  std::optional<std::uint32_t> as_symbol() const;
  /// One past the highest symbol in it; 0 for a constant.
  std::uint32_t symbols_needed() const;
  bool too_large() const;
  /// Whether it shows that no symbol values (each at least 0) make it negative.
  bool never_negative() const;

  friend dim operator+(const dim& a, const dim& b);
  friend dim operator-(const dim& a, const dim& b);
  friend dim operator*(const dim& a, const dim& b);
  friend bool operator==(const dim& a, const dim& b);
  /// floor(a / b). @pre b > 0
  friend dim floor_div(const dim& a, std::int64_t b);
  /// a / b where it is exact for all symbol values, as in `Reshape`'s -1.
  friend std::optional<dim> exact_div(const dim& a, const dim& b);

private:
  struct polynomial;
  explicit dim(polynomial p);
  const polynomial& get() const;

  std::shared_ptr<const polynomial> terms_; ///< null: 0
};

using dims = std::vector<dim>;

} // namespace baton::metadata
