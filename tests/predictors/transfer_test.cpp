// Few-shot transfer: made-up devices that are mixtures of known ones, files, wild rows, what lies outside.
#include "predictors/transfer.hpp"

#include <cmath>
#include <stdexcept>

#include "catch.hpp"
#include "data.hpp"
#include "predictors/fit.hpp"
#include "predictors/models_internal.hpp"
#include "predictors/scores.hpp"
#include "space/table_points.hpp"
#include "synthetic.hpp"

using namespace paretoforge;

namespace {

/// A device that takes `launch` per kernel, `work` per million MACs and `moved` per million elements.
struct MadeUp {
  double launch, work, moved;
  double milliseconds(const Graph& graph) const {
    const Graph left = pruned(graph);
    double sum = 0;
    for (const Kernel& kernel : fused_kernels(left)) {
      const KernelCost cost = kernel_cost(left, kernel);
      sum += launch + work * cost.work / 1e6 + moved * cost.moved / 1e6;
    }
    return sum;
  }
};

Samples measured(const Space& space, const MadeUp& device, std::size_t rows, double noise, std::uint64_t seed) {
  Random random(seed);
  Samples all;
  for (std::size_t i = 0; i < rows; ++i) {
    const Architecture point = space.sample(random);
    all.add(space_features(space, point), device.milliseconds(space.decode(point)) * std::exp(noise * random.normal()));
  }
  all.encoding = space.encoding_width();
  return all;
}

/// One device bound by launches, one by work, one by memory.
std::vector<Source> three_devices(const Space& space) {
  const std::vector<MadeUp> known{{0.1, 0.02, 0.05}, {0.001, 0.4, 0.05}, {0.005, 0.02, 3}};
  std::vector<Source> sources;
  for (std::size_t i = 0; i < known.size(); ++i)
    sources.push_back({"known " + std::to_string(i), fit_metric(measured(space, known[i], 60, 0.02, 50 + i),
                                                                "latency_ms", "ridge", 1, nullptr, space_key(space))});
  return sources;
}

double rank_correlation(const CostModel& model, const Samples& test) {
  std::vector<double> predicted;
  for (std::size_t i = 0; i < test.rows(); ++i) predicted.push_back(model.mean(test.row(i)));
  return spearman(predicted, test.targets);
}

}  // namespace

TEST_CASE("A device like a known one is known from five measurements") {
  const Space space = synthetic::space();
  const auto sources = three_devices(space);
  const MadeUp twice{0.002, 0.8, 0.1};  // half as fast as the second
  const Samples reference = reference_networks(space, 200, 1), test = measured(space, twice, 200, 0, 9);
  const FittedModel fitted = fit_transfer(measured(space, twice, 5, 0.02, 3), reference, sources, space_key(space));
  CHECK(rank_correlation(*fitted.model, test) > 0.98);
  CHECK(fitted.held_out.size() == 5);
}

TEST_CASE("From ten measurements transfer ranks better than a fit from nothing") {
  const Space space = synthetic::space();
  const auto sources = three_devices(space);
  const Samples reference = reference_networks(space, 200, 1);
  const MadeUp between{0.03, 0.1, 1};
  const Samples test = measured(space, between, 200, 0, 9);
  double with = 0, without = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const Samples few = measured(space, between, 10, 0.05, seed);
    with += rank_correlation(*fit_transfer(few, reference, sources, space_key(space)).model, test) / 8;
    without += rank_correlation(*cost_model_kind("auto").fit(few, 1).model, test) / 8;
  }
  INFO(with << " against " << without);
  CHECK(with > without);
  CHECK(with > 0.97);
}

TEST_CASE("Leave-one-out estimates of transfer are those of fits without the row") {
  // Exact where rows count the same with and without it (averaged_test.cpp); here outliers are weighed anew. Not row 0:
  // no other network is as small, so that without it inputs are standardised and clamped elsewhere.
  const Space space = synthetic::space();
  const auto sources = three_devices(space);
  const Samples reference = reference_networks(space, 200, 1), rows = measured(space, {0.03, 0.1, 1}, 30, 0.05, 4);
  const FittedModel fitted = fit_transfer(rows, reference, sources, space_key(space));
  for (const std::size_t left_out : {2u, 7u, 29u}) {
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < rows.rows(); ++i)
      if (i != left_out) kept.push_back(i);
    const LogEstimate again =
        fit_transfer(rows.subset(kept), reference, sources, space_key(space)).model->estimate(rows.row(left_out));
    CHECK(fitted.held_out[left_out].mean == Approx(again.mean).margin(0.015));
    CHECK(fitted.held_out[left_out].deviation == Approx(again.deviation).epsilon(0.05));
  }
}

TEST_CASE("A transferred device needs no file but its own, and is the same again") {
  const Space space = synthetic::space();
  const Samples reference = reference_networks(space, 100, 1), rows = measured(space, {0.03, 0.1, 1}, 12, 0.05, 4);
  Device device{"new", "", {}, {}};
  device.put(fit_metric_from(rows, reference, "latency_ms", three_devices(space), 1, nullptr, space_key(space)));
  CHECK(device.metric("latency_ms").model == "transfer");
  const std::string text = device.yaml();
  const Device again = Device::read(Config::parse(text, "new.yaml"));
  CHECK(again.yaml() == text);
  Random random(3);
  const Architecture point = space.sample(random);
  const Graph graph = space.decode(point);
  CHECK(again.metric("latency_ms").predict(graph, space, point).value ==
        device.metric("latency_ms").predict(graph, space, point).value);
  CHECK(again.metric("latency_ms").predict(graph).value > 0);
  const auto damaged = [&](const std::string& from, const std::string& to) {
    std::string bad = text;
    bad.replace(bad.find(from), from.size(), to);
    CHECK_THROWS_AS(Device::read(Config::parse(bad, "new.yaml")), ConfigError);
  };
  damaged("covariance: \"", "covariance: \"1 ");
  damaged("encoded: ", "encoded: 7");
  damaged("model: ridge", "model: oracle");
  damaged("noise: ", "noise: -");
}

TEST_CASE("A transferred device from before the ideal devices is read") {
  const Space space = synthetic::space();
  const Source known = three_devices(space)[0];
  const auto scalar = [](const char* text) { return Config::make_scalar(text, true); };
  const Config source = Config::make_map({{"device", scalar("a")}, {"model", scalar("ridge")}, {"encoded", Config::make_scalar("false")},
                                          {"coefficients", known.metric.fitted->write()}});
  const Config written = Config::make_map(
      {{"sources", Config::make_list({source})}, {"columns", scalar("")}, {"mean", scalar("0")}, {"scale", scalar("1")},
       {"low", scalar("-50")}, {"high", scalar("50")}, {"weights", scalar("0.5 2")}, {"covariance", scalar("0.1 0 0.1")},
       {"noise", Config::make_scalar("0.1")}});
  const auto model = read_transfer(Config::parse(written.yaml(), "old.yaml"));
  Random random(3);
  const std::vector<double> features = graph_features(space.decode(space.sample(random)));
  CHECK(model->mean(features) == Approx(0.5 + 2 * known.metric.fitted->mean(features)));
}

TEST_CASE("A wild row among ten hardly moves transfer") {
  const Space space = synthetic::space();
  const auto sources = three_devices(space);
  const Samples reference = reference_networks(space, 200, 1), test = measured(space, {0.03, 0.1, 1}, 200, 0, 9);
  Samples rows = measured(space, {0.03, 0.1, 1}, 12, 0.03, 5);
  rows.targets[4] *= 1e-4;
  const FittedModel fitted = fit_transfer(rows, reference, sources, space_key(space));
  CHECK(rank_correlation(*fitted.model, test) > 0.9);
}

TEST_CASE("Transfer needs a known device and bears equal rows") {
  const Space space = synthetic::space();
  const Samples reference = reference_networks(space, 50, 1), rows = measured(space, {0.03, 0.1, 1}, 6, 0.05, 4);
  CHECK_THROWS_AS(fit_transfer(rows, reference, {}, ""), std::invalid_argument);
  Samples equal;
  for (int i = 0; i < 6; ++i) equal.add(rows.row(0), 2.5);
  equal.encoding = rows.encoding;
  const FittedModel fitted = fit_transfer(equal, reference, three_devices(space), "");
  CHECK(std::exp(fitted.model->mean(rows.row(0))) == Approx(2.5).epsilon(0.05));
}

TEST_CASE("NAS-Bench-201: a phone and a GPU from ten measurements and four known devices") {
  const auto path = shared_data("nasbench201/latency_by_device.csv");
  if (!path) return;
  const Table table = Table::load(*path);
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/nasbench201.yaml");
  const std::vector<Architecture> points = points_of(space, table);
  std::vector<std::size_t> order(points.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random(1).shuffle(order);
  const auto rows = [&](const std::string& column, std::size_t from, std::size_t count) {
    const auto values = table.numbers(column);
    Samples all;
    for (std::size_t i = from; i < from + count; ++i)
      all.add(space_features(space, points[order[i]]), values[order[i]]);
    all.encoding = space.encoding_width();
    return all;
  };
  std::vector<Source> sources;
  for (const char* name : {"1080ti_1", "1080ti_256", "silver_4210r", "essential_ph_1"}) {
    const std::string column = std::string(name) + "_latency_ms";
    sources.push_back(
        {name, fit_metric(rows(column, 1000, 200), column, "gaussian_process", 1, nullptr, space_key(space))});
  }
  const Samples reference = reference_networks(space, 200, 1);
  for (const auto& [column, least] :
       {std::pair{"samsung_a50_latency_ms", 0.93}, std::pair{"titanx_32_latency_ms", 0.93}}) {
    const FittedModel fitted = fit_transfer(rows(column, 0, 10), reference, sources, space_key(space));
    CHECK(rank_correlation(*fitted.model, rows(column, 5000, 1000)) > least);
  }
}
