#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "metadata/dim.hpp"

namespace baton::metadata {

/// The normal form behind `dim`: terms by falling monomial, without zeros, each a coefficient times symbols and floor
/// quotients. Any operation that overflows, or whose result exceeds `defaults::max_terms`, gives `too_large()`.
struct dim::polynomial {
  /// A symbol, or floor(numerator / divisor).
  struct atom {
    std::uint32_t symbol = 0;
    std::shared_ptr<const polynomial> numerator;
    std::int64_t divisor = 0;
  };
  struct term {
    std::vector<atom> factors; ///< ascending, repeated for powers
    std::int64_t coefficient = 0;
  };

  std::vector<term> terms;
  std::uint32_t size = 0;  ///< terms, those in quotients included
  std::uint32_t depth = 0; ///< how deep quotients nest
  std::uint32_t symbols_needed = 0;

  /// Brings terms into the normal form.
  static polynomial make(std::vector<term> terms);
  static polynomial too_large();
  bool is_too_large() const;
  bool never_negative() const;
  std::optional<std::int64_t> constant() const;

  /// a + sign * b
  static polynomial sum(const polynomial& a, const polynomial& b, std::int64_t sign);
  static polynomial product(const polynomial& a, const polynomial& b);
  /// The quotient if b divides a without remainder.
  static std::optional<polynomial> divide(const polynomial& a, const polynomial& b);
  static std::strong_ordering compare(const polynomial& a, const polynomial& b);

  std::int64_t evaluate(std::span<const std::int64_t> values) const;
  std::string to_string(std::span<const std::string> names) const;

private:
  static std::strong_ordering compare(const atom& a, const atom& b);
  /// The lexicographic monomial order, in which the first symbol weighs most; multiplication keeps it.
  static std::strong_ordering compare(const std::vector<atom>& a, const std::vector<atom>& b);
  static std::vector<atom> merge(const std::vector<atom>& a, const std::vector<atom>& b);
  static std::optional<std::vector<atom>> cancel(const std::vector<atom>& a, const std::vector<atom>& b);
};

} // namespace baton::metadata
