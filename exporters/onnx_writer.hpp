// ONNX files: the float model, and the integer model in QDQ form (QuantizeLinear and DequantizeLinear around
// float ops, which runtimes fuse into integer ones).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge {

/// Opset 14 (the first with HardSwish), IR version 8. One input `input` [batch, channels, height, width], float,
/// and one output `output`, float: [batch, channels, height, width], or [batch, channels] where it is flat.
/// Same model, same options, same bytes.
struct OnnxOptions {
  std::string name = "network";                                    ///< of the graph
  std::vector<std::pair<std::string, std::string>> metadata = {};  ///< study, trial, ...: key and value, keys unique
  int batch = 1;                                                   ///< samples per run, at least 1; fixed in the file
};

/// The float model (folded first) as serialised ONNX. Throws std::invalid_argument as `folded` does.
std::string float_onnx(const Model& model, const OnnxOptions& options = {});

/// The integer model as QDQ ONNX: int8 weights per output channel, int32 biases, activations with scalar scales and
/// zero points. Activations stand in the file as uint8, all 128 above the model's int8: the same real numbers, and
/// the only form that ONNX Runtime computes in integers on every processor.
std::string qdq_onnx(const IntegerModel& model, const OnnxOptions& options = {});

/// Every layer of the integer model side by side, each with inputs of its own ("NAME.0", "NAME.1": float
/// [batch, channels, height, width]) and an output of its own ("NAME.output", same form): errors of one layer cannot
/// reach another. Zeros and inputs, which compute nothing, are left out.
std::string exploded_qdq_onnx(const IntegerModel& model, const OnnxOptions& options = {});

/// Runs onnx's own checker, shapes included; throws std::invalid_argument with what it found.
void check_onnx(const std::string& serialised);

}  // namespace paretoforge
