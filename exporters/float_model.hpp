// The trained network as exporters see it: batch norms folded away, and a slow, obvious float interpreter.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "space/model.hpp"

namespace paretoforge {

/// The same function with fewer kinds of ops (Jacob et al., "Quantization and training of neural networks for
/// efficient integer-arithmetic-only inference", 2018, section 3.2):
/// - a BatchNorm that is the only reader of a Conv or Linear goes into its weights and bias;
/// - any other BatchNorm becomes a depthwise 1x1 Conv with bias;
/// - an Add of more than two tensors becomes a chain of Adds of two, and Zeros leave the Adds they stand in;
/// - nodes that do not lead to the output go.
/// Every Conv and Linear of the result has a bias (zeros where there was none). Folding twice changes nothing.
/// Throws std::invalid_argument naming the node where weights are missing, of a wrong size, or not finite, or where
/// the op is one of imported models alone.
Model folded(const Model& model);

/// Runs a model (folded or not) on one sample after another; values are float, channels last.
class FloatInterpreter {
 public:
  explicit FloatInterpreter(const Model& model);
  ~FloatInterpreter();
  FloatInterpreter(FloatInterpreter&&) noexcept;

  /// `input`: one sample, channels × height × width (as ONNX and LibTorch lay it out). The result has the
  /// order of the output's shape, channels first too.
  std::vector<float> run(std::span<const float> input);
  /// What node `id` gave in the last run: height × width × channels.
  std::span<const float> value(NodeId id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One sample through a model; for more than one keep a FloatInterpreter.
std::vector<float> run_float(const Model& model, std::span<const float> input);

/// An image's pixels (0 to 255, channels last) as a network takes them: scaled to 0..1, normalised per channel,
/// channels × height × width. Throws std::invalid_argument where the counts do not fit the shape.
std::vector<float> normalised(const Normalisation& normalisation, const Shape& shape,
                              std::span<const std::uint8_t> pixels);

/// Throws std::invalid_argument naming the first op that only imported models have, if there is one.
void refuse_imported(const Graph& graph);

/// The activation functions of space, in float; throws std::invalid_argument for leaky_relu, whose slope is not kept.
float activate(ActivationKind kind, float x);

}  // namespace paretoforge
