// The trained network in float: a slow, obvious interpreter.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "space/activation.hpp"
#include "space/fold.hpp"
#include "space/model.hpp"

namespace paretoforge {

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

}  // namespace paretoforge
