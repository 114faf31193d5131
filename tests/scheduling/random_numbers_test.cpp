#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

#include "scheduling/workloads/distributions.hpp"
#include "scheduling/workloads/elementary.hpp"
#include "scheduling/workloads/interval_law.hpp"
#include "scheduling/workloads/popularity.hpp"

using namespace baton::scheduling::workloads;

namespace {

struct moments {
  double mean = 0;
  double cv = 0;
};

template <class F>
moments of(int n, F sample) {
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = sample();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / n;
  return {mean, std::sqrt(squares / n - mean * mean) / mean};
}

constexpr int samples = 200'000;
/// Five standard errors of the mean of `samples` numbers, relative: a right generator fails once in two million seeds.
double bound(double cv) {
  return 5 * cv / std::sqrt(samples);
}

} // namespace

TEST_CASE("the generators give the numbers their authors published", "[scheduling]") {
  std::uint64_t state = 1234567;
  CHECK(splitmix64(state) == 6457827717110365317U);
  CHECK(splitmix64(state) == 3203168211198807973U);
  CHECK(splitmix64(state) == 9817491932198370423U);
  random_numbers r(std::array<std::uint64_t, 4>{1, 2, 3, 4});
  for (const std::uint64_t x : {11520ULL, 0ULL, 1509978240ULL, 1215971899390074240ULL, 1216172134540287360ULL,
                                607988272756665600ULL, 16172922978634559625ULL, 8476171486693032832ULL})
    CHECK(r.next() == x);
}

TEST_CASE("a seed gives the same numbers everywhere", "[scheduling]") {
  random_numbers a(42);
  random_numbers b(42);
  random_numbers other(43);
  CHECK(a.next() == 1546998764402558742U);
  CHECK(b.next() == 1546998764402558742U);
  CHECK(other.next() != 1546998764402558742U);
  CHECK(seed_of(1, 0) != seed_of(1, 1));
  CHECK(seed_of(1, 0) != seed_of(2, 0));
  CHECK(seed_of(0, 1) != seed_of(1, 0));
}

TEST_CASE("elementary functions are as exact as the C library's", "[scheduling]") {
  random_numbers r(7);
  for (int i = 0; i < 10'000; ++i) {
    const double x = std::ldexp(1 + r.unit(), static_cast<int>(r.below(200)) - 100);
    CHECK(natural_log(x) == Approx(std::log(x)).epsilon(1e-15).margin(1e-16));
    const double y = 1400 * r.unit() - 700;
    CHECK(exponential_of(y) == Approx(std::exp(y)).epsilon(2e-15));
  }
  CHECK(natural_log(1) == 0);
  CHECK(natural_log(0x1p-53) == Approx(-53 * std::log(2.0)).epsilon(1e-15));
  CHECK(exponential_of(0) == 1);
  CHECK(exponential_of(-1e300) == 0);
  CHECK(power(9, 0.5) == Approx(3).epsilon(1e-15));
  CHECK(power(1, -3) == 1);
}

TEST_CASE("whole numbers below a bound are uniform", "[scheduling]") {
  random_numbers r(11);
  std::array<int, 6> seen{};
  for (int i = 0; i < samples; ++i)
    ++seen[r.below(6)];
  double chi_square = 0;
  for (const int n : seen)
    chi_square += (n - samples / 6.0) * (n - samples / 6.0) / (samples / 6.0);
  CHECK(chi_square < 33); // of 5 degrees of freedom: exceeded with a chance of 4 in a million
  CHECK(r.below(1) == 0);
}

TEST_CASE("samples have the moments of their distributions", "[scheduling]") {
  random_numbers r(2024);
  const auto unit = of(samples, [&] { return r.unit(); });
  CHECK(unit.mean == Approx(0.5).epsilon(bound(0.5774)));
  CHECK(unit.cv == Approx(1 / std::sqrt(3.0)).epsilon(0.01));
  const auto normal = of(samples, [&] { return 10 + sample_normal(r); });
  CHECK(normal.mean == Approx(10).epsilon(bound(0.1)));
  CHECK(normal.cv == Approx(0.1).epsilon(0.01));
  const auto exponential = of(samples, [&] { return sample_exponential(r); });
  CHECK(exponential.mean == Approx(1).epsilon(bound(1)));
  CHECK(exponential.cv == Approx(1).epsilon(0.02)); // standard error of this cv: 1/sqrt(n) = 0.0022
  for (const double shape : {0.1, 0.5, 1.0, 2.5, 100.0}) {
    INFO("shape " << shape);
    const auto gamma = of(samples, [&] { return sample_gamma(r, shape); });
    const double cv = 1 / std::sqrt(shape);
    CHECK(gamma.mean == Approx(shape).epsilon(bound(cv)));
    // The cv's standard error, relative, from the kurtosis: sqrt((2 + 6/shape)/(4 n) + ...) < 2 (1 + cv) / sqrt(n)
    CHECK(gamma.cv == Approx(cv).epsilon(10 * (1 + cv) / std::sqrt(samples)));
  }
}

TEST_CASE("intervals have the mean and variation asked for", "[scheduling]") {
  using shape = interval_law::shape;
  struct expectation {
    interval_law law;
    double cv;
  };
  const duration ms{1'000'000};
  for (const auto& [law, cv] :
       {expectation{{shape::fixed, ms}, 0}, expectation{{shape::uniform, ms}, 1 / std::sqrt(3.0)},
        expectation{{shape::exponential, ms}, 1}, expectation{{shape::gamma, ms, 0.25}, 0.25},
        expectation{{shape::gamma, ms, 4}, 4}}) {
    INFO("cv " << cv);
    random_numbers r(5);
    const auto m = of(samples, [&, law = law] { return static_cast<double>(law.draw(r).count()); });
    CHECK(m.mean == Approx(1e6).epsilon(bound(cv) + 1e-12));
    CHECK(m.cv == Approx(cv).epsilon(10 * (1 + cv) / std::sqrt(samples)).margin(1e-6));
    CHECK(law.check());
  }
  CHECK(interval_of(1000) == ms);
  CHECK(interval_of(3) == duration{333'333'333});
  CHECK_FALSE(interval_law{.mean = duration{-1}}.check());
  CHECK_FALSE(interval_law{.mean = std::chrono::hours(24 * 366)}.check());
  CHECK_FALSE(interval_law{.kind = shape::gamma, .mean = ms, .cv = 0}.check());
  CHECK_FALSE(interval_law{.kind = shape::gamma, .mean = ms, .cv = std::numeric_limits<double>::quiet_NaN()}.check());
}

TEST_CASE("popularities follow their weights", "[scheduling]") {
  CHECK(zipf_weights(3, 0) == std::vector<std::uint64_t>(3, std::uint64_t{1} << 32));
  const auto zipf = zipf_weights(4, 1);
  CHECK(zipf[0] == std::uint64_t{1} << 32);
  CHECK(zipf[1] == std::uint64_t{1} << 31);
  CHECK(zipf[3] == std::uint64_t{1} << 30);
  CHECK(zipf_weights(100'000, 10).back() == 1);

  const weighted_choice choice({3, 0, 1});
  random_numbers r(3);
  std::array<int, 3> picked{};
  for (int i = 0; i < samples; ++i)
    ++picked[choice.pick(r)];
  CHECK(picked[1] == 0);
  CHECK(picked[0] == Approx(0.75 * samples).epsilon(bound(0.5774)));
}
