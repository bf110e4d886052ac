// Weights of one output channel as integers: to the nearest, or so that the layer's output changes least.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace paretoforge::internal {

/// weight = scale * q; q in [-(2^(bits-1) - 1), 2^(bits-1) - 1]. The scale is a float's value.
struct RoundedRow {
  double scale = 1;
  std::vector<std::int8_t> q;
};

/// The scale for rounding to nearest. Eight bits reach to the greatest weight; fewer clip where that errs least.
double nearest_scale(std::span<const float> weights, int bits);
/// At `scale`, which is positive.
RoundedRow rounded_to_nearest(std::span<const float> weights, double scale, int bits);

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
