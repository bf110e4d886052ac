// Ops of a network as LibTorch's, with autograd. Not public: includes LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "space/graph.hpp"

namespace paretoforge {

at::Tensor convolved(const Conv& op, const at::Tensor& x, const at::Tensor& kernel, const at::Tensor& bias);

/// Average pools that count only what lies in the image, and pad so that LibTorch does not do it by itself, take a
/// divisor: 1 / pixels inside, per output row and column, [1, 1, height, width]. Undefined for other pools.
at::Tensor average_divisor(const Pool& op, const Shape& in, const Shape& out, at::TensorOptions options);
at::Tensor pooled(const Pool& op, const at::Tensor& x, const at::Tensor& divisor);
at::Tensor pooled(const GlobalPool& op, const at::Tensor& x);

at::Tensor activated(ActivationKind kind, const at::Tensor& x);
/// The same of ops whose gradients have gradients: hardsigmoid's and hardswish's have none.
at::Tensor activated_twice_differentiable(ActivationKind kind, const at::Tensor& x);

at::Tensor zeros(const Zero& op, std::int64_t batch, at::TensorOptions options);
at::Tensor sum(const std::vector<at::Tensor>& parts);
at::Tensor shuffled(const at::Tensor& x, std::int64_t groups);

}  // namespace paretoforge
