// Drift: when chance explains what was measured later, and when it does not.
#include "predictors/drift.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

/// Predictions of 1 with a deviation of `percent`, whose interval is 1.645 of it to both sides, and what was measured.
struct Rows {
  std::vector<CostEstimate> predicted;
  std::vector<double> measured;

  Rows(std::size_t n, double percent, double factor, double spread, std::uint64_t seed) {
    Random random(seed);
    const double half = 1.645 * percent / 100;
    for (std::size_t i = 0; i < n; ++i) {
      predicted.push_back({1, std::exp(-half), std::exp(half), {}});
      measured.push_back(factor * std::exp(spread / 100 * random.normal()));
    }
  }
  Drift drift(std::size_t fitted = 200) const { return paretoforge::drift(predicted, measured, fitted); }
};

double share_of_refits(std::size_t n, double percent, double factor, double spread, std::size_t fitted = 200) {
  double refits = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) refits += Rows(n, percent, factor, spread, seed).drift(fitted).refit;
  return refits / 200;
}

}  // namespace

TEST_CASE("a device that has not changed is left alone; two tests at 1 % may err in 2 of 100") {
  CHECK(share_of_refits(40, 5, 1, 5) < 0.04);
  CHECK(share_of_refits(400, 5, 1, 5) < 0.04);
}

TEST_CASE("a device that became slower is found, from few rows where it is much") {
  CHECK(share_of_refits(40, 5, 1.1, 5) == 1);
  CHECK(share_of_refits(10, 5, 1.2, 5) > 0.95);
  const Drift d = Rows(100, 5, 1.1, 5, 1).drift();
  CHECK(d.bias_pct == Approx(10).margin(2));
  CHECK_THAT(d.why, ContainsSubstring("Refit") && ContainsSubstring("above the predictions"));
  CHECK_THAT(Rows(100, 5, 0.9, 5, 1).drift().why, ContainsSubstring("below the predictions"));
}

TEST_CASE("a shift within what a median is known to is none, however many rows show it") {
  const Drift d = Rows(5000, 5, 1.01, 1, 1).drift();
  CHECK(d.bias_chance < 1e-6);
  CHECK_FALSE(d.refit);
}

TEST_CASE("errors that have grown without a shift are found by the coverage") {
  CHECK(share_of_refits(100, 5, 1, 10) > 0.95);
  CHECK_THAT(Rows(100, 5, 1, 10, 1).drift().why, ContainsSubstring("fewer than chance gives"));
}

TEST_CASE("intervals from few rows are given the benefit of the doubt") {
  // 80 of 100 inside: rare where the intervals cover 90 % exactly, not where they were made from 10 rows.
  Rows rows(100, 5, 1, 0, 1);
  for (std::size_t i = 0; i < 20; ++i) rows.measured[i] = i % 2 == 0 ? 1.5 : 0.5;
  CHECK(rows.drift(100000).refit);
  CHECK_FALSE(rows.drift(10).refit);
  // Closed form: without a doubt about the share, P(X <= 80) of a binomial of 100 and 0.9 is 0.00198.
  CHECK(rows.drift(100'000'000).coverage_chance == Approx(0.00198).epsilon(0.02));
}

TEST_CASE("the sign test's closed form, and too few rows to tell") {
  Rows rows(8, 5, 1, 0, 1);
  for (double& value : rows.measured) value = 2;
  CHECK(rows.drift().bias_chance == Approx(2.0 / 256));
  CHECK(rows.drift().refit);
  rows.predicted.pop_back(), rows.measured.pop_back();
  CHECK_FALSE(rows.drift().refit);
  CHECK_THAT(rows.drift().why, ContainsSubstring("Too few rows"));
}

TEST_CASE("what cannot be compared is refused") {
  CHECK_THROWS_AS(Rows(0, 5, 1, 1, 1).drift(), std::invalid_argument);
  Rows rows(3, 5, 1, 1, 1);
  rows.measured.pop_back();
  CHECK_THROWS_AS(rows.drift(), std::invalid_argument);
}
