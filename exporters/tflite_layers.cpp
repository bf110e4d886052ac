// Layers of a TFLite graph: all but convolutions.
#include <stdexcept>

#include "exporters/tflite_layers_internal.hpp"

namespace paretoforge::internal::tflite {

Fused fused_of(const IntegerNode& node) {
  if (!node.activation) return Fused::none;
  return *node.activation == ActivationKind::relu ? Fused::relu : Fused::relu6;
}

template <class Absent>
Value Layers::add(const IntegerNode& node, const Absent&, const std::vector<Value>&) {
  static_assert(op_kinds == 20, "an op needs its branch here, or a reason to have none");
  throw std::invalid_argument(node.name + ": an op that has no TFLite form");
}

Value Layers::input(const std::string& name, const IntegerNode& node) {
  const Value value = make(name, node.shape, node.output);
  builder_.input(value.id);
  return value;
}

Value Layers::layer(const IntegerNode& node, const std::vector<Value>& inputs) {
  return std::visit([&](const auto& op) { return add(node, op, inputs); }, node.op);
}

void Layers::output(const Value& value, bool flat, const std::string& name) {
  TensorId id = value.id;
  if (flat || !builder_.made_by_op(id)) {
    const Dims dims = flat ? Dims{1, value.shape.channels} : image_dims(value.shape);
    id = builder_.tensor(name, Type::int8, dims, scales_of(value.quantisation));
    reshape(value.id, id, name, dims);
  }
  builder_.rename(id, name);
  builder_.output(id);
}

Value Layers::zeros(const IntegerNode& node, const Value& from) {
  const Value none = zeros(node);
  const Value mean = mean_over(from, {1, 2, 3}, node.name + ".input", {1, 1, 1}, from.quantisation);
  const Value result = make(node.name + ".zeros", node.shape, node.output);
  builder_.op(Kind::multiply, {none.id, mean.id}, {result.id}, {OptionsKind::multiply, {{option::fused, code(Fused::none)}}});
  return result;
}

Value Layers::make(const std::string& name, const Shape& shape, const Quantisation& quantisation) {
  return {builder_.tensor(name, Type::int8, image_dims(shape), scales_of(quantisation)), name, shape, quantisation};
}

void Layers::reshape(TensorId from, TensorId to, const std::string& name, const Dims& dims) {
  builder_.op(Kind::reshape, {from, numbers(name + ".shape", dims)}, {to}, {OptionsKind::reshape, {{option::new_shape, dims}}});
}

Value Layers::zeros(const IntegerNode& node) {
  const std::vector<std::int8_t> bytes(static_cast<std::size_t>(node.shape.elements()), static_cast<std::int8_t>(node.output.zero_point));
  return {builder_.constant(node.name, bytes, image_dims(node.shape), scales_of(node.output)), node.name, node.shape, node.output};
}

void Layers::transpose(TensorId from, TensorId to, const std::string& name, const Dims& order) {
  builder_.op(Kind::transpose, {from, numbers(name + ".order", order)}, {to}, {OptionsKind::transpose});
}

Value Layers::joined(const std::vector<TensorId>& parts, const Value& result, std::int32_t axis) {
  builder_.op(Kind::concatenation, parts, {result.id}, {OptionsKind::concatenation, {{option::axis, axis}}});
  return result;
}

Value Layers::add(const IntegerNode& node, const Pool& pool, const std::vector<Value>& inputs) {
  const Value& from = inputs[0];
  const Windows2D windows = windows_of(pool.kernel, pool.stride, {}, pool.pad, from.shape, node.shape);
  const Value result = result_of(node);
  if (windows.valid() || windows.same()) {
    window(pool, from, result, windows.valid() ? Scheme::valid : Scheme::same);
    return result;
  }
  const Value all = make(node.name + ".all", from.shape, node.output);
  window({pool.kind, pool.kernel, {}, {}}, from, all, Scheme::same);
  const auto begin = [](const Windows& w) { return w.first_of_all(); };
  const auto end = [](const Windows& w) { return w.first_of_all() + (w.out - 1) * w.stride + 1; };
  builder_.op(Kind::strided_slice,
              {all.id, numbers(node.name + ".begin", {0, begin(windows.y), begin(windows.x), 0}),
               numbers(node.name + ".end", {1, end(windows.y), end(windows.x), node.shape.channels}),
               numbers(node.name + ".stride", {1, pool.stride.height, pool.stride.width, 1})},
              {result.id}, {OptionsKind::strided_slice});
  return result;
}

void Layers::window(const Pool& pool, const Value& from, const Value& to, Scheme scheme) {
  builder_.op(pool.kind == PoolKind::maximum ? Kind::max_pool : Kind::average_pool, {from.id}, {to.id},
              {OptionsKind::pool,
               {{option::pool_scheme, code(scheme)},
                {option::pool_stride_x, pool.stride.width},
                {option::pool_stride_y, pool.stride.height},
                {option::pool_width, pool.kernel.width},
                {option::pool_height, pool.kernel.height},
                {option::pool_fused, code(Fused::none)}}});
}

Value Layers::add(const IntegerNode& node, const GlobalPool& pool, const std::vector<Value>& inputs) {
  const Value& from = inputs[0];
  if (pool.kind == PoolKind::average) return mean_over(from, {1, 2}, node.name, node.shape, node.output);
  const Value result = result_of(node);
  window({pool.kind, {from.shape.height, from.shape.width}, {}, {}}, from, result, Scheme::valid);
  return result;
}

Value Layers::mean_over(const Value& from, const std::vector<std::int32_t>& axes, const std::string& name, const Shape& shape, const Quantisation& quantisation) {
  const Value result = make(name, shape, quantisation);
  builder_.op(Kind::mean, {from.id, numbers(name + ".axes", axes)}, {result.id}, {OptionsKind::reducer, {{option::keep_dims, true}}});
  return result;
}

Value Layers::add(const IntegerNode& node, const Activation& activation, const std::vector<Value>& inputs) {
  if (activation.kind == ActivationKind::hard_sigmoid) return hard_sigmoid(node, inputs[0]);
  if (activation.kind == ActivationKind::hard_swish) return hard_swish(node, inputs[0]);
  const Value result = result_of(node);
  switch (activation.kind) {
    case ActivationKind::relu: builder_.op(Kind::relu, {inputs[0].id}, {result.id}); break;
    case ActivationKind::relu6: builder_.op(Kind::relu6, {inputs[0].id}, {result.id}); break;
    case ActivationKind::sigmoid: builder_.op(Kind::logistic, {inputs[0].id}, {result.id}); break;
    default: throw std::invalid_argument(node.name + ": an activation that has no TFLite form");
  }
  return result;
}

/// In float between two conversions: LiteRT's int8 kernel is a quantum too low at one value in a hundred, and XNNPACK
/// has none, so that it would not get the network whole.
Value Layers::hard_swish(const IntegerNode& node, const Value& from) {
  const auto real = [&](const char* ending) { return builder_.tensor(node.name + ending, Type::float32, image_dims(node.shape), {}); };
  const TensorId before = real(".float"), after = real(".float.hard_swish");
  const Value result = result_of(node);
  builder_.op(Kind::dequantize, {from.id}, {before}, {OptionsKind::dequantize});
  builder_.op(Kind::hard_swish, {before}, {after}, {OptionsKind::hard_swish});
  builder_.op(Kind::quantize, {after}, {result.id}, {OptionsKind::quantize});
  return result;
}

Value Layers::of_two(const IntegerNode& node, Kind kind, OptionsKind options, const std::vector<Value>& inputs) {
  const Value result = result_of(node);
  builder_.op(kind, {inputs[0].id, inputs[1].id}, {result.id}, {options, {{option::fused, code(fused_of(node))}}});
  return result;
}

/// Runtimes join tensors of one scale only.
Value Layers::add(const IntegerNode& node, const Concat&, const std::vector<Value>& inputs) {
  std::vector<TensorId> parts;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Value part = inputs[i];
    if (!(part.quantisation == node.output)) {
      part = make(node.name + ".in_" + std::to_string(i), part.shape, node.output);
      builder_.op(Kind::quantize, {inputs[i].id}, {part.id}, {OptionsKind::quantize});
    }
    parts.push_back(part.id);
  }
  return joined(parts, result_of(node));
}

Value Layers::add(const IntegerNode& node, const ChannelShuffle& shuffle, const std::vector<Value>& inputs) {
  const Value from = inputs[0], result = result_of(node);
  const std::int32_t pixels = node.shape.height * node.shape.width, width = node.shape.channels / shuffle.groups;
  const Dims split{1, pixels, shuffle.groups, width}, swapped{1, pixels, width, shuffle.groups};
  const TensorId apart = builder_.tensor(node.name + ".split", Type::int8, split, scales_of(node.output));
  const TensorId turned = builder_.tensor(node.name + ".swap", Type::int8, swapped, scales_of(node.output));
  reshape(from.id, apart, node.name + ".split", split);
  transpose(apart, turned, node.name, {0, 1, 3, 2});
  reshape(turned, result.id, node.name, image_dims(node.shape));
  return result;
}

/// Vectors are channels first, as everywhere outside of int8 files.
Value Layers::add(const IntegerNode& node, const Flatten&, const std::vector<Value>& inputs) {
  TensorId from = inputs[0].id;
  const Shape& s = inputs[0].shape;
  if (s.channels > 1 && (s.height > 1 || s.width > 1)) {
    from = builder_.tensor(node.name + ".turned", Type::int8, {1, s.channels, s.height, s.width}, scales_of(node.output));
    transpose(inputs[0].id, from, node.name, {0, 3, 1, 2});
  }
  const Value result = result_of(node);
  reshape(from, result.id, node.name, image_dims(node.shape));
  return result;
}

Value Layers::add(const IntegerNode& node, const Softmax&, const std::vector<Value>& inputs) {
  const Value &from = inputs[0], result = result_of(node);
  builder_.op(Kind::softmax, {from.id}, {result.id}, {OptionsKind::softmax, {{option::beta, 1.0f}}});
  return result;
}

}  // namespace paretoforge::internal::tflite
