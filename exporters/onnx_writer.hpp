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

/// The integer model as `qdq_onnx` writes it, but weights of four bits and fewer stand two to a byte, as INT4 that a
/// Cast turns into int8: runtimes do that once, when they load the file, and then compute in integers as before (of
/// int4 straight into a DequantizeLinear they make float layers). Opset 21, IR version 10.
std::string int4_onnx(const IntegerModel& model, const OnnxOptions& options = {});

/// The integer model with activations of 16 bits, over twice what calibration saw of each tensor; weights as they are.
/// UINT16 in QuantizeLinear and DequantizeLinear. ONNX Runtime 1.30 has no integer kernels for it: layers run in float
/// between conversions. Opset 21, IR version 10.
std::string int16_onnx(const IntegerModel& model, const OnnxOptions& options = {});

/// The float model in float16; its input and output stay float. Throws std::invalid_argument, naming it, where a
/// weight or bias is 65520 or more, and as `folded` does.
std::string float16_onnx(const Model& model, const OnnxOptions& options = {});

/// A linear layer's weights as integers of the bits that it has, per output and to nearest: weight = scale * q. An output whose
/// weights are all zero has scale 0.
struct RoundedLinear {
  std::vector<std::int8_t> q;  ///< [out, in]
  std::vector<float> scales;   ///< [out]
};
/// Of a folded model. Throws std::invalid_argument for bits other than 1 to 8.
RoundedLinear rounded_linear(const Model& model, NodeId id);
/// The model, folded, with linear layers' weights rounded so: `dynamic_onnx` but for its activations.
Model with_rounded_linears(const Model& model);

/// The float model with linear layers quantised as it runs: their input becomes uint8 by its own least and greatest value
/// (DynamicQuantizeLinear), is multiplied with integer weights (MatMulInteger), and the sums are float again. All else is float.
/// Weights of at most four bits stand two to a byte as in `int4_onnx`; else opset 14. A run's samples share one range.
std::string dynamic_onnx(const Model& model, const OnnxOptions& options = {});

/// Every layer of the integer model side by side, each with inputs of its own ("NAME.0", "NAME.1": float
/// [batch, channels, height, width]) and an output of its own ("NAME.output", same form): errors of one layer cannot
/// reach another. Zeros and inputs, which compute nothing, are left out.
std::string exploded_qdq_onnx(const IntegerModel& model, const OnnxOptions& options = {});

/// Runs onnx's own checker, shapes included; throws std::invalid_argument with what it found.
void check_onnx(const std::string& serialised);

}  // namespace paretoforge
