// The gradients of a depthwise convolution, as plain loops over channels-last data. Not public.
//
// oneDNN, which LibTorch asks, has fast loops for the gradient of 3x3 kernels; under 5x5 or 7x7, and for most images of 3x3 and
// less, it takes its general ones for convolutions in groups: 2.5 to 20 times as long as these in float32, longer in bfloat16.
// The gradient of images takes it 1.1 to 3.6 times as long as these where the stride is 2 and channels are many
// (bench_depthwise).
#pragma once

#include <cstddef>

#include "space/op.hpp"
#include "trainers/norm_internal.hpp"

namespace at {
class Tensor;
}

namespace paretoforge {

/// A convolution of images [height, width, channels] with a kernel of its own for each channel.
struct Depthwise {
  std::size_t batch, channels;
  Extent in, out;
  Conv op;
};

/// d_kernel [height * width of the kernel, channels] from x and the gradient dy of what came out. Values are double, float,
/// or bfloat16 with all sums in float.
template <class S>
void depthwise_kernel_gradient(const Depthwise& conv, const S* x, const S* dy, Computed<S>* d_kernel);

/// dx from the kernel [height * width, channels] and dy; as above.
template <class S>
void depthwise_image_gradient(const Depthwise& conv, const Computed<S>* kernel, const S* dy, S* dx);

/// LibTorch's convolution, without a bias, with each of these gradients where it is the faster one; undefined where `op` is not
/// depthwise (as many groups as channels in and out), pads differently by side, or runs elsewhere than on a CPU in float32 or
/// bfloat16, and where LibTorch's own gradients are both fast. x [batch, channels, height, width]; kernel [channels, 1, height,
/// width], of the same type. Its gradients have no gradients.
at::Tensor depthwise_convolved(const Conv& op, const at::Tensor& x, const at::Tensor& kernel);

}  // namespace paretoforge
