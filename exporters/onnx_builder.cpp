// The ONNX form of each op of space, shared by the float and the integer writer.
#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>

#include "exporters/nibbles_internal.hpp"
#include "exporters/onnx_builder_internal.hpp"

namespace paretoforge::internal {
namespace {

using Dims = std::vector<std::int64_t>;

Dims dims_of(const Value& value, std::int64_t batch) {
  if (value.flat) return {batch, value.shape.channels};
  return {batch, value.shape.channels, value.shape.height, value.shape.width};
}

Dims pair(const Extent& extent) { return {extent.height, extent.width}; }
Dims pads(const Padding& pad) { return {pad.top, pad.left, pad.bottom, pad.right}; }

void describe(onnx::ValueInfoProto& info, const Value& value, std::int64_t batch) {
  info.set_name(value.name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t dim : dims_of(value, batch)) type.mutable_shape()->add_dim()->set_dim_value(dim);
}

/// TensorProto's INT4 (ONNX 1.16), which older headers do not name.
constexpr int tensor_int4 = 22;

/// A float as IEEE half, to nearest, ties to even.
std::uint16_t half_of(float value, const std::string& name) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value), size = bits & 0x7fffffff;
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  if (!(std::abs(value) < 65520.0f))
    throw std::invalid_argument(name + ": " + std::to_string(value) + " is too great for float16");
  // Below 2^-14 halves are whole multiples of 2^-24; the sum leaves just those bits, rounded by the processor.
  if (size < 0x38800000) return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(std::abs(value) + 0.5f) - 0x3f000000));
  const std::uint32_t rounded = size + 0xfff + (size >> 13 & 1);
  return static_cast<std::uint16_t>(sign | ((rounded >> 13) - (112 << 10)));
}

}  // namespace

OnnxBuilder::OnnxBuilder(const OnnxOptions& options, OnnxNumbers numbers)
    : graph_(model_.mutable_graph()), batch_(options.batch), numbers_(numbers) {
  if (options.batch < 1) throw std::invalid_argument("an ONNX file needs a batch of at least 1");
  const bool new_types = numbers == OnnxNumbers::int4_weights || numbers == OnnxNumbers::int16_activations;
  model_.set_ir_version(new_types ? 10 : 8);
  model_.set_producer_name("paretoforge");
  model_.add_opset_import()->set_version(new_types ? 21 : 14);
  graph_->set_name(options.name);
  for (const auto& [key, value] : options.metadata) {
    auto& entry = *model_.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
}

std::string OnnxBuilder::node(std::string_view type, const std::string& name, std::vector<std::string> inputs,
                              const std::vector<Attribute>& lists,
                              const std::vector<std::pair<std::string_view, std::int64_t>>& numbers,
                              const std::vector<std::pair<std::string_view, float>>& floats) {
  auto& node = *graph_->add_node();
  node.set_op_type(std::string(type));
  node.set_name(name);
  for (std::string& input : inputs) node.add_input(std::move(input));
  node.add_output(name);
  const auto attribute = [&](std::string_view key, onnx::AttributeProto::AttributeType kind) -> onnx::AttributeProto& {
    auto& entry = *node.add_attribute();
    entry.set_name(std::string(key));
    entry.set_type(kind);
    return entry;
  };
  for (const auto& [key, values] : lists) {
    auto& entry = attribute(key, onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) entry.add_ints(value);
  }
  for (const auto& [key, value] : numbers) attribute(key, onnx::AttributeProto::INT).set_i(value);
  for (const auto& [key, value] : floats) attribute(key, onnx::AttributeProto::FLOAT).set_f(value);
  return name;
}

void OnnxBuilder::more_outputs(const std::vector<std::string>& names) {
  for (const std::string& name : names) graph_->mutable_node()->rbegin()->add_output(name);
}

onnx::TensorProto& OnnxBuilder::tensor(const std::string& name, int type, const Dims& dims) {
  auto& tensor = *graph_->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  return tensor;
}

std::string OnnxBuilder::constant(const std::string& name, const std::vector<float>& values, const Dims& dims) {
  if (numbers_ == OnnxNumbers::float16) {
    std::vector<std::uint16_t> halves;
    for (const float value : values) halves.push_back(half_of(value, name));
    tensor(name, onnx::TensorProto::FLOAT16, dims).set_raw_data(halves.data(), halves.size() * sizeof(std::uint16_t));
    return name;
  }
  tensor(name, onnx::TensorProto::FLOAT, dims).set_raw_data(values.data(), values.size() * sizeof(float));
  return name;
}
std::string OnnxBuilder::constant(const std::string& name, const std::vector<std::int8_t>& values, const Dims& dims) {
  tensor(name, onnx::TensorProto::INT8, dims).set_raw_data(values.data(), values.size());
  return name;
}
std::string OnnxBuilder::constant(const std::string& name, const std::vector<std::uint8_t>& values, const Dims& dims) {
  tensor(name, onnx::TensorProto::UINT8, dims).set_raw_data(values.data(), values.size());
  return name;
}
std::string OnnxBuilder::constant(const std::string& name, const std::vector<std::int32_t>& values, const Dims& dims) {
  tensor(name, onnx::TensorProto::INT32, dims).set_raw_data(values.data(), values.size() * sizeof(std::int32_t));
  return name;
}
std::string OnnxBuilder::constant(const std::string& name, const std::vector<std::int64_t>& values, const Dims& dims) {
  tensor(name, onnx::TensorProto::INT64, dims).set_raw_data(values.data(), values.size() * sizeof(std::int64_t));
  return name;
}

std::string OnnxBuilder::zero_points(const std::string& name, const Quantisation& quantisation, std::size_t count, const Dims& dims) {
  if (numbers_ != OnnxNumbers::int16_activations)
    return constant(name, std::vector<std::uint8_t>(count, shifted(quantisation.zero_point)), dims);
  const std::vector<std::uint16_t> values(count, static_cast<std::uint16_t>(quantisation.zero_point + 32768));
  tensor(name, onnx::TensorProto::UINT16, dims).set_raw_data(values.data(), values.size() * sizeof(std::uint16_t));
  return name;
}

std::string OnnxBuilder::packed_constant(const std::string& name, const std::vector<std::int8_t>& values, const Dims& dims) {
  tensor(name + ".int4", tensor_int4, dims).set_raw_data(nibbles(values));
  return node("Cast", name, {name + ".int4"}, {}, {{"to", onnx::TensorProto::INT8}});
}

Value OnnxBuilder::input(const std::string& name, const Shape& shape) {
  Value value{name, shape, false};
  describe(*graph_->add_input(), value, batch_);
  if (numbers_ == OnnxNumbers::float16) value.name = node("Cast", name + ".float16", {name}, {}, {{"to", onnx::TensorProto::FLOAT16}});
  return value;
}

void OnnxBuilder::output(Value value, const std::string& name) {
  if (numbers_ == OnnxNumbers::float16) value.name = node("Cast", value.name + ".float", {value.name}, {}, {{"to", onnx::TensorProto::FLOAT}});
  auto& nodes = *graph_->mutable_node();
  const auto maker =
      std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) { return node.output(0) == value.name; });
  if (maker == nodes.end()) {
    node("Identity", name, {value.name});
  } else {
    maker->set_output(0, name);
    for (auto& node : nodes)
      for (auto& input : *node.mutable_input())
        if (input == value.name) input = name;
  }
  value.name = name;
  describe(*graph_->add_output(), value, batch_);
}

Value OnnxBuilder::dequantised(const Value& value, const Quantisation& quantisation, const std::string& name) {
  const std::string scale = constant(name + ".scale", std::vector{quantisation.scale}, {});
  const std::string zero = zero_points(name + ".zero_point", quantisation, 1, {});
  return {node("DequantizeLinear", name + ".dq", {name + ".q", scale, zero}), value.shape, value.flat, quantisation, name + ".q"};
}

Value OnnxBuilder::quantised(const Value& value, const Quantisation& quantisation, const std::string& name) {
  node("QuantizeLinear", name + ".q", {value.name, name + ".scale", name + ".zero_point"});
  return dequantised(value, quantisation, name);
}

Value OnnxBuilder::stored(const Value& value, const std::string& name) {
  return {node("Cast", name + ".stored", {value.integers}, {}, {{"to", onnx::TensorProto::FLOAT}}), value.shape, value.flat};
}

Value OnnxBuilder::from_stored(const Value& value, const Quantisation& quantisation, const std::string& name) {
  const std::string one = constant(name + ".one", std::vector{1.0f}, {}), zero = constant(name + ".zero", std::vector<std::uint8_t>{0}, {});
  node("QuantizeLinear", name + ".q", {value.name, one, zero});
  return dequantised(value, quantisation, name);
}

Value OnnxBuilder::plus_zero(const Value& value, const std::string& name) {
  constant(name + ".zero.q", std::vector<std::uint8_t>{0}, {});
  const std::string scale = constant(name + ".zero.scale", std::vector{1.0f}, {});
  const std::string zero = node("DequantizeLinear", name + ".zero", {name + ".zero.q", scale, constant(name + ".zero.zero_point", std::vector<std::uint8_t>{0}, {})});
  return {node("Add", name + ".plus_zero", {value.name, zero}), value.shape, value.flat};
}

Value OnnxBuilder::like(const Value& source, const Value& made) {
  return source.quantisation ? quantised(made, *source.quantisation, made.name) : made;
}

std::string OnnxBuilder::reshape(const std::string& name, const std::string& input, const Dims& dims) {
  return node("Reshape", name, {input, constant(name + ".shape", dims, {static_cast<std::int64_t>(dims.size())})});
}

Value OnnxBuilder::as_image(const Value& value) {
  if (!value.flat) return value;
  const std::string name = value.name + ".image";
  if (const auto made = reshaped_.find(name); made != reshaped_.end()) return made->second;
  Value result{name, value.shape, false};
  reshape(name, value.name, dims_of(result, batch_));
  return reshaped_[name] = like(value, result);
}

Value OnnxBuilder::as_flat(const Value& value) {
  if (value.flat) return value;
  const std::string name = value.name + ".flat";
  if (const auto made = reshaped_.find(name); made != reshaped_.end()) return made->second;
  const Shape shape{static_cast<std::int32_t>(value.shape.elements()), 1, 1};
  node("Flatten", name, {value.name}, {}, {{"axis", 1}});
  return reshaped_[name] = like(value, {name, shape, true});
}

Value OnnxBuilder::shuffle(const ChannelShuffle& op, const std::string& name, const Value& input) {
  const Shape& s = input.shape;
  const std::string split =
      reshape(name + ".split", input.name, {batch_, op.groups, s.channels / op.groups, s.height, s.width});
  const Value parts = like(input, {split, s, false});
  const std::string swap = node("Transpose", name + ".swap", {parts.name}, {{"perm", {0, 2, 1, 3, 4}}});
  const Value swapped = like(input, {swap, s, false});
  return {reshape(name, swapped.name, dims_of(input, batch_)), s, false};
}

Value OnnxBuilder::activation(ActivationKind kind, const std::string& name, const Value& input) {
  const auto plain = [&](std::string_view type) {
    return Value{node(type, name, {input.name}), input.shape, input.flat};
  };
  switch (kind) {
    case ActivationKind::relu:
      return plain("Relu");
    case ActivationKind::hard_swish:
      return plain("HardSwish");
    case ActivationKind::sigmoid:
      return plain("Sigmoid");
    case ActivationKind::hard_sigmoid:
      node("HardSigmoid", name, {input.name}, {}, {}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}});
      break;
    case ActivationKind::relu6:
      node(
          "Clip", name,
          {input.name, constant(name + ".min", std::vector{0.0f}, {}), constant(name + ".max", std::vector{6.0f}, {})});
      break;
    case ActivationKind::gelu:
    case ActivationKind::silu:
    case ActivationKind::tanh:
    case ActivationKind::leaky_relu:
      throw std::invalid_argument(name + ": an activation of imported models alone");
  }
  return {name, input.shape, input.flat};
}

Value OnnxBuilder::op(const Op& op, const std::string& name, std::vector<Value> inputs, const Shape& shape,
                      const std::string& kernel, const std::string& bias) {
  const auto images = [&] {
    for (Value& input : inputs) input = as_image(input);
  };
  const auto names = [&] {
    std::vector<std::string> result;
    for (const Value& input : inputs) result.push_back(input.name);
    return result;
  };
  // Ops that treat images and flat tensors alike keep the rank where all inputs share it.
  const auto same_rank = [&] {
    for (const Value& input : inputs)
      if (input.flat != inputs[0].flat) return images();
  };
  const auto window = [&](const Pool& pool) {
    images();
    std::vector<Attribute> lists{
        {"kernel_shape", pair(pool.kernel)}, {"strides", pair(pool.stride)}, {"pads", pads(pool.pad)}};
    if (pool.kind == PoolKind::maximum) return Value{node("MaxPool", name, names(), lists), shape, false};
    return Value{node("AveragePool", name, names(), lists, {{"count_include_pad", 0}}), shape, false};
  };
  return std::visit(
      Overloaded{
          [&](const Conv& conv) {
            images();
            node("Conv", name, {inputs[0].name, kernel, bias},
                 {{"kernel_shape", pair(conv.kernel)},
                  {"strides", pair(conv.stride)},
                  {"pads", pads(conv.pad)},
                  {"dilations", pair(conv.dilation)}},
                 {{"group", conv.groups}});
            return Value{name, shape, false};
          },
          [&](const Linear&) {
            return Value{node("Gemm", name, {as_flat(inputs[0]).name, kernel, bias}, {}, {{"transB", 1}}), shape, true};
          },
          [&](const Pool& pool) { return window(pool); },
          [&](const GlobalPool& pool) {
            images();
            if (pool.kind == PoolKind::average) return Value{node("GlobalAveragePool", name, names()), shape, false};
            const Extent all{inputs[0].shape.height, inputs[0].shape.width};  // runtimes have no int8 GlobalMaxPool
            return window({.kind = PoolKind::maximum, .kernel = all, .stride = {}, .pad = {}});
          },
          [&](const Activation& act) { return activation(act.kind, name, inputs[0]); },
          [&](const Add&) {
            same_rank();
            return Value{node("Add", name, names()), shape, inputs[0].flat};
          },
          [&](const Multiply&) {
            same_rank();
            return Value{node("Mul", name, names()), shape, inputs[0].flat};
          },
          [&](const Concat&) {
            same_rank();
            return Value{node("Concat", name, names(), {}, {{"axis", 1}}), shape, inputs[0].flat};
          },
          [&](const ChannelShuffle& channels) {
            images();
            return shuffle(channels, name, inputs[0]);
          },
          [&](const Flatten&) {
            return Value{node("Flatten", name, {as_image(inputs[0]).name}, {}, {{"axis", 1}}), shape, true};
          },
          [&](const Softmax&) {
            return Value{node("Softmax", name, {as_flat(inputs[0]).name}, {}, {{"axis", 1}}), shape, true};
          },
          [&](const auto&) -> Value { throw std::invalid_argument(name + ": an op that has no ONNX form"); },
      },
      op);
}

std::string OnnxBuilder::serialised() const { return model_.SerializeAsString(); }

}  // namespace paretoforge::internal
