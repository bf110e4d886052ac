// Every cost model of the table: learns, repeats itself, survives its file, and bears ugly rows.
#include "predictors/cost_model.hpp"

#include <cmath>
#include <stdexcept>

#include "catch.hpp"
#include "predictors/device.hpp"
#include "predictors/fit.hpp"
#include "predictors/scores.hpp"
#include "synthetic.hpp"

using namespace paretoforge;

TEST_CASE("Cost models are found by name, and the nearest is offered") {
  for (const CostModelKind& kind : cost_models()) CHECK(&cost_model_kind(kind.name) == &kind);
  CHECK_THROWS_WITH(cost_model_kind("rigde"), "unknown cost model 'rigde'; did you mean 'ridge'?");
}

TEST_CASE("Every cost model learns a device that sums over kernels") {
  const Space space = synthetic::space();
  const Samples train = synthetic::samples(space, 80, 0.02, 1), test = synthetic::samples(space, 300, 0, 2);
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    const FittedModel fitted = kind.fit(train, 1);
    REQUIRE(fitted.held_out.size() == train.rows());
    std::vector<double> predicted;
    for (std::size_t i = 0; i < test.rows(); ++i)
      predicted.push_back(std::exp(fitted.model->estimate(test.row(i)).mean));
    CHECK(spearman(predicted, test.targets) > 0.99);
    CHECK(within_pct(predicted, test.targets, 10) > 97);
  }
}

TEST_CASE("Every cost model is the same again from the same seed and from its own file") {
  const Space space = synthetic::space();
  const Samples train = synthetic::samples(space, 40, 0.05, 3), test = synthetic::samples(space, 20, 0, 4);
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    const std::string text = kind.fit(train, 7).model->write().yaml();
    const auto again = kind.fit(train, 7).model;
    CHECK(again->write().yaml() == text);
    const auto read = kind.read(Config::parse(text, "model.yaml"));
    CHECK(read->write().yaml() == text);
    for (std::size_t i = 0; i < test.rows(); ++i) {
      CHECK(read->estimate(test.row(i)).mean == again->estimate(test.row(i)).mean);
      CHECK(read->estimate(test.row(i)).deviation == again->estimate(test.row(i)).deviation);
    }
  }
}

TEST_CASE("Every cost model bears few, equal and constant rows") {
  const Space space = synthetic::space();
  const Samples five = synthetic::samples(space, 5, 0.05, 5);
  Samples equal, constant = synthetic::samples(space, 30, 0, 6);
  for (int i = 0; i < 8; ++i) equal.add(five.row(0), 2.5);
  for (double& target : constant.targets) target = 4;
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    CHECK(std::isfinite(kind.fit(five, 1).model->estimate(five.row(1)).mean));
    CHECK(std::exp(kind.fit(equal, 1).model->estimate(five.row(0)).mean) == Approx(2.5).epsilon(1e-3));
    CHECK(std::exp(kind.fit(constant, 1).model->estimate(five.row(3)).mean) == Approx(4).epsilon(1e-3));
  }
}

TEST_CASE("A few wild rows hardly move any cost model") {
  const Space space = synthetic::space();
  Samples train = synthetic::samples(space, 80, 0.02, 7);
  const Samples test = synthetic::samples(space, 200, 0, 8);
  for (const std::size_t row : {3u, 30u, 60u, 77u}) train.targets[row] *= 5;
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    const auto model = kind.fit(train, 1).model;
    std::vector<double> predicted;
    for (std::size_t i = 0; i < test.rows(); ++i) predicted.push_back(std::exp(model->estimate(test.row(i)).mean));
    CHECK(within_pct(predicted, test.targets, 10) > 90);
  }
}

TEST_CASE("The 90 % interval holds its share of unseen rows, from few rows on") {
  const Space space = synthetic::space();
  for (const CostModelKind& kind : cost_models()) {
    double inside = 0, rows = 0;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const FittedMetric metric =
          fit_metric(synthetic::samples(space, 50, 0.05, seed), "latency_ms", std::string(kind.name), seed);
      const Samples test = synthetic::samples(space, 100, 0.05, 100 + seed);
      for (std::size_t i = 0; i < test.rows(); ++i) {
        const CostEstimate estimate = metric.predict_features(test.row(i));
        inside += estimate.low <= test.targets[i] && test.targets[i] <= estimate.high;
        rows += 1;
      }
    }
    INFO(kind.name << " " << inside / rows);
    CHECK(inside / rows > 0.85);
    CHECK(inside / rows < 0.95);
  }
}
