#include "metadata/dim_polynomial.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "metadata/defaults.hpp"

namespace baton::metadata {

namespace {

constexpr auto largest = std::numeric_limits<std::int64_t>::max();

} // namespace

std::strong_ordering dim::polynomial::compare(const atom& a, const atom& b) {
  if (!a.numerator || !b.numerator)
    return a.numerator   ? std::strong_ordering::greater
           : b.numerator ? std::strong_ordering::less
                         : a.symbol <=> b.symbol;
  if (const auto by_divisor = a.divisor <=> b.divisor; by_divisor != 0)
    return by_divisor;
  return a.numerator == b.numerator ? std::strong_ordering::equal : compare(*a.numerator, *b.numerator);
}

std::strong_ordering dim::polynomial::compare(const std::vector<atom>& a, const std::vector<atom>& b) {
  const auto shorter = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shorter; ++i)
    if (const auto order = compare(a[i], b[i]); order != 0)
      return 0 <=> order; // more of an earlier atom is greater
  return a.size() <=> b.size();
}

std::strong_ordering dim::polynomial::compare(const polynomial& a, const polynomial& b) {
  const auto shorter = std::min(a.terms.size(), b.terms.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    if (const auto order = compare(a.terms[i].factors, b.terms[i].factors); order != 0)
      return order;
    if (const auto order = a.terms[i].coefficient <=> b.terms[i].coefficient; order != 0)
      return order;
  }
  return a.terms.size() <=> b.terms.size();
}

dim::polynomial dim::polynomial::make(std::vector<term> raw) {
  std::sort(raw.begin(), raw.end(), [](const term& a, const term& b) { return compare(a.factors, b.factors) > 0; });
  polynomial p;
  for (auto& t : raw) {
    if (!p.terms.empty() && compare(p.terms.back().factors, t.factors) == 0) {
      auto& c = p.terms.back().coefficient;
      if (__builtin_add_overflow(c, t.coefficient, &c))
        return too_large();
    } else {
      if (!p.terms.empty() && p.terms.back().coefficient == 0)
        p.terms.pop_back();
      p.terms.push_back(std::move(t));
    }
  }
  if (!p.terms.empty() && p.terms.back().coefficient == 0)
    p.terms.pop_back();
  for (const auto& t : p.terms) {
    p.size += 1;
    for (const auto& f : t.factors) {
      p.size += f.numerator ? f.numerator->size : 1;
      p.depth = std::max(p.depth, f.numerator ? f.numerator->depth + 1 : 0);
      p.symbols_needed = std::max(p.symbols_needed, f.numerator ? f.numerator->symbols_needed : f.symbol + 1);
      if (p.size > defaults::max_terms || p.depth > defaults::max_depth)
        return too_large();
    }
  }
  return p;
}

dim::polynomial dim::polynomial::too_large() {
  polynomial p;
  p.terms.push_back({{}, largest});
  p.size = 1;
  return p;
}

bool dim::polynomial::is_too_large() const {
  return terms.size() == 1 && terms[0].factors.empty() && terms[0].coefficient == largest;
}

bool dim::polynomial::never_negative() const {
  return std::all_of(terms.begin(), terms.end(), [](const term& t) {
    return t.coefficient >= 0 && std::all_of(t.factors.begin(), t.factors.end(), [](const atom& f) {
             return !f.numerator || f.numerator->never_negative();
           });
  });
}

std::optional<std::int64_t> dim::polynomial::constant() const {
  if (terms.empty())
    return 0;
  if (terms.size() == 1 && terms[0].factors.empty())
    return terms[0].coefficient;
  return std::nullopt;
}

dim::polynomial dim::polynomial::sum(const polynomial& a, const polynomial& b, std::int64_t sign) {
  if (a.is_too_large() || b.is_too_large())
    return too_large();
  auto terms = a.terms;
  for (auto t : b.terms) {
    if (__builtin_mul_overflow(t.coefficient, sign, &t.coefficient))
      return too_large();
    terms.push_back(std::move(t));
  }
  return make(std::move(terms));
}

std::vector<dim::polynomial::atom> dim::polynomial::merge(const std::vector<atom>& a, const std::vector<atom>& b) {
  std::vector<atom> both;
  both.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both),
             [](const atom& x, const atom& y) { return compare(x, y) < 0; });
  return both;
}

dim::polynomial dim::polynomial::product(const polynomial& a, const polynomial& b) {
  if (a.is_too_large() || b.is_too_large())
    return too_large();
  std::vector<term> terms;
  for (const auto& x : a.terms)
    for (const auto& y : b.terms) {
      term t{merge(x.factors, y.factors), 0};
      if (__builtin_mul_overflow(x.coefficient, y.coefficient, &t.coefficient))
        return too_large();
      terms.push_back(std::move(t));
    }
  return make(std::move(terms));
}

std::optional<std::vector<dim::polynomial::atom>> dim::polynomial::cancel(const std::vector<atom>& a,
                                                                          const std::vector<atom>& b) {
  std::vector<atom> left;
  auto next = b.begin();
  for (const auto& x : a) {
    if (next != b.end() && compare(x, *next) == 0)
      ++next;
    else
      left.push_back(x);
  }
  if (next != b.end())
    return std::nullopt;
  return left;
}

std::optional<dim::polynomial> dim::polynomial::divide(const polynomial& a, const polynomial& b) {
  if (b.terms.empty() || a.is_too_large() || b.is_too_large())
    return std::nullopt;
  // Long division: a leading term that is not divisible leaves a remainder. Each step lowers the leading monomial; the
  // bound on terms ends what would grow without end.
  std::vector<term> quotient;
  auto rest = a;
  const auto& lead = b.terms.front();
  while (!rest.terms.empty()) {
    const auto& t = rest.terms.front();
    auto factors = cancel(t.factors, lead.factors);
    const auto overflows = t.coefficient == std::numeric_limits<std::int64_t>::min() && lead.coefficient == -1;
    if (!factors || overflows || t.coefficient % lead.coefficient != 0 || quotient.size() > defaults::max_terms)
      return std::nullopt;
    quotient.push_back({std::move(*factors), t.coefficient / lead.coefficient});
    rest = sum(rest, product(make({quotient.back()}), b), -1);
    if (rest.is_too_large())
      return std::nullopt;
  }
  return make(std::move(quotient));
}

std::int64_t dim::polynomial::evaluate(std::span<const std::int64_t> values) const {
  std::int64_t total = 0;
  for (const auto& t : terms) {
    auto product = t.coefficient;
    for (const auto& f : t.factors) {
      auto factor = f.numerator ? f.numerator->evaluate(values) : values[f.symbol];
      if (factor == largest)
        return largest;
      if (f.numerator)
        factor = factor / f.divisor - (factor % f.divisor < 0 ? 1 : 0);
      if (__builtin_mul_overflow(product, factor, &product))
        return largest;
    }
    if (product == largest || __builtin_add_overflow(total, product, &total))
      return largest;
  }
  return total;
}

std::string dim::polynomial::to_string(std::span<const std::string> names) const {
  if (terms.empty())
    return "0";
  if (is_too_large())
    return "(too large)";
  std::string text;
  for (const auto& t : terms) {
    if (t.coefficient > 0 && !text.empty())
      text += '+';
    if (t.factors.empty()) {
      text += std::to_string(t.coefficient);
      continue;
    }
    if (t.coefficient == -1)
      text += '-';
    else if (t.coefficient != 1)
      text += std::to_string(t.coefficient) + '*';
    for (std::size_t i = 0; i < t.factors.size(); ++i) {
      const auto& f = t.factors[i];
      if (i > 0)
        text += '*';
      if (!f.numerator) {
        text += f.symbol < names.size() ? names[f.symbol] : '?' + std::to_string(f.symbol);
        continue;
      }
      const auto inner = f.numerator->to_string(names);
      const auto simple = f.numerator->terms.size() == 1;
      text += (simple ? "floor(" + inner : "floor((" + inner + ')') + '/' + std::to_string(f.divisor) + ')';
    }
  }
  return text;
}

} // namespace baton::metadata
