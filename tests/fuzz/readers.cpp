#include "readers.hpp"

#include <cstdlib>
#include <string>

#include "configs/config.hpp"
#include "configs/table.hpp"
#include "predictors/device.hpp"
#include "predictors/features.hpp"
#include "predictors/onnx.hpp"
#include "predictors/totals.hpp"
#include "space/space.hpp"

namespace paretoforge::fuzz {
namespace {

/// What holds for every graph, whoever made it.
void use(const Graph& graph) {
  if (graph.size() > 3000) return;  // a large network is slow, not wrong
  const Totals sums = totals(graph, {.weight_bits = {}, .activation_bits = {}, .most_ideals = 1000});
  if (sums.macs < 0 || sums.params < 0 || sums.weight_bytes < 0 || sums.macs > sums.macs_as_written) std::abort();
  if (sums.peak_activation_bytes_low > sums.peak_activation_bytes) std::abort();
  for (const double feature : graph_features(graph))
    if (!(feature >= 0)) std::abort();
  if (!same_network(graph, graph)) std::abort();
}

/// What `work` does but for ConfigError.
template <class Work>
bool accepted(Work&& work) {
  try {
    work();
  } catch (const ConfigError&) {
    return false;
  }
  return true;
}

}  // namespace

bool feed_onnx(std::string_view bytes) {
  return accepted([&] { use(read_onnx(bytes, "fuzz.onnx")); });
}

bool feed_table(std::string_view bytes) {
  return accepted([&] {
    const Table table = Table::parse(bytes, "fuzz.csv");
    for (const std::string& column : table.columns()) accepted([&] { table.numbers(column); });
  });
}

bool feed_space(std::string_view bytes) {
  return accepted([&] {
    const Config document = Config::parse(bytes, "fuzz.yaml");
    if (Config::parse(document.yaml(), "again.yaml").yaml() != document.yaml()) std::abort();
    const Space space(document);
    Random random(1);
    for (int i = 0; i < 3; ++i) {
      const Architecture point = space.sample(random);
      if (!space.is_canonical(point) || space.from_labels(space.labels(point)) != point) std::abort();
      accepted([&] { use(space.decode(point)); });
    }
  });
}

bool feed_device(std::string_view bytes) {
  static const Graph graph = [] {
    Graph made({3, 32, 32});
    made.add(Linear{.out = 10},
             made.add(GlobalPool{},
                      made.add(Conv{.out = 16, .kernel = {3, 3}, .stride = {}, .dilation = {}, .pad = {}}, NodeId{0})));
    return made;
  }();
  return accepted([&] {
    const Device device = Device::read(Config::parse(bytes, "fuzz.yaml"));
    for (const FittedMetric& metric : device.metrics) metric.predict(graph);
    if (Device::read(Config::parse(device.yaml(), "again.yaml")).yaml() != device.yaml()) std::abort();
  });
}

}  // namespace paretoforge::fuzz
