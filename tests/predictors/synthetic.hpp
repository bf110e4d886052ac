// Small networks and made-up devices whose costs are known, for the tests of predictors.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>

#include "configs/table.hpp"
#include "predictors/cost_model.hpp"
#include "predictors/features.hpp"
#include "space/space.hpp"

namespace paretoforge::synthetic {

inline const char* const space_text = R"(
name: small
input: [3, 32, 32]
layers:
  - conv: {out: {choice: [8, 16, 24, 32], name: stem}, kernel: 3, stride: 2, act: relu}
  - repeat:
      times: {choice: [1, 2, 3, 4], name: depth}
      layers:
        - choice:
            - conv: {out: {choice: [8, 16, 32], name: "width_{i}"}, kernel: 3, act: relu}
            - dsconv: {out: {choice: [16, 32, 48], name: "ds_width_{i}"}, kernel: {choice: [3, 5], name: "kernel_{i}"}}
          name: "block_{i}"
  - pool: {kind: average, global: true}
  - linear: {out: 10}
)";

inline Space space() { return Space(Config::parse(space_text, "small.yaml")); }

/// A device that runs kernels one after the other: 20 us each, 2 MACs and 1 element moved per ns, in ms; times
/// exp(noise * normal).
inline double milliseconds(const Graph& graph, double noise, Random& random) {
  const Graph left = pruned(graph);
  double sum = 0;
  for (const Kernel& kernel : fused_kernels(left)) {
    const KernelCost cost = kernel_cost(left, kernel);
    sum += 0.02 + cost.work / 2e6 + cost.moved / 1e6;
  }
  return sum * std::exp(noise * random.normal());
}

inline Samples samples(const Space& from, std::size_t rows, double noise, std::uint64_t seed) {
  Random random(seed);
  Samples all;
  for (std::size_t i = 0; i < rows; ++i) {
    const Graph graph = from.decode(from.sample(random));
    all.add(graph_features(graph), milliseconds(graph, noise, random));
  }
  return all;
}

/// The same as a CSV table with the column latency_ms.
inline std::string csv(const Space& from, std::size_t rows, double noise, std::uint64_t seed) {
  Random random(seed);
  std::string text;
  for (const Decision& decision : from.decisions()) text += csv_field(decision.name) + ",";
  text += "latency_ms\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const Architecture point = from.sample(random);
    for (const std::string& label : from.labels(point)) text += csv_field(label) + ",";
    text += number_text(milliseconds(from.decode(point), noise, random)) + "\n";
  }
  return text;
}

/// Whether the action throws a ConfigError whose message holds every part.
template <class Action>
bool refusal(const Action& action, std::initializer_list<std::string_view> parts) {
  try {
    action();
  } catch (const ConfigError& error) {
    const std::string_view message = error.what();
    return std::all_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return message.find(part) != std::string_view::npos; });
  }
  return false;
}

}  // namespace paretoforge::synthetic
