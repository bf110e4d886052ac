// The sensitivity pass: two integer models of one network, one with wide and one with narrow weights; layers of the
// second take their places in the first, one at a time.
#include "exporters/mixed_precision.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "exporters/float_model.hpp"
#include "exporters/reference.hpp"

namespace paretoforge {
namespace {

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// The node of the integer model that a layer of the model became. Folding numbers nodes anew, so the layer is marked.
std::size_t node_of(const Model& wide, NodeId layer, const IntegerModel& integer) {
  const Graph graph = folded(with_weight_bits(wide, std::vector{layer}, 7)).graph;
  for (NodeId id = 0; id < graph.size(); ++id)
    if (has_weights(graph.op(id)) && weight_bits(graph.op(id)) == 7)
      for (std::size_t n = 0; n < integer.nodes.size(); ++n)
        if (integer.nodes[n].name == graph.name(id)) return n;
  return integer.nodes.size();
}

/// The mean square of what an integer model's output lacks to `expected`.
double output_error(const IntegerModel& model, std::span<const float> images, const std::vector<std::vector<float>>& expected) {
  IntegerInterpreter interpreter(model);
  const IntegerNode& output = model.nodes[size_of(model.output)];
  const std::size_t size = static_cast<std::size_t>(model.nodes[0].shape.elements());
  double sum = 0, power = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto found = dequantised(output, interpreter.run(quantised_input(model, images.subspan(i * size, size))));
    for (std::size_t k = 0; k < found.size(); ++k) {
      sum += std::pow(double{found[k]} - double{expected[i][k]}, 2);
      power += std::pow(double{expected[i][k]}, 2);
    }
  }
  return power > 0 ? sum / power : sum;
}

}  // namespace

std::vector<NodeId> weighted_layers(const Graph& graph) {
  std::vector<NodeId> layers;
  for (NodeId id = 0; id < graph.size(); ++id)
    if (has_weights(graph.op(id))) layers.push_back(id);
  return layers;
}

Model with_weight_bits(Model model, std::span<const NodeId> layers, int bits) {
  if (std::any_of(layers.begin(), layers.end(), [&](NodeId id) { return !has_weights(model.graph.op(id)); }))
    throw std::invalid_argument("weight bits for a node that has no weights");
  if (!layers.empty() && (bits < 1 || bits > 32)) throw std::invalid_argument("weights of " + std::to_string(bits) + " bits; 1 to 32 can be said");
  for (const NodeId layer : layers) model.graph.set_weight_bits(layer, bits);
  return model;
}

std::vector<LayerSensitivity> sensitivities(const Model& model, std::span<const float> images, const QuantiseOptions& options,
                                            int bits, std::size_t watched) {
  if (bits < 2 || bits > 7) throw std::invalid_argument("a sensitivity to weights of " + std::to_string(bits) + " bits; 2 to 7 can be asked for");
  const std::vector<NodeId> layers = weighted_layers(model.graph);
  if (layers.size() < 3) return {};
  const Model wide = with_weight_bits(model, layers, 8);
  IntegerModel integer = quantised(wide, images, options);
  const IntegerModel narrow = quantised(with_weight_bits(model, layers, bits), images, options);
  const std::size_t size = static_cast<std::size_t>(model.graph.shape(0).elements());
  std::vector<std::vector<float>> expected;
  FloatInterpreter real(model);
  for (std::size_t i = 0; i < std::min(watched, images.size() / size); ++i) expected.push_back(real.run(images.subspan(i * size, size)));
  std::vector<LayerSensitivity> result;
  for (const NodeId layer : std::span(layers).subspan(1, layers.size() - 2)) {
    const std::size_t node = node_of(wide, layer, integer);
    if (node == integer.nodes.size()) continue;  // it does not lead to the output
    const IntegerNode before = integer.nodes[node];
    integer.nodes[node] = narrow.nodes[node];
    const auto weights = static_cast<std::int64_t>(before.kernel.size());
    result.push_back({layer, model.graph.name(layer), weights - (weights * bits + 7) / 8, output_error(integer, images, expected)});
    integer.nodes[node] = before;
  }
  const auto cost = [](const LayerSensitivity& each) { return each.error / static_cast<double>(std::max<std::int64_t>(1, each.saved_bytes)); };
  std::stable_sort(result.begin(), result.end(), [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
  return result;
}

}  // namespace paretoforge
