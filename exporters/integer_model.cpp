// From a folded float model to the integer model: scales, zero points, weights, biases, tables.
#include "exporters/integer_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "exporters/convolve_internal.hpp"
#include "exporters/equalise.hpp"
#include "exporters/float_model.hpp"

namespace paretoforge {
namespace {

constexpr std::int32_t lowest = -128, highest = 127;
/// A tensor of no range at all, or of one that no network means, still gets a step.
constexpr float least_scale = 1e-10f;
/// Products are rescaled by at least this much: below it a whole sum is a fraction of a quantum, and
/// fixed-point multipliers run out of shift.
constexpr double least_multiplier = 0x1p-24;
/// No bias is larger, so that sums have room beside it.
constexpr double greatest_bias = 0x1p29;

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw std::invalid_argument("cannot quantise " + name + ": " + why);
}

Quantisation quantisation_of(const Range& range, const std::string& name) {
  if (!std::isfinite(range.low) || !std::isfinite(range.high) || range.low > range.high)
    refuse(name, "its range is " + std::to_string(range.low) + " to " + std::to_string(range.high));
  const double low = std::min(range.low, 0.0f), high = std::max(range.high, 0.0f);
  if (low == high) return {1.0f / 256, 0};  // always zero
  float scale = std::max(static_cast<float>((high - low) / 255), least_scale);
  // The greatest value must not round above a clamp at `high`: runtimes drop a clip only if it changes nothing.
  if (low == 0)
    while (255.0f * scale > static_cast<float>(high) && scale > least_scale) scale = std::nextafter(scale, 0.0f);
  const double zero = std::nearbyint(lowest - low / double{scale});
  return {scale, static_cast<std::int32_t>(std::clamp(zero, double{lowest}, double{highest}))};
}

bool keeps_scale(const Op& op) {
  if (const auto* pool = std::get_if<GlobalPool>(&op)) return pool->kind == PoolKind::maximum;
  return std::holds_alternative<Pool>(op) || std::holds_alternative<ChannelShuffle>(op) ||
         std::holds_alternative<Flatten>(op);
}

bool is_clamp(const Op& op) {
  const auto* activation = std::get_if<Activation>(&op);
  return activation && (activation->kind == ActivationKind::relu || activation->kind == ActivationKind::relu6);
}

/// Whether the op makes its output anew, so that a clamp can be part of it.
bool takes_clamp(const Op& op) {
  if (const auto* pool = std::get_if<GlobalPool>(&op)) return pool->kind == PoolKind::average;
  return std::holds_alternative<Conv>(op) || std::holds_alternative<Linear>(op) || std::holds_alternative<Add>(op) ||
         std::holds_alternative<Multiply>(op);
}

int weight_bits(const Op& op) {
  if (const auto* conv = std::get_if<Conv>(&op)) return conv->weight_bits;
  return std::get<Linear>(op).weight_bits;
}

double squared_error(std::span<const float> weights, double scale, double limit) {
  double sum = 0;
  for (const float weight : weights) {
    const double difference = weight - scale * std::clamp(std::nearbyint(weight / scale), -limit, limit);
    sum += difference * difference;
  }
  return sum;
}

/// The scale of one output channel. Eight bits reach to the greatest weight; fewer clip where that errs least.
double weight_scale(std::span<const float> weights, int bits) {
  const double limit = (1 << (bits - 1)) - 1;
  double greatest = 0;
  for (const float weight : weights) greatest = std::max(greatest, std::abs(double{weight}));
  double best = greatest / limit;
  if (bits >= 8 || greatest == 0) return best;
  double least = squared_error(weights, best, limit);
  for (int step = 98; step >= 40; step -= 2)
    if (const double error = squared_error(weights, greatest / limit * step / 100, limit); error < least) {
      least = error;
      best = greatest / limit * step / 100;
    }
  return best;
}

class Quantiser {
 public:
  Quantiser(const Model& model, const Calibration& calibration)
      : model_(model),
        graph_(model.graph),
        calibration_(calibration),
        readers_(consumers(graph_)),
        place_(static_cast<std::size_t>(graph_.size()), -1) {
    result_.input = model.input;
  }

  IntegerModel run() {
    for (NodeId id = 0; id < graph_.size(); ++id)
      if (place_[static_cast<std::size_t>(id)] < 0) add(id);
    result_.output = place_[static_cast<std::size_t>(graph_.output())];
    return std::move(result_);
  }

 private:
  void add(NodeId id) {
    const NodeId last = fused_clamp(id);
    const std::string name = graph_.name(id);
    if (graph_.node(last).activation_bits != 8)
      refuse(name,
             "activations of " + std::to_string(graph_.node(last).activation_bits) + " bits; int8 is what there is");
    IntegerNode node{.name = name,
                     .op = graph_.op(id),
                     .inputs = {},
                     .shape = graph_.shape(id),
                     .output = {},
                     .activation = {},
                     .kernel = {},
                     .kernel_scales = {},
                     .bias = {},
                     .table = {},
                     .source = last};
    for (const NodeId input : graph_.inputs(id)) node.inputs.push_back(place_[static_cast<std::size_t>(input)]);
    if (last != id) node.activation = std::get<Activation>(graph_.op(last)).kind;
    node.output = output_of(node, last);
    if (node.activation) clamp(node);
    if (std::holds_alternative<Conv>(node.op) || std::holds_alternative<Linear>(node.op)) add_weights(node, id);
    if (const auto* activation = std::get_if<Activation>(&node.op)) add_table(node, activation->kind);
    place_[static_cast<std::size_t>(id)] = place_[static_cast<std::size_t>(last)] =
        static_cast<std::int32_t>(result_.nodes.size());
    result_.nodes.push_back(std::move(node));
  }

  /// The ReLU or ReLU6 that alone reads `id`, else `id`.
  NodeId fused_clamp(NodeId id) const {
    const auto& readers = readers_[static_cast<std::size_t>(id)];
    const bool fuses =
        takes_clamp(graph_.op(id)) && readers.size() == 1 && id != graph_.output() && is_clamp(graph_.op(readers[0]));
    return fuses ? readers[0] : id;
  }

  Quantisation output_of(const IntegerNode& node, NodeId last) const {
    if (keeps_scale(node.op)) return input(node).output;
    if (std::holds_alternative<Softmax>(node.op)) return {1.0f / 256, lowest};
    const Op& end = graph_.op(last);
    if (const auto* activation = std::get_if<Activation>(&end);
        activation && activation->kind == ActivationKind::sigmoid)
      return {1.0f / 256, lowest};
    Range range = calibration_.ranges[static_cast<std::size_t>(last)];
    if (!is_clamp(end)) return quantisation_of(range, graph_.name(last));
    range.low = std::max(range.low, 0.0f);
    if (std::get<Activation>(end).kind == ActivationKind::relu6) range.high = std::min(range.high, 6.0f);
    const Quantisation quantisation = quantisation_of(range, graph_.name(last));
    return {quantisation.scale, lowest};
  }

  void clamp(IntegerNode& node) const {
    node.low = node.output.zero_point;
    if (node.activation == ActivationKind::relu6) node.high = quantise(6.0f, node.output);
  }

  void add_weights(IntegerNode& node, NodeId id) const {
    const Weights& weights = model_.weights[static_cast<std::size_t>(id)];
    const auto out = static_cast<std::size_t>(node.shape.channels);
    const std::size_t row = weights.kernel.size() / out;
    const int bits = weight_bits(node.op);
    if (bits < 2 || bits > 8)
      refuse(node.name, "weights of " + std::to_string(bits) + " bits; 2 to 8 are what there is");
    std::vector<std::int8_t> kernel(weights.kernel.size());
    for (std::size_t o = 0; o < out; ++o) {
      const std::span<const float> channel(&weights.kernel[o * row], row);
      const double scale = channel_scale(node, channel, double{weights.bias[o]}, bits);
      node.kernel_scales.push_back(static_cast<float>(scale));
      add_channel(node, channel, {&kernel[o * row], row}, double{weights.bias[o]}, o);
    }
    const auto* conv = std::get_if<Conv>(&node.op);
    const std::size_t taps = conv ? static_cast<std::size_t>(conv->kernel.height * conv->kernel.width) : 1;
    node.kernel = internal::depth_last(kernel, row / taps, taps);
  }

  double channel_scale(const IntegerNode& node, std::span<const float> weights, double bias, int bits) const {
    const double in = double{input(node).output.scale}, out = double{node.output.scale};
    return std::max({weight_scale(weights, bits), std::abs(bias) / (in * greatest_bias), least_multiplier * out / in});
  }

  void add_channel(IntegerNode& node, std::span<const float> weights, std::span<std::int8_t> quantised, double bias,
                   std::size_t o) const {
    const double limit = (1 << (weight_bits(node.op) - 1)) - 1, scale = double{node.kernel_scales[o]};
    const auto& means = calibration_.means[static_cast<std::size_t>(input(node).source)];
    const std::size_t taps = taps_of(node), depth = weights.size() / taps, first = first_input(node, o, depth);
    std::int64_t reach = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double q = std::clamp(std::nearbyint(weights[i] / scale), -limit, limit);
      quantised[i] = static_cast<std::int8_t>(q);
      reach += 255 * std::abs(static_cast<std::int64_t>(q));
      bias += (weights[i] - q * scale) * double{means[first + i / taps]};
    }
    const double bias_scale = double{input(node).output.scale * node.kernel_scales[o]};
    const double rounded = std::nearbyint(bias / bias_scale);
    if (!(std::abs(rounded) + static_cast<double>(reach) <= std::numeric_limits<std::int32_t>::max()))
      refuse(node.name, "the sum of output channel " + std::to_string(o) + " could leave 32 bits");
    node.bias.push_back(static_cast<std::int32_t>(rounded));
  }

  static std::size_t taps_of(const IntegerNode& node) {
    const auto* conv = std::get_if<Conv>(&node.op);
    return conv ? static_cast<std::size_t>(conv->kernel.height * conv->kernel.width) : 1;
  }
  static std::size_t first_input(const IntegerNode& node, std::size_t out, std::size_t depth) {
    const auto* conv = std::get_if<Conv>(&node.op);
    return conv ? out / static_cast<std::size_t>(conv->out / conv->groups) * depth : 0;
  }

  void add_table(IntegerNode& node, ActivationKind kind) const {
    const Quantisation& in = input(node).output;
    for (std::int32_t q = lowest; q <= highest; ++q)
      node.table.push_back(quantise(activate(kind, static_cast<float>(q - in.zero_point) * in.scale), node.output));
  }

  const IntegerNode& input(const IntegerNode& node) const {
    return result_.nodes[static_cast<std::size_t>(node.inputs[0])];
  }

  const Model& model_;
  const Graph& graph_;
  const Calibration& calibration_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<std::int32_t> place_;
  IntegerModel result_;
};

}  // namespace

std::int8_t quantise(float x, const Quantisation& quantisation) {
  const float q = std::nearbyint(x / quantisation.scale) + static_cast<float>(quantisation.zero_point);
  return static_cast<std::int8_t>(std::clamp(q, static_cast<float>(lowest), static_cast<float>(highest)));
}

std::string_view rounding_name(Rounding rounding) { return rounding == Rounding::single ? "single" : "double"; }

IntegerModel quantised(const Model& folded, const Calibration& calibration) {
  const auto nodes = static_cast<std::size_t>(folded.graph.size());
  if (calibration.ranges.size() != nodes || calibration.means.size() != nodes)
    throw std::invalid_argument("a calibration of " + std::to_string(calibration.ranges.size()) +
                                " nodes for a model of " + std::to_string(nodes));
  return Quantiser(folded, calibration).run();
}

IntegerModel quantised(const Model& model, std::span<const float> images, const CalibrationOptions& options) {
  const Model plain = folded(model);
  const Model even = equalised(plain, calibrate(plain, images, options));
  return quantised(even, calibrate(even, images, options));
}

std::vector<std::int8_t> quantised_input(const IntegerModel& model, std::span<const float> input) {
  const IntegerNode& node = model.nodes.front();
  if (input.size() != static_cast<std::size_t>(node.shape.elements()))
    throw std::invalid_argument("an input of " + std::to_string(input.size()) + " numbers for a network that takes " +
                                to_string(node.shape));
  const std::vector<float> values = internal::channels_last(input.data(), node.shape);
  std::vector<std::int8_t> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) result[i] = quantise(values[i], node.output);
  return result;
}

std::vector<float> dequantised(const IntegerNode& node, std::span<const std::int8_t> value) {
  std::vector<float> result(value.size());
  for (std::size_t i = 0; i < value.size(); ++i)
    result[i] = static_cast<float>(value[i] - node.output.zero_point) * node.output.scale;
  return internal::channels_first(result.data(), node.shape);
}

}  // namespace paretoforge
