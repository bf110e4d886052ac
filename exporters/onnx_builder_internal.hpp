// Writing ONNX graphs: nodes, constants, and the ONNX form of each op of space. Private: it shows protobuf.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exporters/onnx_writer.hpp"

namespace paretoforge::internal {

/// Activations are written as uint8, 128 above the integer model's int8: the same numbers. ONNX Runtime has no
/// kernels for int8 activations on x86; it turns them into uint8 itself, but only where a tensor has one reader.
inline std::uint8_t shifted(std::int32_t q) { return static_cast<std::uint8_t>(q + 128); }

/// A float tensor of an ONNX graph: [batch, channels, height, width], or [batch, channels] where `flat`.
struct Value {
  std::string name;
  Shape shape;
  bool flat = false;
  std::optional<Quantisation> quantisation = {};  ///< where the tensor comes from a DequantizeLinear
  std::string integers = {};                      ///< there: what that dequantises
};

/// What the numbers of a file are, and the least opset that knows them.
enum class OnnxNumbers {
  usual,            ///< float, int8 weights, uint8 activations: opset 14
  int4_weights,     ///< weights of four bits and fewer two to a byte: opset 21
  int16_activations,  ///< activations of 16 bits (uint16 in the file): opset 21
  float16,          ///< all floats but the network's input and output: opset 14
};

class OnnxBuilder {
 public:
  explicit OnnxBuilder(const OnnxOptions& options, OnnxNumbers numbers = OnnxNumbers::usual);

  using Attribute = std::pair<std::string_view, std::vector<std::int64_t>>;  ///< a list, or a number where `scalar`
  /// Adds a node with one output named like itself; returns that name.
  std::string node(std::string_view type, const std::string& name, std::vector<std::string> inputs,
                   const std::vector<Attribute>& lists = {},
                   const std::vector<std::pair<std::string_view, std::int64_t>>& numbers = {},
                   const std::vector<std::pair<std::string_view, float>>& floats = {});

  /// Further outputs of the node that was added last.
  void more_outputs(const std::vector<std::string>& names);

  /// Constants; dims empty is a scalar of rank 0. Floats become float16 where the file's numbers are; one that is too
  /// great for that is refused (std::invalid_argument).
  std::string constant(const std::string& name, const std::vector<float>& values,
                       const std::vector<std::int64_t>& dims);
  std::string constant(const std::string& name, const std::vector<std::int8_t>& values,
                       const std::vector<std::int64_t>& dims);
  std::string constant(const std::string& name, const std::vector<std::uint8_t>& values,
                       const std::vector<std::int64_t>& dims);
  std::string constant(const std::string& name, const std::vector<std::int32_t>& values,
                       const std::vector<std::int64_t>& dims);
  std::string constant(const std::string& name, const std::vector<std::int64_t>& values,
                       const std::vector<std::int64_t>& dims);

  /// Activations at a tensor's zero point; a Zero's value, and the zero point itself where dims is empty.
  std::string zero_points(const std::string& name, const Quantisation& quantisation, std::size_t count,
                          const std::vector<std::int64_t>& dims);
  /// int8 weights from a tensor that holds them in four bits, two to a byte.
  std::string packed_constant(const std::string& name, const std::vector<std::int8_t>& values,
                              const std::vector<std::int64_t>& dims);

  Value input(const std::string& name, const Shape& shape);
  /// Makes `value` an output of the graph under the name `name`.
  void output(Value value, const std::string& name);

  /// The value through QuantizeLinear and DequantizeLinear, "NAME.q" and "NAME.dq".
  Value quantised(const Value& value, const Quantisation& quantisation, const std::string& name);
  /// The integers of a value as they are stored (uint8) as floats: what is not dequantised, runtimes do not fuse.
  Value stored(const Value& value, const std::string& name);
  /// Back: the nearest integers, ties to even, which stand for numbers of that quantisation.
  Value from_stored(const Value& value, const Quantisation& quantisation, const std::string& name);
  /// The value, zero added to it in integers: from a DequantizeLinear to a QuantizeLinear it is one integer op.
  Value plus_zero(const Value& value, const std::string& name);
  /// The tensor `name`.q of the shape and rank of `value`, dequantised.
  Value dequantised(const Value& value, const Quantisation& quantisation, const std::string& name);

  /// The op on its inputs (of whatever rank; reshaped where the op wants another). `kernel` and `bias` name
  /// tensors for Conv and Linear. The result is named `name`.
  Value op(const Op& op, const std::string& name, std::vector<Value> inputs, const Shape& shape,
           const std::string& kernel, const std::string& bias);
  Value activation(ActivationKind kind, const std::string& name, const Value& input);

  /// [batch, channels, height, width] from [batch, channels] and back; quantised as the value was, since runtimes
  /// fuse an op only where each of its inputs comes straight from a DequantizeLinear.
  Value as_image(const Value& value);
  Value as_flat(const Value& value);

  std::int64_t batch() const { return batch_; }
  OnnxNumbers numbers() const { return numbers_; }
  std::string serialised() const;

 private:
  onnx::TensorProto& tensor(const std::string& name, int type, const std::vector<std::int64_t>& dims);
  std::string reshape(const std::string& name, const std::string& input, const std::vector<std::int64_t>& dims);
  /// `made` under the quantisation of `source`, where that has one.
  Value like(const Value& source, const Value& made);
  Value shuffle(const ChannelShuffle& op, const std::string& name, const Value& input);

  onnx::ModelProto model_;
  onnx::GraphProto* graph_;
  std::int64_t batch_;
  OnnxNumbers numbers_;
  std::map<std::string, Value> reshaped_;  ///< by name: several readers share one reshape
};

}  // namespace paretoforge::internal
