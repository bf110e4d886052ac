// The two ONNX writers: they differ in what stands between the ops.
#include "exporters/onnx_writer.hpp"

#include <onnx/checker.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "exporters/convolve_internal.hpp"
#include "exporters/float_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_builder_internal.hpp"
#include "space/integer_steps.hpp"

namespace paretoforge {

using internal::OnnxBuilder;
using internal::OnnxNumbers;
using internal::Value;

namespace {

using Dims = std::vector<std::int64_t>;

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

Dims image_dims(std::int64_t batch, const Shape& shape) { return {batch, shape.channels, shape.height, shape.width}; }

/// A node's output in 16 bits: twice as far as calibration saw. Other samples, and rounded weights, reach further; the
/// bit that this costs is not missed.
Quantisation wide_output(const IntegerNode& node) {
  constexpr double lowest = -32768, steps = 65535;
  const auto* activation = std::get_if<Activation>(&node.op);
  if (std::holds_alternative<Softmax>(node.op) || (activation && activation->kind == ActivationKind::sigmoid)) return {1.0f / 65536, -32768};
  const double low = node.activation ? 0 : 2 * std::min(double{node.seen.low}, 0.0), high = 2 * std::max(double{node.seen.high}, 0.0);
  const auto scale = static_cast<float>(std::max((high - low) / steps, 1e-12));
  return {scale, static_cast<std::int32_t>(std::clamp(std::nearbyint(lowest - low / double{scale}), lowest, -lowest - 1))};
}

/// ONNX Runtime's average pool of integers (1.30) goes through numbers one by one: 3x3 windows cost it several times what
/// its float pool costs with all conversions around.
bool pools_slowly(const Op& op) {
  const auto* pool = std::get_if<Pool>(&op);
  return pool && pool->kind == PoolKind::average;
}

/// Makes the result an output, flat where it has one row and column.
void finish(OnnxBuilder& builder, Value result) {
  if (result.shape.height == 1 && result.shape.width == 1 && !result.flat)
    result = {builder.node("Flatten", "flat", {result.name}, {}, {{"axis", 1}}), result.shape, true};
  builder.output(result, "output");
}

/// The integer model's tensors: every value goes through QuantizeLinear and DequantizeLinear.
class QdqWriter {
 public:
  QdqWriter(const IntegerModel& model, OnnxBuilder& builder) : model_(model), builder_(builder) {}

  /// A layer on float inputs that hold quantised values; the result holds quantised values too.
  Value layer(const IntegerNode& node, const std::vector<Value>& inputs) {
    if (std::holds_alternative<Input>(node.op))
      return builder_.quantised(builder_.input("input", node.shape), output_of(node), node.name);
    if (std::holds_alternative<Zero>(node.op)) return zeros(node);
    std::string kernel, bias;
    if (has_weights(node.op)) {
      kernel = kernel_of(node);
      bias = bias_of(node);
    }
    if (computes_in_integers() && pools_slowly(node.op))  // the mean of integers under one scale needs no scale
      return builder_.from_stored(builder_.op(node.op, node.name, {builder_.stored(inputs[0], node.name)}, node.shape, {}, {}), output_of(node), node.name);
    // Once values are brought to the output's scale a clamp is done. ONNX Runtime drops it and is left with a DequantizeLinear
    // before a QuantizeLinear, two passes in float; an addition is one in integers.
    const bool clamps = computes_in_integers() && is_clamp(node.op);
    Value value = builder_.op(node.op, node.name, clamps ? std::vector{builder_.plus_zero(inputs[0], node.name)} : inputs, node.shape, kernel, bias);
    if (node.activation)
      value = builder_.activation(*node.activation, node.name + "." + std::string(activation_name(*node.activation)),
                                  value);
    return builder_.quantised(value, output_of(node), node.name);
  }

 private:
  bool computes_in_integers() const { return builder_.numbers() != OnnxNumbers::int16_activations; }

  Value zeros(const IntegerNode& node) {
    const auto size = static_cast<std::size_t>(node.shape.elements() * builder_.batch());
    builder_.zero_points(node.name + ".q", output_of(node), size, image_dims(builder_.batch(), node.shape));
    return builder_.dequantised({node.name, node.shape, false}, output_of(node), node.name);
  }

  Quantisation output_of(const IntegerNode& node) const {
    return builder_.numbers() == OnnxNumbers::int16_activations ? wide_output(node) : node.output;
  }

  std::string kernel_of(const IntegerNode& node) {
    const Shape& input = input_of(node).shape;
    const Dims dims = kernel_shape(node.op, input);
    const std::size_t taps = dims.size() == 4 ? static_cast<std::size_t>(dims[2] * dims[3]) : 1;
    // From [out, taps, depth] to [out, depth, taps]: the same exchange as the other way round.
    const auto kernel = internal::depth_last(node.kernel, taps, static_cast<std::size_t>(dims[1]));
    const Dims scales{node.shape.channels};
    const std::string name = node.name + ".kernel";
    return builder_.node(
        "DequantizeLinear", name,
        {packs(node.op) ? builder_.packed_constant(name + ".q", kernel, dims) : builder_.constant(name + ".q", kernel, dims), builder_.constant(name + ".scale", node.kernel_scales, scales),
         builder_.constant(name + ".zero_point", std::vector<std::int8_t>(node.kernel_scales.size(), 0), scales)},
        {}, {{"axis", 0}});
  }

  bool packs(const Op& op) const { return builder_.numbers() == OnnxNumbers::int4_weights && weight_bits(op) <= 4; }

  std::string bias_of(const IntegerNode& node) {
    std::vector<float> scales;
    for (const float scale : node.kernel_scales) scales.push_back(input_of(node).output.scale * scale);
    const Dims dims{node.shape.channels};
    const std::string name = node.name + ".bias";
    return builder_.node(
        "DequantizeLinear", name,
        {builder_.constant(name + ".q", node.bias, dims), builder_.constant(name + ".scale", scales, dims),
         builder_.constant(name + ".zero_point", std::vector<std::int32_t>(scales.size(), 0), dims)},
        {}, {{"axis", 0}});
  }

  const IntegerNode& input_of(const IntegerNode& node) const { return model_.nodes[size_of(node.inputs[0])]; }

  const IntegerModel& model_;
  OnnxBuilder& builder_;
};

/// A linear layer whose input is quantised to uint8 by its own range, sample by sample where the batch is 1.
Value dynamic_linear(OnnxBuilder& builder, const Model& model, NodeId id, const Value& input) {
  const RoundedLinear rounded = rounded_linear(model, id);
  const std::string name = model.graph.name(id), kernel = name + ".kernel";
  const Dims out{model.graph.shape(id).channels};
  const auto depth = static_cast<std::int64_t>(rounded.q.size()) / out[0];
  const auto inputs_first = internal::depth_last(rounded.q, static_cast<std::size_t>(out[0]), static_cast<std::size_t>(depth));
  const std::string scale = builder.constant(kernel + ".scale", rounded.scales, out), bias = builder.constant(name + ".bias", model.weights[size_of(id)].bias, out);
  const bool packs = builder.numbers() == OnnxNumbers::int4_weights && weight_bits(model.graph.op(id)) <= 4;
  const std::string weights = packs ? builder.packed_constant(kernel + ".q", inputs_first, {depth, out[0]}) : builder.constant(kernel + ".q", inputs_first, {depth, out[0]});
  const std::string read = builder.as_flat(input).name, in = name + ".in";
  builder.node("DynamicQuantizeLinear", in + ".q", {read});
  builder.more_outputs({in + ".scale", in + ".zero_point"});
  const std::string sums = builder.node("Cast", name + ".sums", {builder.node("MatMulInteger", name + ".sums.q", {in + ".q", weights, in + ".zero_point"})}, {}, {{"to", onnx::TensorProto::FLOAT}});
  const std::string product = builder.node("Mul", name + ".product", {sums, builder.node("Mul", name + ".factor", {in + ".scale", scale})});
  return {builder.node("Add", name, {product, bias}), model.graph.shape(id), true};
}

Value float_layer(OnnxBuilder& builder, const Model& model, NodeId id, const std::vector<Value>& inputs) {
  const Op& op = model.graph.op(id);
  const Shape& shape = model.graph.shape(id);
  const std::string name = model.graph.name(id);
  if (std::holds_alternative<Input>(op)) return builder.input("input", shape);
  if (std::holds_alternative<Zero>(op)) {
    const std::vector<float> zeros(static_cast<std::size_t>(shape.elements() * builder.batch()), 0.0f);
    return {builder.constant(name, zeros, image_dims(builder.batch(), shape)), shape, false};
  }
  std::string kernel, bias;
  if (has_weights(op)) {
    const Weights& weights = model.weights[size_of(id)];
    kernel = builder.constant(name + ".kernel", weights.kernel,
                              kernel_shape(op, model.graph.shape(model.graph.inputs(id)[0])));
    bias = builder.constant(name + ".bias", weights.bias, {shape.channels});
  }
  return builder.op(op, name, inputs, shape, kernel, bias);
}

}  // namespace

namespace {

/// The float network, with linear layers as `linear` makes them.
template <class MakeLinear>
std::string written(OnnxBuilder& builder, const Model& plain, const MakeLinear& linear) {
  std::vector<Value> values;
  for (NodeId id = 0; id < plain.graph.size(); ++id) {
    std::vector<Value> inputs;
    for (const NodeId input : plain.graph.inputs(id)) inputs.push_back(values[size_of(input)]);
    values.push_back(std::holds_alternative<Linear>(plain.graph.op(id)) ? linear(id, inputs) : float_layer(builder, plain, id, inputs));
  }
  finish(builder, values[size_of(plain.graph.output())]);
  return builder.serialised();
}

std::string float_file(const Model& model, const OnnxOptions& options, OnnxNumbers numbers) {
  const Model plain = folded(model);
  OnnxBuilder builder(options, numbers);
  return written(builder, plain, [&](NodeId id, const std::vector<Value>& inputs) { return float_layer(builder, plain, id, inputs); });
}

std::string qdq_file(const IntegerModel& model, const OnnxOptions& options, OnnxNumbers numbers) {
  OnnxBuilder builder(options, numbers);
  QdqWriter writer(model, builder);
  std::vector<Value> values;
  for (const IntegerNode& node : model.nodes) {
    std::vector<Value> inputs;
    for (const std::int32_t input : node.inputs) inputs.push_back(values[size_of(input)]);
    values.push_back(writer.layer(node, inputs));
  }
  finish(builder, values[size_of(model.output)]);
  return builder.serialised();
}

}  // namespace

RoundedLinear rounded_linear(const Model& model, NodeId id) {
  const Op& op = model.graph.op(id);
  const int bits = checked_weight_bits(weight_bits(op), model.graph.name(id));
  const std::vector<float>& kernel = model.weights[size_of(id)].kernel;
  const auto out = size_of(model.graph.shape(id).channels);
  const std::size_t depth = kernel.size() / out;
  RoundedLinear result;
  for (std::size_t o = 0; o < out; ++o) {
    const std::span<const float> row(&kernel[o * depth], depth);
    const double scale = nearest_scale(row, bits);
    const RoundedRow rounded = rounded_to_nearest(row, scale > 0 ? scale : 1, bits);
    result.scales.push_back(scale > 0 ? static_cast<float>(rounded.scale) : 0);
    result.q.insert(result.q.end(), rounded.q.begin(), rounded.q.end());
  }
  return result;
}

Model with_rounded_linears(const Model& model) {
  Model result = folded(model);
  for (NodeId id = 0; id < result.graph.size(); ++id) {
    if (!std::holds_alternative<Linear>(result.graph.op(id))) continue;
    const RoundedLinear rounded = rounded_linear(result, id);
    std::vector<float>& kernel = result.weights[size_of(id)].kernel;
    const std::size_t depth = kernel.size() / rounded.scales.size();
    for (std::size_t i = 0; i < kernel.size(); ++i) kernel[i] = static_cast<float>(rounded.q[i]) * rounded.scales[i / depth];
  }
  return result;
}

std::string dynamic_onnx(const Model& model, const OnnxOptions& options) {
  const Model plain = folded(model);
  bool narrow = false;
  for (NodeId id = 0; id < plain.graph.size(); ++id) narrow = narrow || (std::holds_alternative<Linear>(plain.graph.op(id)) && weight_bits(plain.graph.op(id)) <= 4);
  OnnxBuilder builder(options, narrow ? OnnxNumbers::int4_weights : OnnxNumbers::usual);
  return written(builder, plain, [&](NodeId id, const std::vector<Value>& inputs) { return dynamic_linear(builder, plain, id, inputs[0]); });
}

std::string float_onnx(const Model& model, const OnnxOptions& options) { return float_file(model, options, OnnxNumbers::usual); }

std::string float16_onnx(const Model& model, const OnnxOptions& options) { return float_file(model, options, OnnxNumbers::float16); }

std::string qdq_onnx(const IntegerModel& model, const OnnxOptions& options) { return qdq_file(model, options, OnnxNumbers::usual); }

std::string int4_onnx(const IntegerModel& model, const OnnxOptions& options) { return qdq_file(model, options, OnnxNumbers::int4_weights); }

std::string int16_onnx(const IntegerModel& model, const OnnxOptions& options) { return qdq_file(model, options, OnnxNumbers::int16_activations); }

std::string exploded_qdq_onnx(const IntegerModel& model, const OnnxOptions& options) {
  OnnxBuilder builder(options);
  QdqWriter writer(model, builder);
  for (const IntegerNode& node : model.nodes) {
    if (node.inputs.empty() || std::holds_alternative<Zero>(node.op)) continue;
    std::vector<Value> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      const IntegerNode& from = model.nodes[size_of(node.inputs[i])];
      const std::string name = node.name + "." + std::to_string(i);
      inputs.push_back(builder.quantised(builder.input(name, from.shape), from.output, name));
    }
    builder.output(builder.as_image(writer.layer(node, inputs)), node.name + ".output");
  }
  return builder.serialised();
}

void check_onnx(const std::string& serialised) {
  onnx::ModelProto model;
  if (!model.ParseFromString(serialised)) throw std::invalid_argument("not an ONNX model");
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception& error) {
    throw std::invalid_argument(std::string("onnx's checker refuses the model: ") + error.what());
  }
}

}  // namespace paretoforge
