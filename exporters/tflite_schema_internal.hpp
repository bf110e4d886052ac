// The part of the public TensorFlow Lite schema that is written: numbers of fields, ops and types. Version 3 of the
// schema; fields are counted from 0 in the order in which it declares them, and never change places.
#pragma once

#include <cstdint>

namespace paretoforge::internal::tflite {

inline constexpr const char* file_identifier = "TFL3";
inline constexpr std::uint32_t schema_version = 3;

enum class Type : std::int8_t { float32 = 0, int32 = 2, int8 = 9, int4 = 17 };

/// BuiltinOperator.
enum class Kind : std::int32_t {
  add = 0,
  average_pool = 1,
  concatenation = 2,
  conv = 3,
  dequantize = 6,
  depthwise_conv = 4,
  logistic = 14,
  max_pool = 17,
  multiply = 18,
  relu = 19,
  relu6 = 21,
  reshape = 22,
  softmax = 25,
  pad = 34,
  transpose = 39,
  mean = 40,
  strided_slice = 45,
  split = 49,
  quantize = 114,
  hard_swish = 117,
};

/// BuiltinOptions: which table an operator's options are.
enum class OptionsKind : std::uint8_t {
  none = 0,
  conv = 1,
  depthwise_conv = 2,
  pool = 5,
  softmax = 9,
  concatenation = 10,
  add = 11,
  reshape = 17,
  multiply = 21,
  pad = 22,
  transpose = 26,
  reducer = 27,
  strided_slice = 32,
  split = 35,
  dequantize = 38,
  quantize = 89,
  hard_swish = 91,
};

enum class Fused : std::int8_t { none = 0, relu = 1, relu6 = 3 };
enum class Scheme : std::int8_t { same = 0, valid = 1 };

namespace model {
enum Field : std::uint16_t { version, operator_codes, subgraphs, description, buffers, metadata_buffer, metadata };
}
namespace operator_code {
enum Field : std::uint16_t { deprecated_code, custom_code, version, code };
}
namespace subgraph {
enum Field : std::uint16_t { tensors, inputs, outputs, operators, name };
}
namespace tensor {
enum Field : std::uint16_t { shape, type, buffer, name, quantization };
}
namespace quantization {
enum Field : std::uint16_t { min, max, scale, zero_point, details_type, details, dimension };
}
namespace operation {
enum Field : std::uint16_t { code_index, inputs, outputs, options_type, options };
}
namespace buffer {
enum Field : std::uint16_t { data };
}
namespace metadata {
enum Field : std::uint16_t { name, buffer };
}
/// Of the options' tables.
namespace option {
enum Conv : std::uint16_t { conv_scheme, conv_stride_x, conv_stride_y, conv_fused, conv_dilation_x, conv_dilation_y };
enum Depthwise : std::uint16_t { depthwise_scheme, depthwise_stride_x, depthwise_stride_y, multiplier, depthwise_fused, depthwise_dilation_x, depthwise_dilation_y };
enum Pool : std::uint16_t { pool_scheme, pool_stride_x, pool_stride_y, pool_width, pool_height, pool_fused };
enum Others : std::uint16_t { fused = 0, beta = 0, axis = 0, new_shape = 0, keep_dims = 0, parts = 0 };
}  // namespace option

}  // namespace paretoforge::internal::tflite
