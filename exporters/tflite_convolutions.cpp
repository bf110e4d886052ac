// Convolutions of every kind in TFLite, linear layers, and the padding that SAME and VALID do not express.
#include <algorithm>
#include <cmath>

#include "exporters/tflite_layers_internal.hpp"

namespace paretoforge::internal::tflite {
namespace {

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// Rows of 2 numbers: padding before and after in each dimension.
std::vector<std::int32_t> pads_of(const Windows2D& windows) {
  return {0, 0, windows.y.before, windows.y.after(), windows.x.before, windows.x.after(), 0, 0};
}

/// A depthwise kernel [out, height, width] as [height, width, out], with taps of zero around.
std::vector<std::int8_t> taps_first(const IntegerNode& node, const Extent& kernel, const Windows::More& y, const Windows::More& x) {
  const auto out = size_of(node.shape.channels);
  const std::int32_t width = x.before + kernel.width + x.after;
  std::vector<std::int8_t> result(size_of(y.before + kernel.height + y.after) * size_of(width) * out, 0);
  for (std::size_t o = 0; o < out; ++o)
    for (std::int32_t row = 0; row < kernel.height; ++row)
      for (std::int32_t column = 0; column < kernel.width; ++column)
        result[size_of((y.before + row) * width + x.before + column) * out + o] = node.kernel[(o * size_of(kernel.height) + size_of(row)) * size_of(kernel.width) + size_of(column)];
  return result;
}

template <class T>
std::vector<T> part_of(const std::vector<T>& values, std::int32_t part, std::int32_t parts) {
  const auto width = static_cast<std::ptrdiff_t>(values.size()) / parts;
  return {values.begin() + part * width, values.begin() + (part + 1) * width};
}

struct Line {
  std::int8_t weight;
  float scale;
  std::int32_t bias;
};
/// Of the weights that fit, the one whose bias is rounded least; and down, by a little: where outputs reach 1, one half
/// lies 1e-5 below the middle between two of them, and is to stay there.
Line sixth_and_half(double step) {
  constexpr double slope = 1.0 / 6, offset = 0.5, greatest_bias = 0x1p29, least_fraction = 0x1p-6;
  if (offset / step * (127 / slope) > greatest_bias) return {0, static_cast<float>(offset / step / greatest_bias), static_cast<std::int32_t>(greatest_bias)};
  const auto bias = [&](int weight) { return offset / step * (weight / slope); };
  const auto error = [&](int weight) {
    const double fraction = bias(weight) - std::floor(bias(weight));
    return fraction < least_fraction ? 1 + fraction : fraction;
  };
  int best = 127;
  for (int weight = 126; weight >= 64; --weight)
    if (error(weight) < error(best)) best = weight;
  return {static_cast<std::int8_t>(best), static_cast<float>(slope / best), static_cast<std::int32_t>(std::nearbyint(bias(best) - error(best)))};
}

}  // namespace

Value Layers::add(const IntegerNode& node, const Conv& conv, const std::vector<Value>& inputs) {
  if (is_depthwise(conv, inputs[0].shape)) return depthwise(node, conv, inputs[0]);
  if (conv.groups > 1) return grouped(node, conv, inputs[0]);
  const Value result = result_of(node);
  convolution(conv, fused_of(node), inputs[0], result, {node.kernel, node.kernel_scales, node.bias, weight_bits(node.op)});
  return result;
}

/// Not every runtime has weights per channel in its fully connected layers; all have them in convolutions.
Value Layers::add(const IntegerNode& node, const Linear&, const std::vector<Value>& inputs) {
  const Value result = result_of(node);
  convolution({.out = node.shape.channels, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}}, fused_of(node), inputs[0], result, {node.kernel, node.kernel_scales, node.bias, weight_bits(node.op)});
  return result;
}

TensorId Layers::kernel_of(const std::string& name, const Weights& weights, const Dims& dims, std::int32_t dimension) {
  const Scales scales{weights.scales, 0, dimension};
  if (storage_ == TfliteWeights::packed && weights.bits <= 4) return builder_.packed_constant(name + ".kernel", weights.kernel, dims, scales);
  return builder_.constant(name + ".kernel", weights.kernel, dims, scales);
}
TensorId Layers::bias_of(const std::string& name, const Weights& weights, const Quantisation& input) {
  std::vector<float> scales;
  for (const float scale : weights.scales) scales.push_back(input.scale * scale);
  return builder_.constant(name + ".bias", weights.bias, {static_cast<std::int32_t>(weights.bias.size())}, {scales, 0, 0});
}

void Layers::convolution(const Conv& conv, Fused fused, const Value& from, const Value& to, const Weights& weights) {
  const Windows2D windows = windows_of(conv.kernel, conv.stride, conv.dilation, conv.pad, from.shape, to.shape);
  const Scheme scheme = windows.valid() || !windows.same() ? Scheme::valid : Scheme::same;
  const Value read = windows.valid() || windows.same() ? from : padded(from, windows, to.name);
  const Dims dims{to.shape.channels, conv.kernel.height, conv.kernel.width, from.shape.channels};
  builder_.op(Kind::conv, {read.id, kernel_of(to.name, weights, dims, 0), bias_of(to.name, weights, from.quantisation)}, {to.id},
              {OptionsKind::conv,
               {{option::conv_scheme, code(scheme)},
                {option::conv_stride_x, conv.stride.width},
                {option::conv_stride_y, conv.stride.height},
                {option::conv_fused, code(fused)},
                {option::conv_dilation_x, conv.dilation.width},
                {option::conv_dilation_y, conv.dilation.height}}});
}

/// Arm NN 20.08 pads int8 with 0 where it cannot make PAD part of an ordinary convolution. What SAME does not reach
/// by itself it reaches with some taps of zero; all else is joined to a border of constants.
Value Layers::depthwise(const IntegerNode& node, const Conv& conv, const Value& from) {
  const Windows2D windows = windows_of(conv.kernel, conv.stride, conv.dilation, conv.pad, from.shape, node.shape);
  const auto y = windows.y.more_for_same(), x = windows.x.more_for_same();
  const bool same = !windows.valid() && y && x;
  const Windows::More more_y = same ? *y : Windows::More{}, more_x = same ? *x : Windows::More{};
  Conv wider = conv;
  wider.kernel = {conv.kernel.height + more_y.before + more_y.after, conv.kernel.width + more_x.before + more_x.after};
  const Value result = result_of(node);
  depthwise(wider, fused_of(node), same || windows.valid() ? from : framed(from, windows, node.name), result, same ? Scheme::same : Scheme::valid,
            {taps_first(node, conv.kernel, more_y, more_x), node.kernel_scales, node.bias, weight_bits(node.op)});
  return result;
}
void Layers::depthwise(const Conv& conv, Fused fused, const Value& from, const Value& to, Scheme scheme, const Weights& weights) {
  const Dims dims{1, conv.kernel.height, conv.kernel.width, conv.out};
  builder_.op(Kind::depthwise_conv, {from.id, kernel_of(to.name, weights, dims, 3), bias_of(to.name, weights, from.quantisation)}, {to.id},
              {OptionsKind::depthwise_conv,
               {{option::depthwise_scheme, code(scheme)},
                {option::depthwise_stride_x, conv.stride.width},
                {option::depthwise_stride_y, conv.stride.height},
                {option::multiplier, conv.out / conv.groups},
                {option::depthwise_fused, code(fused)},
                {option::depthwise_dilation_x, conv.dilation.width},
                {option::depthwise_dilation_y, conv.dilation.height}}});
}

/// Not every runtime has convolutions of groups: the channels are split, convolved, and joined.
Value Layers::grouped(const IntegerNode& node, const Conv& conv, const Value& from) {
  const auto part_shape = [&](const Shape& whole) { return Shape{whole.channels / conv.groups, whole.height, whole.width}; };
  std::vector<TensorId> pieces, results;
  std::vector<Value> parts;
  for (std::int32_t g = 0; g < conv.groups; ++g) {
    parts.push_back(make(node.name + ".in_" + std::to_string(g), part_shape(from.shape), from.quantisation));
    pieces.push_back(parts.back().id);
  }
  builder_.op(Kind::split, {numbers(node.name + ".axis", {3}, {}), from.id}, pieces, {OptionsKind::split, {{option::parts, conv.groups}}});
  for (std::int32_t g = 0; g < conv.groups; ++g) {
    const Value result = make(node.name + ".out_" + std::to_string(g), part_shape(node.shape), node.output);
    convolution(conv, fused_of(node), parts[size_of(g)], result, {part_of(node.kernel, g, conv.groups), part_of(node.kernel_scales, g, conv.groups), part_of(node.bias, g, conv.groups), weight_bits(node.op)});
    results.push_back(result.id);
  }
  return joined(results, result_of(node));
}

Value Layers::padded(const Value& value, const Windows2D& windows, const std::string& name) {
  const Shape shape{value.shape.channels, value.shape.height + windows.y.before + windows.y.after(), value.shape.width + windows.x.before + windows.x.after()};
  const Value result = make(name + ".pad", shape, value.quantisation);
  builder_.op(Kind::pad, {value.id, numbers(name + ".pads", pads_of(windows), {4, 2})}, {result.id}, {OptionsKind::pad});
  return result;
}

/// `value` between constants of its zero point.
Value Layers::framed(const Value& value, const Windows2D& windows, const std::string& name) {
  const Value rows = between(value, 1, windows.y, name + ".rows");
  return between(rows, 2, windows.x, name + ".columns");
}
Value Layers::between(const Value& value, std::int32_t axis, const Windows& windows, const std::string& name) {
  const auto border = [&](std::int32_t count, const char* ending) {
    Dims dims = image_dims(value.shape);
    dims[size_of(axis)] = count;
    const auto size = static_cast<std::size_t>(value.shape.elements() / windows.in * count);
    return builder_.constant(name + ending, std::vector(size, static_cast<std::int8_t>(value.quantisation.zero_point)), dims, scales_of(value.quantisation));
  };
  std::vector<TensorId> parts;
  if (windows.before > 0) parts.push_back(border(windows.before, ".before"));
  parts.push_back(value.id);
  if (windows.after() > 0) parts.push_back(border(windows.after(), ".after"));
  if (parts.size() == 1) return value;
  Shape shape = value.shape;
  (axis == 1 ? shape.height : shape.width) += windows.before + windows.after();
  return joined(parts, make(name, shape, value.quantisation), axis);
}

/// x / 6 + 1/2 on every channel, as a depthwise convolution of one tap, clamped at 0; int8 ends at the greatest value
/// that calibration saw, at most 1.
Value Layers::hard_sigmoid(const IntegerNode& node, const Value& from) {
  const auto [weight, scale, bias] = sixth_and_half(double{from.quantisation.scale});
  const auto channels = size_of(node.shape.channels);
  const Value result = result_of(node);
  depthwise({.out = node.shape.channels, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}, .groups = node.shape.channels}, Fused::relu, from, result, Scheme::valid,
            {std::vector(channels, weight), std::vector(channels, scale), std::vector(channels, bias)});
  return result;
}

}  // namespace paretoforge::internal::tflite
