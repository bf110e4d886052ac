// Rounding with gradients: what fake quantisation is made of. Not public: includes LibTorch.
//
// Tensors hold quanta: whole numbers q - zero point, as floats. Sums of products of quanta are exact while they stay
// below 2^24, so what comes out is what integers give.
#pragma once

#include <ATen/ATen.h>

#include "space/integer_steps.hpp"

namespace paretoforge {

/// The value of `exact` with the gradient of `smooth` (straight-through: Bengio et al., "Estimating or propagating
/// gradients through stochastic neurons for conditional computation", 2013). Same shape.
at::Tensor straight_through(const at::Tensor& exact, const at::Tensor& smooth);

/// clamp(round(x * factor), low, high), ties to even; `factor` is per channel ([channels]) or one number ([1]). The gradient
/// is that without rounding: `factor` where low < x * factor < high, else 0.
at::Tensor requantised(const at::Tensor& x, const at::Tensor& factor, double low, double high);

/// Quanta on the CPU [batch, channels, height, width] as the integer model computes them; no autograd.
at::Tensor exact_average(const Pool& pool, const at::Tensor& quanta, const Shape& output, const Quantisation& quantisation);
/// Over channels; height = width = 1.
at::Tensor exact_softmax(const at::Tensor& quanta, const Quantisation& input, const Quantisation& output);
/// Each value through a table for q = -128 ... 127.
at::Tensor looked_up(const std::vector<std::int8_t>& table, const at::Tensor& quanta, const Quantisation& input,
                     const Quantisation& output);

}  // namespace paretoforge
