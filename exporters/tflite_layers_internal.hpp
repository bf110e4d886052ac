// The TFLite form of each op of space: layers become tensors and operators of a graph. Private: of the writer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "exporters/integer_model.hpp"
#include "exporters/tflite_builder_internal.hpp"
#include "exporters/tflite_windows_internal.hpp"
#include "exporters/tflite_writer.hpp"

namespace paretoforge::internal::tflite {

/// A tensor [1, height, width, channels].
struct Value {
  TensorId id = -1;
  std::string name;
  Shape shape;
  Quantisation quantisation;
};

inline Dims image_dims(const Shape& shape) { return {1, shape.height, shape.width, shape.channels}; }
inline Scales scales_of(const Quantisation& quantisation) { return {{quantisation.scale}, quantisation.zero_point, 0}; }
inline std::int8_t code(Fused fused) { return static_cast<std::int8_t>(fused); }
inline std::int8_t code(Scheme scheme) { return static_cast<std::int8_t>(scheme); }
/// The clamp of a node.
Fused fused_of(const IntegerNode& node);

/// Adds layers to a graph. Convolutions are in tflite_convolutions.cpp, all else is in tflite_layers.cpp.
class Layers {
 public:
  /// `weights`: how those of at most four bits lie in the file.
  explicit Layers(Builder& builder, TfliteWeights weights = TfliteWeights::bytes) : builder_(builder), storage_(weights) {}

  Value input(const std::string& name, const IntegerNode& node);
  /// Throws std::invalid_argument for an op that has no TFLite form.
  Value layer(const IntegerNode& node, const std::vector<Value>& inputs);
  /// The value as an output of the model; `flat`: [1, channels].
  void output(const Value& value, bool flat, const std::string& name);
  /// Zeros that are computed from `from`, so that a network of constants still reads its input.
  Value zeros(const IntegerNode& node, const Value& from);

 private:
  /// The weights of all output channels or of some.
  struct Weights {
    std::vector<std::int8_t> kernel;
    std::vector<float> scales;
    std::vector<std::int32_t> bias;
    int bits = 8;
  };

  Value make(const std::string& name, const Shape& shape, const Quantisation& quantisation);
  Value result_of(const IntegerNode& node) { return make(node.name, node.shape, node.output); }
  TensorId numbers(const std::string& name, const std::vector<std::int32_t>& values, const Dims& dims) { return builder_.constant(name, values, dims); }
  TensorId numbers(const std::string& name, const std::vector<std::int32_t>& values) { return numbers(name, values, {static_cast<std::int32_t>(values.size())}); }
  void reshape(TensorId from, TensorId to, const std::string& name, const Dims& dims);
  void transpose(TensorId from, TensorId to, const std::string& name, const Dims& order);
  Value joined(const std::vector<TensorId>& parts, const Value& result, std::int32_t axis = 3);

  Value add(const IntegerNode& node, const Input&, const std::vector<Value>&) { return input("input", node); }
  Value add(const IntegerNode& node, const Zero&, const std::vector<Value>&) { return zeros(node); }
  Value add(const IntegerNode& node, const Conv& conv, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const Linear& linear, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const Pool& pool, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const GlobalPool& pool, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const Activation& activation, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const Add&, const std::vector<Value>& inputs) { return of_two(node, Kind::add, OptionsKind::add, inputs); }
  Value add(const IntegerNode& node, const Multiply&, const std::vector<Value>& inputs) { return of_two(node, Kind::multiply, OptionsKind::multiply, inputs); }
  Value add(const IntegerNode& node, const Concat&, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const ChannelShuffle& shuffle, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const Flatten&, const std::vector<Value>& inputs);
  Value add(const IntegerNode& node, const Softmax&, const std::vector<Value>& inputs);
  template <class Absent>
  Value add(const IntegerNode& node, const Absent&, const std::vector<Value>&);

  Value zeros(const IntegerNode& node);
  Value of_two(const IntegerNode& node, Kind kind, OptionsKind options, const std::vector<Value>& inputs);
  void window(const Pool& pool, const Value& from, const Value& to, Scheme scheme);
  Value mean_over(const Value& from, const std::vector<std::int32_t>& axes, const std::string& name, const Shape& shape, const Quantisation& quantisation);
  Value hard_swish(const IntegerNode& node, const Value& from);
  Value hard_sigmoid(const IntegerNode& node, const Value& from);

  TensorId kernel_of(const std::string& name, const Weights& weights, const Dims& dims, std::int32_t dimension);
  TensorId bias_of(const std::string& name, const Weights& weights, const Quantisation& input);
  void convolution(const Conv& conv, Fused fused, const Value& from, const Value& to, const Weights& weights);
  Value depthwise(const IntegerNode& node, const Conv& conv, const Value& from);
  void depthwise(const Conv& conv, Fused fused, const Value& from, const Value& to, Scheme scheme, const Weights& weights);
  Value grouped(const IntegerNode& node, const Conv& conv, const Value& from);
  Value padded(const Value& value, const Windows2D& windows, const std::string& name);
  Value framed(const Value& value, const Windows2D& windows, const std::string& name);
  Value between(const Value& value, std::int32_t axis, const Windows& windows, const std::string& name);

  Builder& builder_;
  TfliteWeights storage_;
};

}  // namespace paretoforge::internal::tflite
