// Extrapolated learning curves: closed forms, what more knowledge does to them, and ugly input.
#include "trainers/learning_curve.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "catch.hpp"
#include "space/random.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// What is missing to 100 % falls with a power of the epoch.
std::vector<double> power_law(std::size_t epochs, double missing, double power) {
  std::vector<double> scores;
  for (std::size_t t = 1; t <= epochs; ++t) scores.push_back(100 - missing * std::pow(static_cast<double>(t), -power));
  return scores;
}

}  // namespace

TEST_CASE("A forecast of one part is a log-normal distribution of what is missing") {
  const double mean = std::log(10.0), deviation = 0.2;
  const CurveForecast forecast({{1, mean, deviation}});
  const double offset = -CurveForecast::floor;
  CHECK(forecast.quantile(0.5) == Approx(90 - offset));
  CHECK(forecast.mean() == Approx(100 - (10 * std::exp(0.02) + offset)).epsilon(1e-12));
  CHECK(forecast.deviation() == Approx(10 * std::exp(0.02) * std::sqrt(std::expm1(0.04))).epsilon(1e-12));
  CHECK(forecast.quantile(0.05) == Approx(100 - (10 * std::exp(0.2 * 1.6448536269514722) + offset)).epsilon(1e-9));
  CHECK(forecast.quantile(0.95) == Approx(100 - (10 * std::exp(-0.2 * 1.6448536269514722) + offset)).epsilon(1e-9));
}

TEST_CASE("A mixture has the moments and quantiles of what is drawn from it") {
  const std::vector<CurveForecast::Part> parts = {{0.3, std::log(8.0), 0.1}, {0.7, std::log(20.0), 0.3}};
  const CurveForecast forecast(parts);
  const double offset = -CurveForecast::floor;
  Random random(1);
  std::vector<double> drawn;
  for (int i = 0; i < 200'000; ++i) {
    const auto& part = parts[random.uniform() < 0.3 ? 0 : 1];
    drawn.push_back(100 - offset - std::exp(part.mean + part.deviation * random.normal()));
  }
  const double count = static_cast<double>(drawn.size());
  const double mean = std::accumulate(drawn.begin(), drawn.end(), 0.0) / count;
  double squares = 0;
  for (const double value : drawn) squares += (value - mean) * (value - mean);
  // Standard errors of 200,000 draws: 0.02 for the mean, 0.02 for the deviation, 0.001 for a share.
  CHECK(forecast.mean() == Approx(mean).margin(0.1));
  CHECK(forecast.deviation() == Approx(std::sqrt(squares / count)).margin(0.1));
  for (const double p : {0.05, 0.3, 0.5, 0.9}) {
    const double value = forecast.quantile(p);
    const auto below = std::count_if(drawn.begin(), drawn.end(), [&](double one) { return one <= value; });
    CHECK(static_cast<double>(below) / count == Approx(p).margin(0.006));
  }
}

TEST_CASE("No score is below 0, however little is known") {
  const CurveForecast forecast({{0.5, std::log(50.0), 3}, {0.5, std::log(20.0), 0.2}});
  const double most = 100 + CurveForecast::floor;
  Random random(2);
  double sum = 0, squares = 0;
  constexpr int count = 200'000;
  for (int i = 0; i < count; ++i) {
    const double missing = random.uniform() < 0.5 ? 50 * std::exp(3 * random.normal()) : 20 * std::exp(0.2 * random.normal());
    const double score = most - std::min(most, missing);
    sum += score, squares += score * score;
  }
  const double mean = sum / count;  // standard error 0.07
  CHECK(forecast.mean() == Approx(mean).margin(0.3));
  CHECK(forecast.deviation() == Approx(std::sqrt(squares / count - mean * mean)).margin(0.3));
  CHECK(forecast.quantile(0.05) == Approx(0).margin(1e-9));
  CHECK(forecast.median() > 50);
}

TEST_CASE("A power law is found again, the better the more of it is seen") {
  const std::vector<double> scores = power_law(20, 30, 0.4);
  double last_error = 100, last_deviation = 100;
  for (const std::size_t known : {2u, 5u, 10u, 19u}) {
    const CurveForecast forecast = extrapolate(std::span(scores).first(known), 20);
    const double error = std::abs(forecast.mean() - scores.back());
    INFO(known << " epochs: " << forecast.mean() << " of " << scores.back());
    CHECK(error <= last_error);
    CHECK(forecast.deviation() < last_deviation);
    CHECK(forecast.quantile(0.05) < scores.back());
    CHECK(forecast.quantile(0.95) > scores.back());
    last_error = error, last_deviation = forecast.deviation();
  }
  CHECK(last_error < 0.3);
}

TEST_CASE("Of curves drawn from the prior, nine in ten end inside the middle 90 % of what is foretold") {
  CurvePrior prior;
  prior.mean = {2.5, 0.3, 0.5}, prior.deviation = {0.4, 0.2, 0.3};  // scores under 0, which do not exist, hardly occur
  prior.noises = {0.05, 0.15};
  const std::vector<double> down = {0, 0, 0, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 1};
  Random random(5);
  int drawn = 0, within_50 = 0, within_90 = 0;
  double squares = 0;  // of errors in units of the deviation
  while (drawn < 1000) {
    std::array<double, 3> terms;
    for (std::size_t i = 0; i < 3; ++i) terms[i] = prior.mean[i] + prior.deviation[i] * random.normal();
    const CurveShape shape = prior.shapes[random.below(prior.shapes.size())];
    const double noise = prior.noises[random.below(prior.noises.size())];
    std::vector<double> scores;
    for (std::size_t t = 1; t <= 10; ++t) {
      double level = terms[0] - terms[1] * shape(static_cast<double>(t)) - terms[2] * down[t - 1];
      if (t == 10) level += prior.drift * std::sqrt(std::log(10.0 / 4)) * random.normal();
      const double share = 1 - (1 - prior.cooled_noise) * down[t - 1];
      scores.push_back(100 + CurveForecast::floor - std::exp(level + noise * share * random.normal()));
    }
    if (*std::min_element(scores.begin(), scores.end()) < 0 || *std::max_element(scores.begin(), scores.end()) > 100) continue;
    const CurveForecast forecast = extrapolate(std::span(scores).first(4), 10, down, prior);
    const auto within = [&](double share) {
      return scores.back() > forecast.quantile((1 - share) / 2) && scores.back() < forecast.quantile((1 + share) / 2);
    };
    ++drawn, within_50 += within(0.5), within_90 += within(0.9);
    squares += std::pow((scores.back() - forecast.mean()) / forecast.deviation(), 2);
  }
  // Standard errors of 1,000 curves: 16 of 500, 9 of 900.
  CHECK(within_50 == Approx(500).margin(50));
  CHECK(within_90 == Approx(900).margin(30));
  CHECK(squares / drawn == Approx(1).margin(0.2));
}

TEST_CASE("A curve that is flat is not expected to rise much, one that rises is expected to rise on") {
  const std::vector<double> flat(6, 90.0);
  const std::vector<double> rising = power_law(6, 40, 0.7);
  CHECK(extrapolate(flat, 12).median() == Approx(90).margin(1));
  CHECK(extrapolate(rising, 12).median() > rising.back() + 2);
}

TEST_CASE("A rate that comes down later promises more, and with less certainty") {
  const std::vector<double> known = {70, 76, 79};
  const std::vector<double> later = {0, 0, 0, 0.2, 0.6, 1};
  const CurveForecast constant = extrapolate(known, 6), cooled = extrapolate(known, 6, later);
  CHECK(cooled.mean() > constant.mean());
  CHECK(extrapolate(known, 6, std::vector<double>(6, 0.0)).mean() == Approx(constant.mean()));
}

TEST_CASE("How far a recipe's rate has come down") {
  TrainRecipe recipe;
  recipe.schedule = Schedule::cosine;
  const std::vector<double> falls = cooled(recipe, 4);
  REQUIRE(falls.size() == 4);
  CHECK(falls[1] == Approx(0.5).margin(0.002));  // half of the schedule, half of the rate
  CHECK(falls[3] == Approx(1).margin(0.001));
  recipe.schedule = Schedule::one_cycle;
  const std::vector<double> cycle = cooled(recipe, 10);
  CHECK(cycle[1] == Approx(0).margin(1e-9));
  CHECK(cycle[2] == Approx(0).margin(1e-3));
  CHECK(cycle[9] == Approx(1).margin(0.001));
  CHECK(cooled(recipe, 0).empty());
  recipe.rate = 0;
  CHECK(cooled(recipe, 2) == std::vector<double>{0, 0});
}

TEST_CASE("Missing scores, perfect ones and the whole curve are no trouble") {
  const std::vector<double> scores = {50, unknown, 70, 100};
  const CurveForecast forecast = extrapolate(scores, 8);
  CHECK(std::isfinite(forecast.mean()));
  CHECK(forecast.mean() <= 100);
  CHECK(forecast.deviation() > 0);
  CHECK(extrapolate(std::vector<double>{100, 100, 100}, 9).mean() > 99);
  CHECK(extrapolate(std::vector<double>{0}, 1).mean() < 60);
  CHECK(extrapolate(std::vector<double>{10, 10, 10, 10}, 100).quantile(0.999) <= 100);
  const std::vector<double> whole = power_law(9, 30, 0.5);
  CHECK(extrapolate(whole, 9).mean() == Approx(whole.back()).margin(1));
  CHECK_THROWS_AS(extrapolate(std::vector<double>{}, 3), std::invalid_argument);
  CHECK_THROWS_AS(extrapolate(std::vector<double>{unknown, unknown}, 3), std::invalid_argument);
  CHECK_THROWS_AS(extrapolate(std::vector<double>{1, 2, 3, 4}, 3), std::invalid_argument);
  CHECK_THROWS_AS(extrapolate(std::vector<double>{101}, 3), std::invalid_argument);
  CHECK_THROWS_AS(extrapolate(std::vector<double>{-1}, 3), std::invalid_argument);
  CHECK_THROWS_AS(extrapolate(std::vector<double>{std::numeric_limits<double>::infinity()}, 3), std::invalid_argument);
  CHECK_THROWS_AS(extrapolate(std::vector<double>{50}, 3, std::vector<double>{0, 1}), std::invalid_argument);
}
