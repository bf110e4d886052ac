// ONNX models by hand, for the tests of the reader.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace paretoforge::test {

using Dims = std::vector<std::int64_t>;
/// -1 is a symbolic dimension.
inline constexpr std::int64_t symbolic = -1;

class OnnxMaker {
 public:
  explicit OnnxMaker(int opset = 17) {
    model.set_ir_version(opset < 15 ? 7 : 8);
    model.add_opset_import()->set_version(opset);
    model.mutable_graph()->set_name("test");
  }

  std::string input(const std::string& name, const Dims& dims, int type = onnx::TensorProto::FLOAT) {
    describe(*model.mutable_graph()->add_input(), name, dims, type);
    return name;
  }
  void output(const std::string& name, const Dims& dims = {}) {
    auto& info = *model.mutable_graph()->add_output();
    info.set_name(name);
    if (!dims.empty()) describe(info, name, dims, onnx::TensorProto::FLOAT);
  }
  /// Zeros of `bits` each; in a file that nobody opens where the model is `hollow`.
  std::string weight(const std::string& name, const Dims& dims, int type = onnx::TensorProto::FLOAT, int bits = 32) {
    auto& tensor = add_tensor(name, dims, type);
    if (hollow) {
      tensor.set_data_location(onnx::TensorProto::EXTERNAL);
      auto& location = *tensor.add_external_data();
      location.set_key("location"), location.set_value("weights.bin");
      return name;
    }
    std::int64_t count = 1;
    for (const std::int64_t dim : dims) count *= dim;
    tensor.set_raw_data(std::string(static_cast<std::size_t>((count * bits + 7) / 8), '\0'));
    return name;
  }
  std::string ints(const std::string& name, const Dims& values) {
    auto& tensor = add_tensor(name, {static_cast<std::int64_t>(values.size())}, onnx::TensorProto::INT64);
    for (const std::int64_t value : values) tensor.add_int64_data(value);
    return name;
  }
  std::string scalar(const std::string& name, float value) {
    add_tensor(name, {}, onnx::TensorProto::FLOAT).add_float_data(value);
    return name;
  }

  std::string index(const std::string& name, std::int64_t value) {
    add_tensor(name, {}, onnx::TensorProto::INT64).add_int64_data(value);
    return name;
  }

  using Attribute = std::pair<std::string, std::variant<std::int64_t, float, std::string, Dims>>;
  /// A node with one output, named like it.
  std::string node(const std::string& type, const std::vector<std::string>& inputs, const std::string& out,
                   const std::vector<Attribute>& attributes = {}, const std::string& domain = "") {
    return nodes(type, inputs, {out}, attributes, domain), out;
  }
  onnx::NodeProto& nodes(const std::string& type, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& outs, const std::vector<Attribute>& attributes = {},
                         const std::string& domain = "") {
    auto& node = *model.mutable_graph()->add_node();
    node.set_op_type(type);
    node.set_domain(domain);
    node.set_name(outs[0]);
    for (const auto& name : inputs) node.add_input(name);
    for (const auto& name : outs) node.add_output(name);
    for (const auto& [key, value] : attributes) set(*node.add_attribute(), key, value);
    return node;
  }
  std::string bytes() const { return model.SerializeAsString(); }

  onnx::ModelProto model;
  bool hollow = false;  ///< weights without their numbers, for networks of their real size

 private:
  static void describe(onnx::ValueInfoProto& info, const std::string& name, const Dims& dims, int type) {
    info.set_name(name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const std::int64_t dim : dims) {
      auto& added = *tensor.mutable_shape()->add_dim();
      dim == symbolic ? added.set_dim_param("symbol") : added.set_dim_value(dim);
    }
  }
  onnx::TensorProto& add_tensor(const std::string& name, const Dims& dims, int type) {
    auto& tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t dim : dims) tensor.add_dims(dim);
    return tensor;
  }
  static void set(onnx::AttributeProto& attribute, const std::string& key, const Attribute::second_type& value) {
    attribute.set_name(key);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) {
      attribute.set_type(onnx::AttributeProto::INT);
      attribute.set_i(*whole);
    } else if (const auto* number = std::get_if<float>(&value)) {
      attribute.set_type(onnx::AttributeProto::FLOAT);
      attribute.set_f(*number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      attribute.set_type(onnx::AttributeProto::STRING);
      attribute.set_s(*text);
    } else {
      attribute.set_type(onnx::AttributeProto::INTS);
      for (const std::int64_t each : std::get<Dims>(value)) attribute.add_ints(each);
    }
  }
};

}  // namespace paretoforge::test
