// Benchmark, not a test: the gradients of depthwise kernels and of their images, LibTorch's time over ours (one thread, 64
// images, the least of five), by which depthwise_function.cpp chooses.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>

#include "trainers/depthwise_internal.hpp"

using namespace paretoforge;

namespace {

template <class Work>
double seconds_of(const Work& work) {
  double least = std::numeric_limits<double>::infinity();
  for (int round = 0; round < 5; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    least = std::min(least, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return least;
}

/// Of kernels, or of images. Images of one row have kernels of one row.
double ratio(bool of_images, std::int32_t channels, Extent image, std::int32_t kernel, std::int32_t stride, at::ScalarType type) {
  Conv op;
  op.out = op.groups = channels, op.kernel = {kernel, kernel}, op.stride = {stride, stride};
  op.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
  if (image.height == 1 && image.width > 1) op.kernel.height = op.stride.height = 1, op.pad.top = op.pad.bottom = 0;
  const Shape out = infer_shape(op, {{channels, image.height, image.width}});
  const Depthwise conv{64, static_cast<std::size_t>(channels), image, {out.height, out.width}, op};
  const auto random = [&](std::int64_t n, std::int64_t c, Extent size) {
    return at::randn({n, c, size.height, size.width}).contiguous(at::MemoryFormat::ChannelsLast).to(type);
  };
  const at::Tensor x = random(64, channels, image), dy = random(64, channels, conv.out), weights = random(channels, 1, op.kernel);
  const at::Tensor kernels = weights.to(at::kFloat).permute({2, 3, 1, 0}).contiguous(), result = at::empty_like(kernels), dx = at::empty_like(x);
  const double theirs = seconds_of([&] {
    at::convolution_backward(dy, x, weights, at::OptionalIntArrayRef(), {op.stride.height, op.stride.width}, {op.pad.top, op.pad.left}, {1, 1},
                             false, {0, 0}, channels, {of_images, !of_images, false});
  });
  const double ours = seconds_of([&] {
    if (of_images && type == at::kFloat)
      depthwise_image_gradient(conv, kernels.data_ptr<float>(), dy.data_ptr<float>(), dx.data_ptr<float>());
    else if (of_images)
      depthwise_image_gradient(conv, kernels.data_ptr<float>(), static_cast<const Bfloat16*>(dy.data_ptr()), static_cast<Bfloat16*>(dx.data_ptr()));
    else if (type == at::kFloat)
      depthwise_kernel_gradient(conv, x.data_ptr<float>(), dy.data_ptr<float>(), result.data_ptr<float>());
    else
      depthwise_kernel_gradient(conv, static_cast<const Bfloat16*>(x.data_ptr()), static_cast<const Bfloat16*>(dy.data_ptr()), result.data_ptr<float>());
  });
  return theirs / ours;
}

void print_table(bool of_images) {
  std::printf("| channels, image | 3x3 | 3x3, stride 2 | 5x5 | 5x5, stride 2 | 7x7 | bfloat16: 3x3 | 3x3, stride 2 | 5x5 | 5x5, stride 2 | 7x7 |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const std::int32_t channels : {8, 36, 96, 240})
    for (const Extent size : {Extent{1, 1}, {2, 2}, {3, 3}, {4, 4}, {8, 8}, {14, 14}, {28, 28}, {1, 98}}) {
      std::printf("| %d, %dx%d |", channels, size.height, size.width);
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16})
        for (const auto& [kernel, stride] : {std::pair{3, 1}, {3, 2}, {5, 1}, {5, 2}, {7, 1}}) std::printf(" %.1f |", ratio(of_images, channels, size, kernel, stride, type));
      std::printf("\n");
      std::fflush(stdout);
    }
}

}  // namespace

int main() {
  at::set_num_threads(1);
  std::printf("Gradients of kernels:\n\n");
  print_table(false);
  std::printf("\nGradients of images:\n\n");
  print_table(true);
}
