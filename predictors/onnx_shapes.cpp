// Shapes through onnx: each operator as a model of its own, with the constants that it reads.
#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

#include <algorithm>
#include <cmath>

#include "predictors/onnx_file_internal.hpp"
#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

/// The element type that onnx is told. Integers of few bits stand for the floats that DequantizeLinear, which is left
/// out, would make of them; integers of 32 bits may (`floats`), as biases do.
int told_type(int type, bool floats) {
  const int bits = type_bits(type);
  const bool quantised = bits > 0 && bits <= 16 && type != onnx::TensorProto::BOOL;
  const bool bias = floats && type == onnx::TensorProto::INT32;
  return quantised || bias || type == onnx::TensorProto::DOUBLE ? static_cast<int>(onnx::TensorProto::FLOAT) : type;
}

void set_type(onnx::ValueInfoProto& info, const std::string& name, const Value& value, bool floats) {
  info.set_name(name);
  auto& type = *info.mutable_type()->mutable_tensor_type();
  type.set_elem_type(told_type(value.type, floats));
  auto& shape = *type.mutable_shape();
  for (const std::int64_t dim : value.dims) shape.add_dim()->set_dim_value(dim);
}

/// "To the end" is written as the largest integer there is, which a double cannot hold.
std::int64_t whole_number(double number) {
  if (!(std::abs(number) < 9e18)) return number > 0 ? INT64_MAX : INT64_MIN;
  return static_cast<std::int64_t>(number);
}

void add_numbers(onnx::GraphProto& graph, const std::string& name, const Value& value, bool floats) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  for (const std::int64_t dim : value.dims) tensor.add_dims(dim);
  const int type = told_type(value.type, floats);
  tensor.set_data_type(type);
  for (const double number : *value.numbers) {
    const std::int64_t whole = whole_number(number);
    if (type == onnx::TensorProto::FLOAT) tensor.add_float_data(static_cast<float>(number));
    if (type == onnx::TensorProto::INT64) tensor.add_int64_data(whole);
    if (type == onnx::TensorProto::INT32 || type == onnx::TensorProto::BOOL)
      tensor.add_int32_data(static_cast<std::int32_t>(std::clamp<std::int64_t>(whole, INT32_MIN, INT32_MAX)));
    if (type == onnx::TensorProto::UINT32 || type == onnx::TensorProto::UINT64)
      tensor.add_uint64_data(static_cast<std::uint64_t>(whole));
  }
}

int known_opset(int opset) {
  const auto& known = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map();
  const auto found = known.find("");
  return found == known.end() ? opset : std::min(opset, found->second.second);
}

/// As many inputs and outputs as the operator has, none of those absent that it needs.
bool is_complete(const onnx::OpSchema& schema, const std::vector<const Value*>& inputs, std::size_t outputs) {
  const auto count = static_cast<std::ptrdiff_t>(inputs.size());
  if (count < schema.min_input() || count > schema.max_input()) return false;
  return static_cast<std::ptrdiff_t>(outputs) <= schema.max_output() &&
         std::find(inputs.begin(), inputs.begin() + schema.min_input(), nullptr) == inputs.begin() + schema.min_input();
}

/// onnx takes the window of a convolution from its weights, and reads as many numbers of what has the input's rank.
bool windows_fit(const Step& step, const std::vector<const Value*>& inputs) {
  if (step.type.find("Conv") == std::string::npos) return true;
  const std::size_t weights = step.type == "QLinearConv" ? 3 : 1;
  return inputs.size() > weights && inputs[0] != nullptr && inputs[weights] != nullptr && inputs[0]->rank() > 2 &&
         inputs[0]->rank() == inputs[weights]->rank();
}

/// onnx divides by sizes that it does not look at; subgraphs read tensors that are not here.
bool is_safe(const Step& step) {
  for (const auto& attribute : step.proto->attribute()) {
    if (attribute.has_g() || attribute.graphs_size() > 0) return false;
    const std::string& key = attribute.name();
    const bool size =
        key == "blocksize" || key == "strides" || key == "dilations" || key == "kernel_shape" || key == "group";
    const auto positive = [](std::int64_t value) { return value > 0; };
    if (size && ((attribute.has_i() && !positive(attribute.i())) ||
                 !std::all_of(attribute.ints().begin(), attribute.ints().end(), positive)))
      return false;
  }
  return true;
}

std::optional<Value> output_value(const onnx::GraphProto& graph, const std::string& name) {
  const auto read = [](const onnx::ValueInfoProto& info) -> std::optional<Value> {
    if (!info.type().has_tensor_type() || !info.type().tensor_type().has_shape()) return std::nullopt;
    Value value{{}, info.type().tensor_type().elem_type()};
    for (const auto& dim : info.type().tensor_type().shape().dim()) {
      if (!dim.has_dim_value() || dim.dim_value() < 0) return std::nullopt;
      value.dims.push_back(dim.dim_value());
    }
    return value;
  };
  for (const auto* list : {&graph.output(), &graph.value_info()})
    for (const auto& info : *list)
      if (info.name() == name)
        if (auto value = read(info)) return value;
  return std::nullopt;
}

/// The step as a model of its own.
onnx::ModelProto alone(const Step& step, const std::vector<const Value*>& inputs, int version, bool floats) {
  onnx::ModelProto model;
  model.set_ir_version(4);
  model.add_opset_import()->set_version(version);
  auto& graph = *model.mutable_graph();
  auto& node = *graph.add_node();
  node = *step.proto;
  node.clear_domain();
  node.clear_input();
  node.clear_output();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string name = inputs[i] == nullptr ? "" : "i" + std::to_string(i);
    node.add_input(name);
    if (inputs[i] == nullptr) continue;
    set_type(*graph.add_input(), name, *inputs[i], floats);
    if (inputs[i]->constant() && inputs[i]->numbers) add_numbers(graph, name, *inputs[i], floats);
  }
  for (std::size_t i = 0; i < step.out.size(); ++i) {
    node.add_output("o" + std::to_string(i));
    graph.add_output()->set_name("o" + std::to_string(i));
  }
  return model;
}

}  // namespace

std::vector<std::optional<Value>> inferred_outputs(const Step& step, const std::vector<const Value*>& inputs,
                                                   int opset) {
  std::vector<std::optional<Value>> outputs(step.out.size());
  const bool standard = step.proto != nullptr && step.type == step.proto->op_type();
  const int version = known_opset(opset);
  const onnx::OpSchema* schema = onnx::OpSchemaRegistry::Schema(step.type, version);
  if (!standard || schema == nullptr || !is_complete(*schema, inputs, step.out.size())) return outputs;
  if (!is_safe(step) || !windows_fit(step, inputs)) return outputs;
  for (const bool floats : {false, true}) {
    try {
      onnx::ModelProto model = alone(step, inputs, version, floats);
      onnx::shape_inference::InferShapes(model);
      for (std::size_t i = 0; i < outputs.size(); ++i)
        outputs[i] = output_value(model.graph(), "o" + std::to_string(i));
    } catch (const std::exception&) {
      // What onnx refuses it cannot tell the shape of; who asked says so if that matters.
    }
    if (!outputs.empty() && outputs[0]) break;
  }
  return outputs;
}

}  // namespace paretoforge::onnx_in
