// A trained network: a graph with its weights and the ranges of its activations, as plain arrays.
#pragma once

#include <cstdint>
#include <vector>

#include "space/graph.hpp"

namespace paretoforge {

/// The numbers of one node; which are present depends on its op.
struct Weights {
  std::vector<float> kernel;  ///< Conv: [out, in/groups, kh, kw]; Linear: [out, in]
  std::vector<float> bias;    ///< [out] where the op has a bias, else empty
  std::vector<float> gamma, beta, mean, variance;  ///< BatchNorm: [channels]
};

/// The least and greatest value seen at a node's output in calibration or training.
struct Range {
  float low = 0, high = 0;
};

/// What comes into a network: x (a pixel, 0 to 255, scaled to 0..1; or a value as it is) enters as
/// (x - mean) / deviation, per channel; empty means as it is.
struct Normalisation {
  std::vector<float> mean, deviation;
};

struct Model {
  Graph graph;
  std::vector<Weights> weights;  ///< one per node
  std::vector<Range> ranges;     ///< one per node where it was trained quantised (zero for nodes fused away), else empty
  Normalisation input;           ///< what the training data went through
  Normalisation output = {};     ///< of a regression: output y of a unit stands for mean + deviation * y; else empty
};

inline constexpr float batch_norm_epsilon = 1e-5f;

/// A model with random weights (He normal; norms near identity with random statistics), for tests and for
/// exports of untrained architectures. Same seed, same weights.
Model random_model(const Graph& graph, std::uint64_t seed);

}  // namespace paretoforge
