// Calibration rules on distributions whose best range is known, and rules that users name.
#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "configs/config.hpp"
#include "exporters/calibration.hpp"
#include "exporters/integer_model.hpp"
#include "networks.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

Range range_of(const std::vector<float>& values, const CalibrationOptions& options) {
  Graph graph({1, 1, static_cast<std::int32_t>(values.size())});
  const Calibration calibration = calibrate({graph, {Weights{}}, {}, {}}, values, options);
  CHECK(calibration.seen[0].low == std::min(0.0f, *std::min_element(values.begin(), values.end())));
  CHECK(calibration.seen[0].high == std::max(0.0f, *std::max_element(values.begin(), values.end())));
  return calibration.ranges[0];
}

/// Evenly from low to high, ends included.
std::vector<float> even(double low, double high, int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) values.push_back(static_cast<float>(low + (high - low) * i / (count - 1)));
  return values;
}

/// Quantiles of Laplace's distribution with scale 1: its shape, without chance.
std::vector<float> laplace(int count) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    const double p = (i + 0.5) / count - 0.5;
    values.push_back(static_cast<float>(std::copysign(std::log(1 - 2 * std::abs(p)), p)));
  }
  return values;
}

}  // namespace

TEST_CASE("a uniform distribution is worth all of its range to every rule") {
  const std::vector<float> values = even(-1, 3, 100001);
  for (const auto& [rule, name] : range_rules()) {
    const Range range = range_of(values, {.rule = rule, .percentile = 100});
    INFO(name);
    CHECK(range.low == Approx(-1).epsilon(0.02));
    CHECK(range.high == Approx(3).epsilon(0.02));
  }
}

TEST_CASE("a percentile leaves out its share of each side, to a bin") {
  const std::vector<float> values = even(-1, 1, 200001);
  const Range range = range_of(values, {.rule = RangeRule::percentile, .percentile = 90});
  CHECK(range.high == Approx(0.9).margin(2.0 / 1024));
  CHECK(range.low == Approx(-0.9).margin(2.0 / 1024));
  const std::vector<float> positive = even(0, 4, 100001);
  CHECK(range_of(positive, {.rule = RangeRule::percentile, .percentile = 75}).high == Approx(3).margin(8.0 / 1024));
  CHECK(range_of(positive, {.rule = RangeRule::percentile, .percentile = 75}).low == 0);
  CHECK_THROWS_AS(range_of(values, {.rule = RangeRule::percentile, .percentile = 49}), std::invalid_argument);
  CHECK_THROWS_AS(range_of(values, {.rule = RangeRule::percentile, .percentile = std::numeric_limits<double>::quiet_NaN()}), std::invalid_argument);
}

TEST_CASE("the least squared error of a Laplace distribution clips at 9.89 scales for eight bits") {
  // Banner et al. 2019, table in section 3: 2.83, 3.89, 5.03, 6.2, 7.41, 8.64 and 9.89 scales for 2 to 8 bits.
  const std::vector<float> values = laplace(4000001);
  REQUIRE(*std::max_element(values.begin(), values.end()) > 14);
  const Range range = range_of(values, {.rule = RangeRule::mse});
  CHECK(range.high == Approx(9.89).epsilon(0.05));
  CHECK(range.low == Approx(-9.89).epsilon(0.05));
}

TEST_CASE("entropy gives up an outlier for the steps of the rest, and min-max does not") {
  std::vector<float> values = random_images({1, 1, 100000}, 1, 5);
  const float rest = *std::max_element(values.begin(), values.end());
  values.push_back(30 * rest);
  CHECK(range_of(values, {.rule = RangeRule::min_max}).high == 30 * rest);
  const Range range = range_of(values, {.rule = RangeRule::entropy});
  CHECK(range.high < 1.5f * rest);
  CHECK(range.high > 0.3f * rest);
  CHECK(range.low < -0.3f * rest);
}

TEST_CASE("every rule gives an ordered range around zero within what was seen, also for ugly values") {
  const float tiny = std::numeric_limits<float>::denorm_min(), huge = 3e38f;
  for (const std::vector<float>& values : std::vector<std::vector<float>>{
           {0}, {5}, {-5}, {tiny}, {huge}, {-huge, huge}, {0, 0, 0}, {1, 1, 1, 1}, {-3, 7}, {1e-30f, 1e30f}}) {
    for (const auto& [rule, name] : range_rules()) {
      const Range range = range_of(values, {.rule = rule});
      INFO(name << " of " << values.size() << " values from " << values[0]);
      CHECK(range.low <= 0);
      CHECK(range.high >= 0);
      CHECK(range.low >= std::min(0.0f, *std::min_element(values.begin(), values.end())));
      CHECK(range.high <= std::max(0.0f, *std::max_element(values.begin(), values.end())));
    }
  }
}

TEST_CASE("NaN and infinity are refused by every rule, the node named") {
  for (const auto& [rule, name] : range_rules())
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
      Graph graph({1, 1, 3});
      CHECK_THROWS_WITH(calibrate({graph, {Weights{}}, {}, {}}, std::vector{1.0f, bad, 2.0f}, {.rule = rule}), ContainsSubstring("input"));
    }
}

TEST_CASE("rules have names that lead back to them; a wrong one is refused with the right ones") {
  for (const auto& [rule, name] : range_rules()) {
    CHECK(find_range_rule(name) == rule);
    CHECK(range_rule_name(rule) == name);
  }
  CHECK_THROWS_WITH(find_range_rule("entropie"), ContainsSubstring("mse, percentile, min_max, entropy") && ContainsSubstring("did you mean 'entropy'"));
}
