// Fitting from tables: scores, odd rows, refusals; and real measurements where they are at hand.
#include "predictors/fit.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "catch.hpp"
#include "data.hpp"
#include "predictors/features.hpp"
#include "synthetic.hpp"

using namespace paretoforge;

namespace {

Table table_of(const std::string& text) { return Table::parse(text, "measured.csv"); }

FitOptions training(std::size_t rows, const std::string& model = "auto") {
  FitOptions options;
  options.train = rows;
  options.model = model;
  return options;
}

/// The text with the latency of a row (from 0) replaced.
std::string with_latency(const std::string& csv, std::size_t row, const std::string& value) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= row; ++i) begin = csv.find('\n', begin) + 1;
  const std::size_t end = csv.find('\n', begin), comma = csv.rfind(',', end);
  return csv.substr(0, comma + 1) + value + csv.substr(end);
}

FitScores mean_scores(const Table& table, const Space& space, const std::string& metric, std::size_t rows, int seeds) {
  FitScores mean;
  for (int seed = 1; seed <= seeds; ++seed) {
    FitOptions options = training(rows);
    options.seed = static_cast<std::uint64_t>(seed);
    const FitScores s = fit(table, space, metric, options).scores;
    mean.spearman += s.spearman / seeds;
    mean.within_10_pct += s.within_10_pct / seeds;
    mean.coverage_90_pct += s.coverage_90_pct / seeds;
    mean.width_90_pct += s.width_90_pct / seeds;
  }
  return mean;
}

Space shipped(const std::string& name) {
  return Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
}

}  // namespace

TEST_CASE("A fit is scored on the rows it has not seen") {
  const Space space = synthetic::space();
  const FitResult result = fit(table_of(synthetic::csv(space, 240, 0.03, 1)), space, "latency_ms", training(60));
  CHECK(result.scores.train_rows == 60);
  CHECK(result.scores.test_rows == 180);
  CHECK(result.scores.spearman > 0.98);
  CHECK(result.scores.within_10_pct > 95);
  CHECK(result.scores.fit_seconds > 0);
  CHECK(result.scores.predict_microseconds > 0);
  CHECK(result.metric.unit == "ms");
  CHECK(result.left_out.empty());
}

TEST_CASE("Without --train all rows are fitted, and scored by models that were fitted without them") {
  const Space space = synthetic::space();
  const FitResult result = fit(table_of(synthetic::csv(space, 80, 0.03, 2)), space, "latency_ms");
  CHECK(result.scores.train_rows == 80);
  CHECK(result.scores.test_rows == 0);
  CHECK(result.scores.within_10_pct > 90);
}

TEST_CASE("Measured networks of which nothing is left do not make small ones look measured") {
  // A device that takes half a second for the stem and the ends of a cell, whether the cell is connected or not.
  const Space space = shipped("nasbench201");
  const Architecture dead(space.decisions().size(), 0);
  REQUIRE(nothing_left(graph_features(space.decode(dead))));
  Random random(7);
  Samples samples;
  std::vector<Architecture> points{dead, dead};
  while (points.size() < 60) points.push_back(space.sample(random));
  for (const Architecture& point : points) {
    const Graph graph = space.decode(point);
    samples.add(graph_features(graph), 500 + synthetic::milliseconds(graph, 0.02, random));
  }
  const Graph small = Space(Config::parse("input: [3, 32, 32]\nlayers:\n  - conv: {out: 4, kernel: 3, stride: 2}\n"
                                          "  - pool: {kind: average, global: true}\n  - linear: {out: 10}\n",
                                          "small.yaml"))
                          .decode({});
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    const FittedMetric metric = fit_metric(samples, "latency_ms", std::string(kind.name), 1);
    const CostEstimate outside = metric.predict(small);
    REQUIRE_FALSE(outside.extrapolates.empty());
    CHECK(outside.extrapolates[0].find("times below the least measured") != std::string::npos);
    const CostEstimate again = metric.predict(space.decode(dead)), inside = metric.predict(space.decode(points[9]));
    CHECK(again.extrapolates.empty());
    CHECK(inside.extrapolates.empty());
    CHECK(outside.high / outside.low > 2 * inside.high / inside.low);
  }
  Samples alive;  // where no such network was measured, one is outside
  for (std::size_t i = 0; i < samples.rows(); ++i)
    if (!nothing_left(samples.row(i))) alive.add(samples.row(i), samples.targets[i]);
  CHECK_FALSE(fit_metric(alive, "latency_ms", "ridge", 1).predict(space.decode(dead)).extrapolates.empty());
}

TEST_CASE("The rows drawn depend on the seed and on nothing else") {
  const Space space = synthetic::space();
  const Table table = table_of(synthetic::csv(space, 60, 0.03, 3));
  FitOptions one = training(30, "ridge"), two = one;
  two.seed = 2;
  const auto text = [&](const FitOptions& o) {
    return fit(table, space, "latency_ms", o).metric.fitted->write().yaml();
  };
  CHECK(text(one) == text(one));
  CHECK(text(one) != text(two));
}

TEST_CASE("Rows that cannot be fitted are left out and named") {
  const Space space = synthetic::space();
  std::string csv = synthetic::csv(space, 40, 0.03, 4);
  const std::vector<std::string> bad{"-1", "0", "nan", "inf", "", "1e308", "1e-320"};
  for (std::size_t i = 0; i < bad.size(); ++i) csv = with_latency(csv, 3 * i, bad[i]);
  const FitResult result = fit(table_of(csv), space, "latency_ms");
  REQUIRE(result.left_out.size() == 7);
  const std::vector<std::string> why{"negative", "zero", "not a number", "infinite",  "missing",
                                     "over 1e30", "under 1e-30"};
  for (std::size_t i = 0; i < why.size(); ++i) {
    CHECK(result.left_out[i].why == why[i]);
    CHECK(result.left_out[i].line == static_cast<int>(3 * i + 2));
  }
  CHECK(result.scores.train_rows == 33);
}

TEST_CASE("Where no row can be fitted, the message says what is wrong with the first") {
  const Space space = synthetic::space();
  std::string csv = synthetic::csv(space, 6, 0.03, 4);
  for (std::size_t i = 0; i < 6; ++i) csv = with_latency(csv, i, i == 0 ? "-2" : "0");
  CHECK_THROWS_WITH(fit(table_of(csv), space, "latency_ms"),
                    ContainsSubstring("0 of 6 rows are usable") && ContainsSubstring("in line 2, is negative"));
}

TEST_CASE("A device that drifted while it was measured is fitted as it was at the end") {
  const Space space = synthetic::space();
  const std::string csv = synthetic::csv(space, 60, 0.03, 4);
  std::string drifted, settled;  // the first 30 rows at half the speed, beside a reference that took 2 and then 1
  std::size_t begin = 0, row = 0;
  for (std::size_t end; (end = csv.find('\n', begin)) != std::string::npos; begin = end + 1, ++row) {
    const std::string line = csv.substr(begin, end - begin), rest = line.substr(0, line.rfind(',') + 1);
    const bool slow = row >= 1 && row <= 30;
    if (row == 0) {
      settled += line + '\n';
      drifted += line + ",reference,reference_latency_ms\n";
      continue;
    }
    const double value = std::strtod(line.c_str() + rest.size(), nullptr);
    settled += rest + std::to_string(value) + '\n';
    // Row 5 has no reference, row 6 another: they stay as they are.
    const bool kept = row == 5 || row == 6;
    drifted += rest + std::to_string(slow && !kept ? 2 * value : value) + (row == 5 ? ",," : row == 6 ? ",b,7" : slow ? ",a,2" : ",a,1") + '\n';
  }
  FitOptions steady;
  steady.steady = true;
  const FitResult result = fit(table_of(drifted), space, "latency_ms", steady), plain = fit(table_of(drifted), space, "latency_ms"),
                  truth = fit(table_of(settled), space, "latency_ms");
  CHECK(result.reference_drift_pct == Approx(100));
  CHECK(plain.reference_drift_pct == Approx(100));
  CHECK(truth.reference_drift_pct == 0);
  CHECK(result.scores.mape_pct == Approx(truth.scores.mape_pct).margin(0.02));  // values were rounded to 1e-6
  CHECK(plain.scores.mape_pct > 3 * truth.scores.mape_pct);
}

TEST_CASE("A constant metric, and one network measured many times: every model says that number, and the file is read") {
  const Space space = synthetic::space();
  const std::string csv = synthetic::csv(space, 12, 0.03, 4), row = csv.substr(csv.find('\n') + 1);
  std::string constant = csv, same = csv.substr(0, csv.find('\n') + 1);
  for (std::size_t i = 0; i < 12; ++i) constant = with_latency(constant, i, "2.5");
  for (int i = 0; i < 8; ++i) same += row.substr(0, row.find('\n') + 1);
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    for (const std::string& text : {constant, same}) {
      FitOptions options;
      options.model = kind.name;
      const FitResult result = fit(table_of(text), space, "latency_ms", options);
      REQUIRE(result.constant);
      Device device{"d", "", {}, {result.metric}};
      const Device again = Device::read(Config::parse(device.yaml(), "d.yaml"));
      const Architecture point = space.from_choices({});
      const CostEstimate cost = again.metrics[0].predict(space.decode(point), space, point);
      if (text == constant) CHECK(cost.value == Approx(2.5).epsilon(1e-3));
      CHECK(cost.low <= cost.value);
      CHECK(cost.value <= cost.high);
      CHECK(std::isfinite(cost.high));
    }
  }
}

TEST_CASE("Rows next to zero are kept and named") {
  const Space space = synthetic::space();
  const FitResult result =
      fit(table_of(with_latency(synthetic::csv(space, 40, 0.03, 4), 6, "1e-5")), space, "latency_ms");
  REQUIRE(result.near_zero.size() == 1);
  CHECK(result.near_zero[0].line == 8);
  CHECK(result.scores.train_rows == 40);
}

TEST_CASE("Samples that cannot be fitted are refused") {
  Samples samples = synthetic::samples(synthetic::space(), 6, 0.05, 1);
  CHECK_THROWS_AS(fit_metric(samples.subset(std::vector<std::size_t>{0}), "latency_ms", "auto", 1),
                  std::invalid_argument);
  for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    samples.targets[2] = bad;
    CHECK_THROWS_AS(fit_metric(samples, "latency_ms", "auto", 1), std::invalid_argument);
  }
}

TEST_CASE("A column that is there twice is refused") {
  CHECK_THROWS_AS(table_of("stem,stem,latency_ms\n8,8,1\n"), ConfigError);
}

TEST_CASE("An outlier is found") {
  const Space space = synthetic::space();
  const FitResult result =
      fit(table_of(with_latency(synthetic::csv(space, 60, 0.02, 5), 20, "90")), space, "latency_ms");
  REQUIRE(result.outliers.size() == 1);
  CHECK(result.outliers[0].line == 22);
}

TEST_CASE("Fits that cannot be are refused with the reason and the place") {
  const Space space = synthetic::space();
  const std::string csv = synthetic::csv(space, 8, 0.03, 6);
  const std::string header = csv.substr(0, csv.find('\n') + 1);
  CHECK(synthetic::refusal([&] { fit(table_of(header), space, "latency_ms"); }, {"at least 5 rows", "measured.csv"}));
  CHECK(
      synthetic::refusal([&] { fit(table_of(synthetic::csv(space, 1, 0, 1)), space, "latency_ms"); }, {"1 of 1 rows"}));
  CHECK_THROWS_AS(fit(table_of(csv), space, "latency_ms", training(9)), ConfigError);
  CHECK_THROWS_AS(fit(table_of(csv), space, "latency_ms", training(4)), ConfigError);
  CHECK_THROWS_AS(fit(table_of(csv), space, "latencyms"), ConfigError);
  CHECK_THROWS_AS(fit(table_of(csv), space, "latency_ms", training(6, "oracle")), std::invalid_argument);
  CHECK_THROWS_AS(fit(table_of("stem,latency_ms\n8,1\n"), space, "latency_ms"), ConfigError);
  const std::size_t second = header.size(), comma = csv.find(',', second);
  const std::string unknown = csv.substr(0, second) + "9" + csv.substr(comma);
  CHECK(synthetic::refusal([&] { fit(table_of(unknown), space, "latency_ms"); }, {"measured.csv:2", "stem"}));
  CHECK(synthetic::refusal([&] { fit(table_of(with_latency(csv, 2, "fast")), space, "latency_ms"); }, {"4"}));
}

TEST_CASE("Raspberry Pi 5: latency and energy from 200 measurements") {
  const auto path = shared_data("raspberry_pi_5/pi5_litert_cifar100.csv");
  if (!path) return;
  const Table table = Table::load(*path);
  const Space space = shipped("nasbench201");
  const FitScores latency = mean_scores(table, space, "latency_ms", 200, 1);
  CHECK(latency.spearman > 0.98);
  CHECK(latency.within_10_pct > 96);
  CHECK(latency.coverage_90_pct > 85);
  CHECK(latency.width_90_pct < 30);
  CHECK(mean_scores(table, space, "energy_mj", 200, 1).within_10_pct > 92);
}

TEST_CASE("A GPU and a phone, from 200 measurements of FBNet") {
  const auto path = shared_data("fbnet/latency_by_device.csv");
  if (!path) return;
  const Table table = Table::load(*path);
  const Space space = shipped("fbnet");
  CHECK(mean_scores(table, space, "1080ti_1_latency_ms", 200, 1).spearman > 0.93);
  CHECK(mean_scores(table, space, "pixel3_latency_ms", 200, 1).spearman > 0.95);
}
