// 3x3 convolutions of stride 1 as minimal filtering: Lavin and Gray, "Fast algorithms for convolutional neural networks"
// (2016), F(4x4, 3x3): a tile of 4x4 outputs takes 36 products a pair of channels instead of 144. The kernels are oneDNN
// 2's for AVX-512, which LibTorch never asks for; where the build or the processor has none, nothing here is to be had.
// Not public.
#pragma once

#include <cstddef>
#include <cstdint>

#include "space/op.hpp"

namespace at {
class Tensor;
}

namespace paretoforge {

/// The convolution in float32, with autograd, the same as LibTorch's up to rounding (about 1e-5 of the largest output);
/// undefined where that form does not exist or does not pay: fewer than 32 channels on either side, a bias, any other
/// kernel, stride, or type. x [batch, in, height, width]; kernel [out, in, 3, 3]. Its gradients have no gradients.
at::Tensor winograd_convolved(const Conv& op, const at::Tensor& x, const at::Tensor& kernel);

/// Bytes that it takes while it runs, beside what it reads and writes; 0 where it is not to be had.
std::size_t winograd_workspace(const Conv& op, std::int64_t batch, const Shape& in);

}  // namespace paretoforge
