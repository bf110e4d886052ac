// Depthwise convolutions as an autograd function: LibTorch's, but for the gradient of the kernel.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <algorithm>
#include <tuple>

#include "trainers/depthwise_internal.hpp"
#include "trainers/network_ops_internal.hpp"

namespace paretoforge {
namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;

// What of a convolution takes longer in oneDNN than in loops of our own, by bench_depthwise.

bool small(const at::Tensor& x) { return std::max(x.size(2), x.size(3)) <= 3; }

bool kernels_slow_elsewhere(const Conv& op, const at::Tensor& x) { return std::max(op.kernel.height, op.kernel.width) > 3 || small(x); }

bool images_slow_elsewhere(const Conv& op, const at::Tensor& x) {
  const std::int64_t least_channels = std::max(op.kernel.height, op.kernel.width) > 3 ? 96 : 32;
  return small(x) || (std::min(op.stride.height, op.stride.width) > 1 && x.scalar_type() == at::kFloat && x.size(1) >= least_channels);
}

Extent extent(const at::Tensor& x) { return {static_cast<std::int32_t>(x.size(2)), static_cast<std::int32_t>(x.size(3))}; }

at::Tensor kernel_gradient(const Conv& op, const at::Tensor& images, const at::Tensor& gradients, at::ScalarType type) {
  const at::Tensor x = images.contiguous(at::MemoryFormat::ChannelsLast), dy = gradients.contiguous(at::MemoryFormat::ChannelsLast);
  const Depthwise conv{static_cast<std::size_t>(x.size(0)), static_cast<std::size_t>(x.size(1)), extent(x), extent(dy), op};
  const at::Tensor result = at::empty({op.kernel.height, op.kernel.width, 1, x.size(1)}, at::kFloat);
  if (x.scalar_type() == at::kBFloat16)
    depthwise_kernel_gradient(conv, static_cast<const Bfloat16*>(x.data_ptr()), static_cast<const Bfloat16*>(dy.data_ptr()), result.data_ptr<float>());
  else
    depthwise_kernel_gradient(conv, x.data_ptr<float>(), dy.data_ptr<float>(), result.data_ptr<float>());
  return result.permute({3, 2, 0, 1}).to(type);
}

at::Tensor image_gradient(const Conv& op, const at::Tensor& images, const at::Tensor& weights, const at::Tensor& gradients) {
  const at::Tensor dy = gradients.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor kernel = weights.to(at::kFloat).permute({2, 3, 1, 0}).contiguous(), dx = at::empty_like(images, at::MemoryFormat::ChannelsLast);
  const Depthwise conv{static_cast<std::size_t>(dx.size(0)), static_cast<std::size_t>(dx.size(1)), extent(dx), extent(dy), op};
  if (dx.scalar_type() == at::kBFloat16)
    depthwise_image_gradient(conv, kernel.data_ptr<float>(), static_cast<const Bfloat16*>(dy.data_ptr()), static_cast<Bfloat16*>(dx.data_ptr()));
  else
    depthwise_image_gradient(conv, kernel.data_ptr<float>(), dy.data_ptr<float>(), dx.data_ptr<float>());
  return dx;
}

/// LibTorch's gradients of images and kernel, those that are wanted.
std::tuple<at::Tensor, at::Tensor> libtorch_gradients(const Conv& op, const at::Tensor& dy, const at::Tensor& images, const at::Tensor& weights, bool of_images, bool of_kernel) {
  const auto all = at::convolution_backward(dy, images, weights, at::OptionalIntArrayRef(), {op.stride.height, op.stride.width}, {op.pad.top, op.pad.left},
                                            {op.dilation.height, op.dilation.width}, false, {0, 0}, op.groups, {of_images, of_kernel, false});
  return {std::get<0>(all), std::get<1>(all)};
}

/// LibTorch's own kind of node, as in norm_function.cpp.
struct DepthwiseBackward : torch::autograd::Node {
  Conv op;
  SavedVariable x, kernel;

  variable_list apply(variable_list&& gradients) override {
    variable_list result(2);
    if (!gradients[0].defined()) return result;
    const at::Tensor images = x.unpack(), weights = kernel.unpack(), &dy = gradients[0];
    const bool own_images = images_slow_elsewhere(op, images), own_kernel = kernels_slow_elsewhere(op, images);
    const bool of_images = should_compute_output(0) && !own_images, of_kernel = should_compute_output(1) && !own_kernel;
    if (of_images || of_kernel) std::tie(result[0], result[1]) = libtorch_gradients(op, dy, images, weights, of_images, of_kernel);
    if (should_compute_output(0) && own_images) result[0] = image_gradient(op, images, weights, dy);
    if (should_compute_output(1) && own_kernel) result[1] = kernel_gradient(op, images, dy, weights.scalar_type());
    return result;
  }

  std::string name() const override { return "DepthwiseBackward"; }
  void release_variables() override { x.reset_data(), kernel.reset_data(); }
};

bool depthwise(const Conv& op, const at::Tensor& x, const at::Tensor& kernel) {
  const bool known = x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
  return x.device().is_cpu() && known && kernel.scalar_type() == x.scalar_type() && op.groups == x.size(1) && op.out == x.size(1) &&
         op.pad.top == op.pad.bottom && op.pad.left == op.pad.right;
}

}  // namespace

at::Tensor depthwise_convolved(const Conv& op, const at::Tensor& x, const at::Tensor& kernel) {
  if (!depthwise(op, x, kernel) || !(kernels_slow_elsewhere(op, x) || images_slow_elsewhere(op, x))) return {};
  const at::Tensor images = x.detach(), weights = kernel.detach();
  at::Tensor y = convolved(op, images, weights, {});
  if (!torch::autograd::compute_requires_grad(x, kernel)) return y;
  const std::shared_ptr<DepthwiseBackward> node(new DepthwiseBackward, torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(x, kernel));
  torch::autograd::set_history(y, node);
  node->op = op;
  node->x = SavedVariable(images, false);
  node->kernel = SavedVariable(weights, false);
  return y;
}

}  // namespace paretoforge
