// The one integer model: every exporter writes from it, and the reference interpreter runs it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "exporters/calibration.hpp"
#include "space/model.hpp"
#include "space/quantisation.hpp"

namespace paretoforge {

/// One op on int8 tensors. Values lie channels last: height × width × channels.
struct IntegerNode {
  std::string name;                          ///< as in the graph it was made from; unique
  Op op;                                     ///< any but BatchNorm; an Add has two inputs
  std::vector<std::int32_t> inputs;          ///< positions of earlier nodes
  Shape shape;                               ///< of the output
  Quantisation output;                       ///< of the output
  std::optional<ActivationKind> activation;  ///< relu or relu6 fused behind the op: it is done by the clamp
  std::int32_t low = -128, high = 127;       ///< the clamp of the output
  std::vector<std::int8_t> kernel;           ///< Conv [out, kh, kw, in/groups], Linear [out, in]; symmetric
  std::vector<float> kernel_scales;          ///< [out]
  std::vector<std::int32_t> bias;            ///< [out] at scale (input scale) * (kernel scale)
  std::vector<std::int8_t> table;            ///< Activation: the output for q = -128 ... 127
  NodeId source = 0;                         ///< the node of the folded model whose value this is
  Range seen = {};                           ///< all values that calibration saw here: for forms of finer steps
};

/// Scales of the output are those of the input for max pools, average pools with a window, shuffles and flatten;
/// softmax has scale 1/256 and zero point -128; ReLU's output has zero point -128. A Conv pads with its input's zero
/// point. No sum of products can leave int32: that is checked when the model is made.
struct IntegerModel {
  std::vector<IntegerNode> nodes;  ///< in execution order; the first is the Input
  std::int32_t output = 0;         ///< position of the node that is the network's output
  Normalisation input;             ///< what pixels go through before they are quantised
  Normalisation targets = {};      ///< of a regression: Model::output; else empty

  bool regression() const { return !targets.mean.empty(); }
};

/// How a sum of products becomes int8.
enum class Rounding {
  single,  ///< float(sum) * scale, to nearest, ties to even: ONNX Runtime, LiteRT's XNNPACK
  twice,   ///< saturating rounding doubling high multiply, then a rounding shift: TFLite Micro, CMSIS-NN
};
/// "single" and "double".
std::string_view rounding_name(Rounding rounding);

/// How weights become integers.
enum class WeightRounding {
  nearest,       ///< each for itself
  second_order,  ///< so that each layer's output changes least for the inputs it has: GPTQ (Frantar et al., "GPTQ:
                 ///< accurate post-training quantization for generative pre-trained transformers", 2023), then
                 ///< coordinate descent on weights and scale. For weights of few bits; costs some seconds. Rows of
                 ///< more than 2,048 weights, and weights of one bit, are rounded to nearest.
};

struct QuantiseOptions {
  CalibrationOptions calibration = {};
  bool equalise = true;      ///< channels brought to like ranges first, see equalise.hpp
  bool correct_bias = true;  ///< each bias takes up the mean error that rounding its weights makes (Nagel et al.,
                             ///< "Data-free quantization through weight equalization and bias correction", 2019)
  WeightRounding rounding = WeightRounding::nearest;
};

/// Quantises a folded model with what calibration saw. Weights are symmetric per output channel in [-127, 127]
/// (in [-7, 7] where weight_bits is 4; -1 and 1 where it is 1). `images` are the samples that calibration saw; only second-order rounding
/// reads them. Of the options those before rounding (calibration, equalise) are not read.
/// Throws std::invalid_argument naming the node: a range that is not finite, activations or weights of a width
/// that int8 does not hold, a sum that could leave int32.
IntegerModel quantised(const Model& folded, const Calibration& calibration, const QuantiseOptions& options = {},
                       std::span<const float> images = {});

/// All of it at once, from a trained model (folded or not) and some hundred real samples (each channels × height ×
/// width, normalised): folded, calibrated, equalised, calibrated again, quantised. Throws as these do.
IntegerModel quantised(const Model& model, std::span<const float> images, const QuantiseOptions& options = {});

/// A model that was trained quantised (see the trainers' fake quantisation), by its own ranges: nothing is calibrated,
/// equalised or corrected, weights are rounded to nearest. Throws std::invalid_argument as above, and where the model has
/// no ranges.
IntegerModel quantised(const Model& model);

/// A sample (channels × height × width, normalised) as the int8 input, channels last.
std::vector<std::int8_t> quantised_input(const IntegerModel& model, std::span<const float> input);
/// A node's int8 value (channels last) as real numbers, channels first.
std::vector<float> dequantised(const IntegerNode& node, std::span<const std::int8_t> value);

}  // namespace paretoforge
