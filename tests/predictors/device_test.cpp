// Device files: round trip, other versions, damage; what lies outside the measurements is named.
#include "predictors/device.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "catch.hpp"
#include "predictors/features.hpp"
#include "predictors/fit.hpp"
#include "synthetic.hpp"

using namespace paretoforge;

namespace {

Device fitted_device(const std::string& model = "auto") {
  const Samples samples = synthetic::samples(synthetic::space(), 40, 0.05, 1);
  Device device{"board \"7\": a", "what it is", Measuring{"host", 2, "float"}, {}};
  device.put(fit_metric(samples, "latency_ms", model, 1));
  device.put(fit_metric(samples, "energy_mj", "ridge", 1));
  return device;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

Device parsed(const std::string& text) { return Device::read(Config::parse(text, "device.yaml")); }

}  // namespace

TEST_CASE("How a device is measured comes back from its file as it was") {
  Device device{"board", "", Measuring{}, {}};
  device.measure->kind = "command", device.measure->precision = "float";
  device.measure->command = {"ssh 'b' ./bench \"{model}\"", {"latency_ms", "energy_mj"}, 2.5, 3, 0.25, 4, 11, 7};
  const std::string text = device.yaml();
  const Device again = parsed(text);
  CHECK(again.yaml() == text);
  CHECK(again.measure->command.command == device.measure->command.command);
  CHECK(again.measure->command.answers == device.measure->command.answers);
  CHECK(again.measure->command.timeout_seconds == 2.5);
  CHECK(again.measure->command.most_rounds == 11);
  const Device least = parsed("format: 1\nname: b\nmeasure: {kind: command, command: './b {model}', timeout: 2min}\n");
  CHECK(least.measure->precision == "int8");
  CHECK(least.measure->command.answers == std::vector<std::string>{"latency_ms"});
  CHECK(least.measure->command.timeout_seconds == 120);
  const Device gpu = parsed("format: 1\nname: g\nmeasure: {kind: cuda, batch: 8}\n");
  CHECK(gpu.measure->kind == "cuda");
  CHECK(parsed(gpu.yaml()).measure->batch == 8);
  CHECK(parsed("format: 1\nname: g\nmeasure: cuda\n").measure->batch == 1);
  CHECK_THROWS_AS(parsed("format: 1\nname: g\nmeasure: {kind: cuda, batch: 0}\n"), ConfigError);
  CHECK_THROWS_AS(parsed("format: 1\nname: g\nmeasure: {kind: cuda, threads: 2}\n"), ConfigError);
  CHECK_THROWS_AS(parsed("format: 1\nname: b\nmeasure: {kind: host, threads: 0}\n"), ConfigError);
  CHECK_THROWS_AS(parsed("format: 1\nname: b\nmeasure: {kind: host, command: './b {model}'}\n"), ConfigError);
}

TEST_CASE("A device comes back from its file as it was") {
  const auto path = std::filesystem::temp_directory_path() / "paretoforge_device_test.yaml";
  const Space space = synthetic::space();
  for (const CostModelKind& kind : cost_models()) {
    INFO(kind.name);
    const Device device = fitted_device(std::string(kind.name));
    device.save(path);
    const Device again = Device::load(path);
    CHECK(again.yaml() == device.yaml());
    CHECK(again.name == device.name);
    CHECK(again.measure->threads == 2);
    CHECK(again.metric("energy_mj").unit == "mJ");
    Random random(5);
    for (int i = 0; i < 10; ++i) {
      const Graph graph = space.decode(space.sample(random));
      const CostEstimate a = device.predict("latency_ms", graph), b = again.predict("latency_ms", graph);
      CHECK(a.value == b.value);
      CHECK(a.low == b.low);
      CHECK(a.high == b.high);
      CHECK(a.low < a.value);
      CHECK(a.value < a.high);
    }
  }
  std::filesystem::remove(path);
}

TEST_CASE("Fitting a metric again replaces it and keeps the others") {
  Device device = fitted_device("ridge");
  const std::string energy = device.metric("energy_mj").fitted->write().yaml();
  device.put(fit_metric(synthetic::samples(synthetic::space(), 30, 0.05, 9), "latency_ms", "ridge", 1));
  CHECK(device.metrics.size() == 2);
  CHECK(device.metric("energy_mj").fitted->write().yaml() == energy);
  CHECK_THROWS_WITH(device.metric("power_w"),
                    "device 'board \"7\": a' has no metric 'power_w'; it has latency_ms, energy_mj");
}

TEST_CASE("A device may be known before anything was measured on it") {
  const Device device = parsed("format: 1\nname: host\nmeasure: host\n");
  CHECK(device.metrics.empty());
  CHECK(device.measure->kind == "host");
  CHECK(device.measure->threads == 1);
  CHECK_THROWS_AS(device.predict("latency_ms", Graph({1, 1, 1})), std::invalid_argument);
}

TEST_CASE("Device files of another version and damaged ones are refused with their line") {
  const std::string good = fitted_device("auto").yaml();
  CHECK_NOTHROW(parsed(good));
  CHECK(
      synthetic::refusal([&] { parsed(with(good, "format: 1", "format: 2")); }, {"device.yaml:1", "paretoforge fit"}));
  CHECK(synthetic::refusal([&] { parsed(with(good, "features: " + std::to_string(feature_version), "features: 9")); }, {"features", "paretoforge fit"}));
  CHECK_THROWS_AS(parsed(with(good, "format: 1", "size: 1")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "model: auto", "model: oracle")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "interval:", "intervals:")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "weights: \"", "weights: \"7 ")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "coefficients: \"", "coefficients: \"x ")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "coefficients: \"", "coefficients: \"inf ")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "columns: \"", "columns: \"100000 ")), ConfigError);
  CHECK_THROWS_AS(parsed(with(good, "threads: 2", "threads: 0")), ConfigError);
}

TEST_CASE("A device file cut short anywhere is refused or still whole, never a crash") {
  const std::string good = fitted_device("auto").yaml();
  for (std::size_t length = 0; length < good.size(); length += 997) {
    try {
      parsed(good.substr(0, length));
    } catch (const ConfigError&) {
      SUCCEED();
    }
  }
}

TEST_CASE("What lies outside the measurements is named and widens the interval") {
  const Device device = fitted_device();
  const Space space = synthetic::space();
  Random random(11);
  const Graph inside = space.decode(space.sample(random));
  const CostEstimate near = device.predict("latency_ms", inside);
  CHECK(near.extrapolates.empty());

  Graph large({3, 320, 320});  // ten times the resolution, and a pooling that was never measured
  Conv conv;
  conv.out = 16;
  conv.kernel = {3, 3};
  large.add(Linear{10},
            large.add(Flatten{}, large.add(GlobalPool{}, large.add(Pool{PoolKind::maximum, {2, 2}, {2, 2}, {}},
                                                                   large.add(conv, 0)))));
  const CostEstimate far = device.predict("latency_ms", large);
  REQUIRE(!far.extrapolates.empty());
  CHECK(std::find(far.extrapolates.begin(), far.extrapolates.end(), "pool") != far.extrapolates.end());
  CHECK(std::find(far.extrapolates.begin(), far.extrapolates.end(), "resolution 320") != far.extrapolates.end());
  CHECK(far.high / far.low > 4 * near.high / near.low);
}

TEST_CASE("Units follow from a metric's name") {
  CHECK(metric_unit("pixel3_latency_ms") == "ms");
  CHECK(metric_unit("energy_mj") == "mJ");
  CHECK(metric_unit("power_w") == "W");
  CHECK(metric_unit("arena_used_kb") == "KB");
  CHECK(metric_unit("score").empty());
}

TEST_CASE("Threads load and predict at once and agree") {
  const auto path = std::filesystem::temp_directory_path() / "paretoforge_device_threads_test.yaml";
  fitted_device().save(path);
  const Space space = synthetic::space();
  const auto run = [&](std::vector<double>& values) {
    const Device device = Device::load(path);
    Random random(3);
    for (int i = 0; i < 200; ++i)
      values.push_back(device.predict("latency_ms", space.decode(space.sample(random))).value);
  };
  std::vector<std::vector<double>> values(4);
  std::vector<std::thread> threads;
  for (auto& own : values) threads.emplace_back([&run, &own] { run(own); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : values) CHECK(own == values[0]);
  std::filesystem::remove(path);
}

TEST_CASE("A network of another space is predicted by its graph alone, with a wider interval") {
  const Space space = synthetic::space();
  Random random(4);
  Samples rows;
  for (int i = 0; i < 60; ++i) {
    const Architecture point = space.sample(random);
    rows.add(space_features(space, point), synthetic::milliseconds(space.decode(point), 0.02, random));
  }
  rows.encoding = space.encoding_width();
  const FittedMetric metric = fit_metric(rows, "latency_ms", "gaussian_process", 1, nullptr, space_key(space));
  const Space other(Config::parse(with(synthetic::space_text, "name: depth", "name: how_deep"), "other.yaml"));
  CHECK(space_key(other) != space_key(space));
  const Architecture point = space.sample(random);
  const Graph graph = space.decode(point);
  const CostEstimate known = metric.predict(graph, space, point), unknown = metric.predict(graph);
  CHECK(unknown.value == metric.predict(graph, other, point).value);
  CHECK(unknown.value == Approx(known.value).epsilon(0.1));
  CHECK(unknown.high / unknown.low >= known.high / known.low);
}
