// Random weights for untrained networks.
#include "space/model.hpp"

#include <cmath>

#include "space/random.hpp"

namespace paretoforge {
namespace {

std::vector<float> normals(std::int64_t count, double deviation, Random& random) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(deviation * random.normal());
  return values;
}

std::vector<float> uniforms(std::int64_t count, double low, double high, Random& random) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = static_cast<float>(random.uniform(low, high));
  return values;
}

/// He et al., "Delving deep into rectifiers" (2015): deviation sqrt(2 / fan_in).
Weights he_normal(std::int64_t out, std::int64_t fan_in, bool bias, Random& random) {
  Weights weights;
  weights.kernel = normals(out * fan_in, std::sqrt(2.0 / static_cast<double>(fan_in)), random);
  if (bias) weights.bias = normals(out, 0.1, random);
  return weights;
}

}  // namespace

Model random_model(const Graph& graph, std::uint64_t seed) {
  Model model{graph, std::vector<Weights>(static_cast<std::size_t>(graph.size())), {}, {}};
  for (NodeId id = 1; id < graph.size(); ++id) {
    Random random(derived_seed(seed, static_cast<std::uint64_t>(id)));
    const Shape& in = graph.shape(graph.inputs(id)[0]);
    Weights& weights = model.weights[static_cast<std::size_t>(id)];
    if (const auto* conv = std::get_if<Conv>(&graph.op(id))) {
      const std::int64_t fan_in = std::int64_t{in.channels / conv->groups} * conv->kernel.height * conv->kernel.width;
      weights = he_normal(conv->out, fan_in, conv->bias, random);
    } else if (const auto* linear = std::get_if<Linear>(&graph.op(id))) {
      weights = he_normal(linear->out, in.elements(), linear->bias, random);
    } else if (std::holds_alternative<BatchNorm>(graph.op(id))) {
      weights.gamma = uniforms(in.channels, 0.5, 1.5, random);
      weights.beta = normals(in.channels, 0.2, random);
      weights.mean = normals(in.channels, 0.2, random);
      weights.variance = uniforms(in.channels, 0.5, 1.5, random);
    }
  }
  return model;
}

}  // namespace paretoforge
