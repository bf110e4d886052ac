// Proof that an exported model does in ONNX Runtime what the integer model says, and does it in integers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge {

/// Whether some class is greatest (alone or tied) in both outputs; these have one length, at least 1.
bool same_class(std::span<const float> a, std::span<const float> b);

/// Steps of its scale by which the output of a network may differ between runtimes, whose roundings differ.
inline constexpr double greatest_output_quanta = 4;
/// Whether two outputs say the same: of classes (`step` 0) as same_class has it; of a regression, whose outputs have steps of
/// `step`, whether none is more than greatest_output_quanta steps apart.
bool same_answer(std::span<const float> a, std::span<const float> b, double step);

/// The same network up to what goes into its last softmax; the model itself where it has none.
IntegerModel without_softmax(IntegerModel model);

/// How far ONNX Runtime is from the reference interpreter on given images.
struct Parity {
  std::size_t images = 0;
  double greatest_quanta = 0;  ///< of any output, in steps of the output's scale
  std::size_t agreeing = 0;    ///< images with the same answer: see same_answer
  double agreement() const { return images == 0 ? 1.0 : static_cast<double>(agreeing) / static_cast<double>(images); }
};

/// Runs `images` (one sample after another, channels × height × width, normalised) through both. Where the network
/// ends in a softmax, what goes into it is compared. `onnx` is the serialised QDQ form of `model` at batch 1.
/// Throws OnnxRuntimeError where there is no ONNX Runtime.
Parity compare_outputs(const IntegerModel& model, const std::string& onnx, std::span<const float> images);

struct LayerParity {
  std::string name, op;
  double greatest_quanta = 0;  ///< in steps of this layer's output
};
/// Every layer alone, fed with what the reference interpreter has there; errors do not add up.
std::vector<LayerParity> compare_layers(const IntegerModel& model, std::span<const float> images);

/// What ONNX Runtime made of a QDQ model.
struct Fusion {
  std::size_t layers = 0;                 ///< convolutions and linears that depend on the input; others may be computed in advance
  std::size_t integer_layers = 0;         ///< QLinearConv, QGemm, ... in the optimised graph
  std::vector<std::string> float_layers;  ///< convolutions and linears left in float: "Conv features/conv_3"
  std::vector<std::string> float_ops;     ///< all else that still computes in float
  bool fused() const { return float_layers.empty() && integer_layers >= layers; }
};
/// Lets ONNX Runtime optimise the model, save its graph, and reads that.
Fusion inspect_fusion(const IntegerModel& model, const std::string& onnx);

}  // namespace paretoforge
