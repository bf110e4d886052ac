// Weights of one output channel as integers so that the layer's output changes least.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "space/quantisation.hpp"

namespace paretoforge::internal {

using paretoforge::nearest_scale, paretoforge::rounded_to_nearest, paretoforge::RoundedRow;

/// Rounds with the second moments of the layer's inputs in sight: an error made in one weight is made up for by the
/// others. First weight by weight, each error spread over those still to come (Frantar et al., "GPTQ: accurate
/// post-training quantization for generative pre-trained transformers", 2023); then single weights are moved and the
/// scale is fitted again while the output's error falls (cyclic coordinate descent as in Behdin et al., "QuantEase",
/// 2023). Nothing is random.
class SecondOrderRounding {
 public:
  /// `moments`: the covariance of the inputs that a row's weights stand for, size × size; symmetric, finite, no
  /// negative variances. Inputs that never change (variance zero) have their weights rounded to nearest.
  SecondOrderRounding(std::span<const double> moments, std::size_t size);
  ~SecondOrderRounding();
  SecondOrderRounding(SecondOrderRounding&&) noexcept;

  /// The variance of the output's error, (w - scale q)' moments (w - scale q).
  double error(std::span<const float> weights, const RoundedRow& row) const;
  /// Never a greater error than rounding to nearest makes; the scale is at least `least_scale`.
  RoundedRow round(std::span<const float> weights, int bits, double least_scale) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paretoforge::internal
