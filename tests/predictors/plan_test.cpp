// Which networks to measure next: operators of the plan, and that it beats chance.
#include "predictors/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "catch.hpp"
#include "predictors/fit.hpp"
#include "predictors/scores.hpp"
#include "synthetic.hpp"

using namespace paretoforge;

namespace {

Samples candidates(std::size_t rows, std::uint64_t seed) { return reference_networks(synthetic::space(), rows, seed); }

/// How far the farthest row is from the nearest of the chosen, in standardised columns.
double uncovered(const Samples& rows, const std::vector<std::size_t>& chosen) {
  std::vector<double> scale(rows.columns, 0), mean(rows.columns, 0);
  const auto n = static_cast<double>(rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (std::size_t c = 0; c < rows.columns; ++c) mean[c] += rows.row(i)[c] / n;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (std::size_t c = 0; c < rows.columns; ++c) scale[c] += std::pow(rows.row(i)[c] - mean[c], 2) / n;
  double farthest = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    double nearest = 1e300;
    for (const std::size_t row : chosen) {
      double distance = 0;
      for (std::size_t c = 0; c < rows.columns; ++c)
        if (scale[c] > 0) distance += std::pow(rows.row(i)[c] - rows.row(row)[c], 2) / scale[c];
      nearest = std::min(nearest, distance);
    }
    farthest = std::max(farthest, nearest);
  }
  return farthest;
}

}  // namespace

TEST_CASE("A plan holds networks that differ, no more than there are, and the same again") {
  const Samples rows = candidates(60, 1);
  const auto plan = measuring_plan(rows, 20, {}, "");
  CHECK(plan.size() == 20);
  CHECK(std::set<std::size_t>(plan.begin(), plan.end()).size() == 20);
  CHECK(measuring_plan(rows, 20, {}, "") == plan);
  const auto fewer = measuring_plan(rows, 8, {}, "");
  CHECK(std::equal(fewer.begin(), fewer.end(), plan.begin()));
  Samples twins;
  for (int i = 0; i < 10; ++i) twins.add(rows.row(static_cast<std::size_t>(i % 3)), 1);
  twins.encoding = rows.encoding;
  CHECK(measuring_plan(twins, 10, {}, "").size() <= 3);
  CHECK(measuring_plan(Samples{}, 10, {}, "").empty());
}

TEST_CASE("What is measured already is not asked for first") {
  const Samples rows = candidates(60, 2);
  const auto plan = measuring_plan(rows, 3, {}, "");
  const Samples measured = rows.subset(plan);
  const auto next = measuring_plan(rows, 3, {}, "", &measured);
  for (const std::size_t row : next) CHECK(std::find(plan.begin(), plan.end(), row) == plan.end());
}

TEST_CASE("A plan covers the space better than chance") {
  double planned = 0, chance = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Samples rows = candidates(200, seed);
    std::vector<std::size_t> first(10);
    for (std::size_t i = 0; i < first.size(); ++i) first[i] = i;  // candidates are drawn at random
    planned += uncovered(rows, measuring_plan(rows, 10, {}, ""));
    chance += uncovered(rows, first);
  }
  CHECK(planned < chance);
}
