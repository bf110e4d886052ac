// From a folded float model to the integer model: scales, zero points, weights, biases, tables.
#include "exporters/integer_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "exporters/convolve_internal.hpp"
#include "exporters/equalise.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/propagation_internal.hpp"
#include "exporters/weight_rounding_internal.hpp"

namespace paretoforge {

using internal::RoundedRow;

namespace {

constexpr std::int32_t lowest = -128, highest = 127;
/// A tensor of no range at all, or of one that no network means, still gets a step.
constexpr float smallest_step = 1e-10f;
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
  float scale = std::max(static_cast<float>((high - low) / 255), smallest_step);
  // The greatest value must not round above a clamp at `high`: runtimes drop a clip only if it changes nothing.
  if (low == 0)
    while (255.0f * scale > static_cast<float>(high) && scale > smallest_step) scale = std::nextafter(scale, 0.0f);
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

class Quantiser {
 public:
  Quantiser(const Model& model, const Calibration& calibration, const QuantiseOptions& options, std::span<const float> images)
      : model_(model),
        graph_(model.graph),
        calibration_(calibration),
        options_(options),
        readers_(consumers(graph_)),
        place_(static_cast<std::size_t>(graph_.size()), -1) {
    result_.input = model.input;
    if (options.rounding == WeightRounding::second_order) samples_.emplace(result_, images);
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
                     .source = last,
                     .seen = seen(last)};
    for (const NodeId input : graph_.inputs(id)) node.inputs.push_back(place_[static_cast<std::size_t>(input)]);
    if (last != id) node.activation = std::get<Activation>(graph_.op(last)).kind;
    node.output = output_of(node, last);
    if (node.activation) clamp(node);
    if (std::holds_alternative<Conv>(node.op) || std::holds_alternative<Linear>(node.op)) add_weights(node, id);
    if (const auto* activation = std::get_if<Activation>(&node.op)) add_table(node, activation->kind);
    place_[static_cast<std::size_t>(id)] = place_[static_cast<std::size_t>(last)] =
        static_cast<std::int32_t>(result_.nodes.size());
    result_.nodes.push_back(std::move(node));
    if (samples_) propagate();
  }

  Range seen(NodeId id) const {
    const auto place = static_cast<std::size_t>(id);
    return place < calibration_.seen.size() ? calibration_.seen[place] : calibration_.ranges[place];
  }

  /// The last node on all samples; what nobody reads any more goes.
  void propagate() {
    samples_->run_last();
    for (const std::int32_t input : result_.nodes.back().inputs) {
      const auto& readers = readers_[static_cast<std::size_t>(result_.nodes[static_cast<std::size_t>(input)].source)];
      const auto made = [&](NodeId reader) { return place_[static_cast<std::size_t>(reader)] >= 0; };
      if (std::all_of(readers.begin(), readers.end(), made)) samples_->forget(static_cast<std::size_t>(input));
    }
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
    const int bits = weight_bits(node.op);
    if (bits < 2 || bits > 8)
      refuse(node.name, "weights of " + std::to_string(bits) + " bits; 2 to 8 are what there is");
    const std::size_t out = static_cast<std::size_t>(node.shape.channels), row = row_size(id, out);
    std::vector<std::int8_t> kernel;
    const auto add = [&](std::size_t o, const RoundedRow& rounded, double bias) {
      node.kernel_scales.push_back(static_cast<float>(rounded.scale));
      add_bias(node, o, rounded, bias);
      kernel.insert(kernel.end(), rounded.q.begin(), rounded.q.end());
    };
    if (samples_) {
      round_by_samples(node, id, add);
    } else {
      for (std::size_t o = 0; o < out; ++o) {
        const auto channel = channel_of(id, o, row);
        const double bias = bias_of(id, o), scale = std::max(internal::nearest_scale(channel, bits), least_scale(node, bias));
        const RoundedRow rounded = internal::rounded_to_nearest(channel, scale, bits);
        add(o, rounded, bias + (options_.correct_bias ? mean_error(node, o, channel, rounded) : 0));
      }
    }
    node.kernel = internal::depth_last(kernel, row / taps_of(node), taps_of(node));
  }

  /// Each group of outputs by the moments of what it reads; biases make the mean output what it was in float.
  template <class Add>
  void round_by_samples(const IntegerNode& node, NodeId id, const Add& add) const {
    const std::vector<internal::LayerInput> inputs = samples_->inputs_of(node);
    const std::size_t width = static_cast<std::size_t>(node.shape.channels) / inputs.size();
    for (std::size_t group = 0; group < inputs.size(); ++group) {
      std::optional<internal::SecondOrderRounding> rounding;
      if (!inputs[group].covariance.empty()) rounding.emplace(inputs[group].covariance, inputs[group].size());
      for (std::size_t o = group * width; o < (group + 1) * width; ++o) {
        const auto channel = channel_of(id, o, inputs[group].size());
        const double least = least_scale(node, bias_of(id, o));
        const int bits = weight_bits(node.op);
        const RoundedRow rounded = rounding ? rounding->round(channel, bits, least)
                                            : internal::rounded_to_nearest(channel, std::max(internal::nearest_scale(channel, bits), least), bits);
        double sum = 0;
        for (std::size_t i = 0; i < rounded.q.size(); ++i) sum += rounded.q[i] * inputs[group].mean[i];
        const double mean = double{calibration_.means[static_cast<std::size_t>(id)][o]};
        add(o, rounded, options_.correct_bias ? mean - sum * rounded.scale * double{input(node).output.scale} : bias_of(id, o));
      }
    }
  }

  std::size_t row_size(NodeId id, std::size_t out) const { return model_.weights[static_cast<std::size_t>(id)].kernel.size() / out; }
  std::span<const float> channel_of(NodeId id, std::size_t o, std::size_t row) const {
    return {&model_.weights[static_cast<std::size_t>(id)].kernel[o * row], row};
  }
  double bias_of(NodeId id, std::size_t o) const { return double{model_.weights[static_cast<std::size_t>(id)].bias[o]}; }

  /// Below this scale the bias would not fit, or products would be rescaled by less than fixed point can.
  double least_scale(const IntegerNode& node, double bias) const {
    const double in = double{input(node).output.scale}, out = double{node.output.scale};
    return std::max(std::abs(bias) / (in * greatest_bias), least_multiplier * out / in);
  }

  /// What the output lacks on average once its weights are rounded, by the float means of its inputs.
  double mean_error(const IntegerNode& node, std::size_t o, std::span<const float> weights, const RoundedRow& rounded) const {
    const auto& means = calibration_.means[static_cast<std::size_t>(input(node).source)];
    const std::size_t taps = taps_of(node), first = first_input(node, o, weights.size() / taps);
    double error = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      error += (weights[i] - rounded.q[i] * rounded.scale) * double{means[first + i / taps]};
    return error;
  }

  void add_bias(IntegerNode& node, std::size_t o, const RoundedRow& rounded, double bias) const {
    std::int64_t reach = 0;
    for (const std::int8_t q : rounded.q) reach += 255 * std::abs(std::int64_t{q});
    const double in_quanta = std::nearbyint(bias / double{input(node).output.scale * node.kernel_scales[o]});
    if (!(std::abs(in_quanta) + static_cast<double>(reach) <= std::numeric_limits<std::int32_t>::max()))
      refuse(node.name, "the sum of output channel " + std::to_string(o) + " could leave 32 bits");
    node.bias.push_back(static_cast<std::int32_t>(in_quanta));
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
  const QuantiseOptions& options_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<std::int32_t> place_;
  IntegerModel result_;
  std::optional<internal::Propagation> samples_;  ///< through result_, where rounding asks for them
};

}  // namespace

std::int8_t quantise(float x, const Quantisation& quantisation) {
  const float q = std::nearbyint(x / quantisation.scale) + static_cast<float>(quantisation.zero_point);
  return static_cast<std::int8_t>(std::clamp(q, static_cast<float>(lowest), static_cast<float>(highest)));
}

std::string_view rounding_name(Rounding rounding) { return rounding == Rounding::single ? "single" : "double"; }

IntegerModel quantised(const Model& folded, const Calibration& calibration, const QuantiseOptions& options,
                       std::span<const float> images) {
  const auto nodes = static_cast<std::size_t>(folded.graph.size());
  if (calibration.ranges.size() != nodes || calibration.means.size() != nodes)
    throw std::invalid_argument("a calibration of " + std::to_string(calibration.ranges.size()) +
                                " nodes for a model of " + std::to_string(nodes));
  return Quantiser(folded, calibration, options, images).run();
}

IntegerModel quantised(const Model& model, std::span<const float> images, const QuantiseOptions& options) {
  const Model plain = folded(model);
  const Calibration seen = calibrate(plain, images, options.calibration);
  if (!options.equalise) return quantised(plain, seen, options, images);
  const Model even = equalised(plain, seen);
  return quantised(even, calibrate(even, images, options.calibration), options, images);
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
