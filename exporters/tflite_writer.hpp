// TFLite files: the integer model as an int8 flatbuffer, channels last.
#pragma once

#include <string>

#include "exporters/integer_model.hpp"
#include "exporters/onnx_writer.hpp"

namespace paretoforge {

/// How a file holds weights of at most four bits: in bytes, which every runtime reads, or as INT4, two to a byte.
enum class TfliteWeights { bytes, packed };
/// The names of these files in a bundle.
inline constexpr std::string_view tflite_file = "model.tflite", packed_tflite_file = "model_int4.tflite";

/// The integer model as a serialised TFLite model of batch 1: one input `input` [1, height, width, channels] and one
/// output `output`, [1, height, width, channels], or [1, channels] where it is flat; both int8. Weights are int8 per
/// output channel, biases int32 of scale (input scale) * (weight scale). Same model, same options, same bytes.
/// Padding that TFLite has no name for stands before a convolution as an op of its own, or as taps of zero around a
/// depthwise kernel; pools with such padding are taken at every place, and then every so many of these. Grouped
/// convolutions are split, linear layers are convolutions. All ops are int8 but hard-swish, which is float.
/// Throws std::invalid_argument for a batch other than 1 and for what `tflite_refusal` refuses.
std::string tflite_model(const IntegerModel& model, const OnnxOptions& options = {}, TfliteWeights weights = TfliteWeights::bytes);

/// Every layer of the integer model side by side, each with inputs of its own and an output of its own, all of four
/// dimensions, in the order of the nodes: errors of one layer cannot reach another. Zeros and inputs, which compute
/// nothing, are left out.
std::string exploded_tflite_model(const IntegerModel& model, TfliteWeights weights = TfliteWeights::bytes);

/// Why TFLite cannot hold an op on inputs of these shapes; empty where it can.
std::string tflite_refusal(const Op& op, const Shape& input, const Shape& output);

}  // namespace paretoforge
