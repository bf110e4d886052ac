// From a folded float model to the integer model: scales, zero points, weights, biases, tables.
#include "exporters/integer_model.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "exporters/convolve_internal.hpp"
#include "exporters/equalise.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/propagation_internal.hpp"
#include "exporters/weight_rounding_internal.hpp"
#include "space/integer_steps.hpp"

namespace paretoforge {
namespace {

class Quantiser {
 public:
  Quantiser(const Model& model, const Calibration& calibration, const QuantiseOptions& options, std::span<const float> images)
      : model_(model),
        graph_(model.graph),
        calibration_(calibration),
        options_(options),
        readers_(consumers(graph_)),
        steps_(integer_steps(graph_)),
        made_(static_cast<std::size_t>(graph_.size()), false) {
    result_.input = model.input;
    result_.targets = model.output;
    if (options.rounding == WeightRounding::second_order) samples_.emplace(result_, images);
  }

  IntegerModel run() {
    for (const IntegerStep& step : steps_) add(step);
    result_.output = output_step(graph_, steps_);
    return std::move(result_);
  }

 private:
  void add(const IntegerStep& step) {
    IntegerNode node{.name = graph_.name(step.node),
                     .op = graph_.op(step.node),
                     .inputs = step.inputs,
                     .shape = graph_.shape(step.node),
                     .output = {},
                     .activation = step.activation,
                     .kernel = {},
                     .kernel_scales = {},
                     .bias = {},
                     .table = {},
                     .source = step.last,
                     .seen = seen(step.last)};
    const Quantisation in = node.inputs.empty() ? Quantisation{} : input(node).output;
    node.output = output_quantisation(graph_, step, in, calibration_.ranges[static_cast<std::size_t>(step.last)]);
    const Clip clip = output_clip(step, node.output);
    node.low = clip.low;
    node.high = clip.high;
    if (has_weights(node.op)) add_weights(node, step.node);
    if (const auto* activation = std::get_if<Activation>(&node.op)) node.table = activation_table(activation->kind, in, node.output);
    result_.nodes.push_back(std::move(node));
    made_[static_cast<std::size_t>(step.node)] = made_[static_cast<std::size_t>(step.last)] = true;
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
      if (std::all_of(readers.begin(), readers.end(), [&](NodeId reader) { return made_[static_cast<std::size_t>(reader)]; }))
        samples_->forget(static_cast<std::size_t>(input));
    }
  }

  void add_weights(IntegerNode& node, NodeId id) const {
    const int bits = checked_weight_bits(weight_bits(node.op), node.name);
    const std::size_t out = static_cast<std::size_t>(node.shape.channels), row = row_size(id, out);
    std::vector<std::int8_t> kernel;
    const auto add = [&](std::size_t o, const RoundedRow& rounded, double bias) {
      node.kernel_scales.push_back(static_cast<float>(rounded.scale));
      node.bias.push_back(integer_bias(bias, input(node).output.scale, rounded, node.name, o));
      kernel.insert(kernel.end(), rounded.q.begin(), rounded.q.end());
    };
    if (samples_) {
      round_by_samples(node, id, add);
    } else {
      for (std::size_t o = 0; o < out; ++o) {
        const auto channel = channel_of(id, o, row);
        const double bias = bias_of(id, o), scale = std::max(nearest_scale(channel, bits), least_scale(node, bias));
        const RoundedRow rounded = rounded_to_nearest(channel, scale, bits);
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
        const RoundedRow rounded = rounding && bits > 1 ? rounding->round(channel, bits, least)
                                            : rounded_to_nearest(channel, std::max(nearest_scale(channel, bits), least), bits);
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

  double least_scale(const IntegerNode& node, double bias) const { return least_weight_scale(bias, input(node).output.scale, node.output.scale); }

  /// What the output lacks on average once its weights are rounded, by the float means of its inputs.
  double mean_error(const IntegerNode& node, std::size_t o, std::span<const float> weights, const RoundedRow& rounded) const {
    const auto& means = calibration_.means[static_cast<std::size_t>(input(node).source)];
    const std::size_t taps = taps_of(node), first = first_input(node, o, weights.size() / taps);
    double error = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      error += (weights[i] - rounded.q[i] * rounded.scale) * double{means[first + i / taps]};
    return error;
  }

  static std::size_t taps_of(const IntegerNode& node) {
    const auto* conv = std::get_if<Conv>(&node.op);
    return conv ? static_cast<std::size_t>(conv->kernel.height * conv->kernel.width) : 1;
  }
  static std::size_t first_input(const IntegerNode& node, std::size_t out, std::size_t depth) {
    const auto* conv = std::get_if<Conv>(&node.op);
    return conv ? out / static_cast<std::size_t>(conv->out / conv->groups) * depth : 0;
  }

  const IntegerNode& input(const IntegerNode& node) const {
    return result_.nodes[static_cast<std::size_t>(node.inputs[0])];
  }

  const Model& model_;
  const Graph& graph_;
  const Calibration& calibration_;
  const QuantiseOptions& options_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<IntegerStep> steps_;
  std::vector<bool> made_;
  IntegerModel result_;
  std::optional<internal::Propagation> samples_;  ///< through result_, where rounding asks for them
};

}  // namespace

std::string_view rounding_name(Rounding rounding) { return rounding == Rounding::single ? "single" : "double"; }

IntegerModel quantised(const Model& folded, const Calibration& calibration, const QuantiseOptions& options,
                       std::span<const float> images) {
  const auto nodes = static_cast<std::size_t>(folded.graph.size());
  if (calibration.ranges.size() != nodes || calibration.means.size() != nodes)
    throw std::invalid_argument("a calibration of " + std::to_string(calibration.ranges.size()) +
                                " nodes for a model of " + std::to_string(nodes));
  return Quantiser(folded, calibration, options, images).run();
}

IntegerModel quantised(const Model& model) {
  if (model.ranges.empty()) throw std::invalid_argument("a model without ranges is quantised with samples");
  const Model plain = folded(model);
  Calibration given{plain.ranges, plain.ranges, {}, {}};
  given.means.resize(plain.ranges.size());
  return quantised(plain, given, {.equalise = false, .correct_bias = false});
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
