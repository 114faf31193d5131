#include "metadata/dim.hpp"

#include <utility>

#include "metadata/dim_polynomial.hpp"

namespace baton::metadata {

namespace {

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

} // namespace

dim::dim(std::int64_t constant) {
  if (constant != 0)
    terms_ = std::make_shared<const polynomial>(polynomial::make({{{}, constant}}));
}

dim dim::symbol(std::uint32_t index) {
  dim d;
  d.terms_ = std::make_shared<const polynomial>(polynomial::make({{{polynomial::atom{index, nullptr, 0}}, 1}}));
  return d;
}

dim::dim(polynomial p) : terms_(p.terms.empty() ? nullptr : std::make_shared<const polynomial>(std::move(p))) {}

const dim::polynomial& dim::get() const {
  static const polynomial zero;
  return terms_ ? *terms_ : zero;
}

std::optional<std::int64_t> dim::constant() const {
  return get().constant();
}

std::int64_t dim::bind(std::span<const std::int64_t> values) const {
  return get().evaluate(values);
}

std::string dim::to_string(std::span<const std::string> names) const {
  return get().to_string(names);
}

std::optional<std::uint32_t> dim::as_symbol() const {
  const auto& p = get();
  if (p.terms.size() != 1 || p.terms[0].coefficient != 1 || p.terms[0].factors.size() != 1
      || p.terms[0].factors[0].numerator)
    return std::nullopt;
  return p.terms[0].factors[0].symbol;
}

std::uint32_t dim::symbols_needed() const {
  return get().symbols_needed;
}

bool dim::too_large() const {
  return get().is_too_large();
}

bool dim::never_negative() const {
  return get().never_negative();
}

dim operator+(const dim& a, const dim& b) {
  return dim(dim::polynomial::sum(a.get(), b.get(), 1));
}

dim operator-(const dim& a, const dim& b) {
  return dim(dim::polynomial::sum(a.get(), b.get(), -1));
}

dim operator*(const dim& a, const dim& b) {
  return dim(dim::polynomial::product(a.get(), b.get()));
}

bool operator==(const dim& a, const dim& b) {
  return a.terms_ == b.terms_ || dim::polynomial::compare(a.get(), b.get()) == 0;
}

dim floor_div(const dim& a, std::int64_t b) {
  using polynomial = dim::polynomial;
  const auto& p = a.get();
  if (b == 1 || p.is_too_large())
    return a;
  // Normal form: each coefficient under the quotient is in [0, b); what is divisible stands outside.
  std::vector<polynomial::term> whole;
  std::vector<polynomial::term> rest;
  std::int64_t common = b;
  std::int64_t constant = 0;
  for (const auto& t : p.terms) {
    const auto q = floor_quotient(t.coefficient, b);
    const auto r = t.coefficient - q * b;
    if (q != 0)
      whole.push_back({t.factors, q});
    if (t.factors.empty()) {
      constant = r;
    } else if (r != 0) {
      rest.push_back({t.factors, r});
      common = std::gcd(common, r);
    }
  }
  if (rest.empty())
    return dim(polynomial::make(std::move(whole)));
  const auto divisor = b / common;
  for (auto& t : rest)
    t.coefficient /= common;
  if (constant / common != 0)
    rest.push_back({{}, constant / common});
  const auto& first = rest.front();
  const auto is_one_quotient = first.coefficient == 1 && first.factors.size() == 1 && first.factors[0].numerator
                               && (rest.size() == 1 || rest[1].factors.empty());
  if (is_one_quotient) {
    // floor((floor(q/d) + c) / b) = floor((q + c*d) / (d*b)): chains of strided layers stay flat.
    const auto inner = first.factors[0];
    std::int64_t both = 0;
    if (__builtin_mul_overflow(inner.divisor, divisor, &both))
      return dim(polynomial::too_large());
    const dim numerator = dim(polynomial(*inner.numerator)) + dim(constant / common) * dim(inner.divisor);
    return dim(polynomial::make(std::move(whole))) + floor_div(numerator, both);
  }
  auto numerator = std::make_shared<const polynomial>(polynomial::make(std::move(rest)));
  whole.push_back({{polynomial::atom{0, std::move(numerator), divisor}}, 1});
  return dim(polynomial::make(std::move(whole)));
}

std::optional<dim> exact_div(const dim& a, const dim& b) {
  auto quotient = dim::polynomial::divide(a.get(), b.get());
  if (!quotient)
    return std::nullopt;
  return dim(std::move(*quotient));
}

} // namespace baton::metadata
