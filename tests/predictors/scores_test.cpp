// Rank correlations and errors: closed forms, and Kendall's fast count against all pairs.
#include "predictors/scores.hpp"

#include <cmath>
#include <stdexcept>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;
using Values = std::vector<double>;

namespace {

/// Kendall's tau-b by comparing every pair.
double slow_kendall(const Values& a, const Values& b) {
  double agree = 0, pairs_a = 0, pairs_b = 0;
  const auto sign = [](double x) { return (x > 0) - (x < 0); };
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      agree += sign(a[i] - a[j]) * sign(b[i] - b[j]);
      pairs_a += a[i] != a[j];
      pairs_b += b[i] != b[j];
    }
  return agree / std::sqrt(pairs_a * pairs_b);
}

}  // namespace

TEST_CASE("Ranks share ties") {
  CHECK(ranks(Values{10, 30, 20, 30}) == Values{1, 3.5, 2, 3.5});
  CHECK(ranks(Values{}).empty());
  CHECK(std::isnan(ranks(Values{1, NAN})[0]));
}

TEST_CASE("Correlations of orders that agree, oppose and tie") {
  const Values a{1, 2, 3, 4, 5}, up{1, 4, 9, 16, 25}, down{5, 4, 3, 2, 1}, swapped{2, 1, 3, 4, 5};
  CHECK(spearman(a, up) == Approx(1));
  CHECK(kendall(a, up) == Approx(1));
  CHECK(spearman(a, down) == Approx(-1));
  CHECK(kendall(a, down) == Approx(-1));
  CHECK(spearman(a, swapped) == Approx(1 - 6.0 * 2 / (5 * 24)));
  CHECK(kendall(a, swapped) == Approx(0.8));
}

TEST_CASE("Correlations that are not defined are NaN") {
  const Values a{1, 2, 3}, constant{7, 7, 7}, one{1}, none, nan{1, NAN, 2};
  for (const auto score : {pearson, spearman, kendall}) {
    CHECK(std::isnan(score(a, constant)));
    CHECK(std::isnan(score(constant, a)));
    CHECK(std::isnan(score(one, one)));
    CHECK(std::isnan(score(none, none)));
    CHECK(std::isnan(score(a, nan)));
    CHECK_THROWS_AS(score(a, one), std::invalid_argument);
  }
}

TEST_CASE("Kendall's fast count is that of all pairs, ties included") {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    Values a, b;
    const std::uint64_t n = 2 + random.below(40), levels = 2 + random.below(20);
    for (std::uint64_t i = 0; i < n; ++i) {
      a.push_back(static_cast<double>(random.below(levels)));
      b.push_back(static_cast<double>(random.below(levels)));
    }
    const double slow = slow_kendall(a, b);
    if (std::isnan(slow))
      CHECK(std::isnan(kendall(a, b)));
    else
      REQUIRE(kendall(a, b) == Approx(slow).margin(1e-12));
  }
}

TEST_CASE("Errors relative and absolute") {
  const Values predicted{11, 19, 30, 4}, measured{10, 20, 30, 8};
  CHECK(mape_pct(predicted, measured) == Approx((10 + 5 + 0 + 50) / 4.0));
  CHECK(rmse(predicted, measured) == Approx(std::sqrt((1 + 1 + 0 + 16) / 4.0)));
  CHECK(within_pct(predicted, measured, 5) == Approx(50));
  CHECK(within_pct(predicted, measured, 10) == Approx(75));
  CHECK(std::isnan(within_pct(Values{NAN}, Values{1}, 10)));
}
