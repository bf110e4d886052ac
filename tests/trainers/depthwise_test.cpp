// The gradients of depthwise convolutions: against their definitions, and as LibTorch's autograd has them.
#include <torch/torch.h>

#include <vector>

#include "catch.hpp"
#include "space/random.hpp"
#include "trainers/depthwise_internal.hpp"

using namespace paretoforge;

namespace {

Conv depthwise_op(std::int32_t channels, Extent kernel, Extent stride, Padding pad, Extent dilation = {}) {
  Conv op;
  op.out = op.groups = channels, op.kernel = kernel, op.stride = stride, op.pad = pad, op.dilation = dilation;
  return op;
}

Depthwise of(const Conv& op, std::size_t batch, Extent in) {
  const Shape out = infer_shape(op, {{op.groups, in.height, in.width}});
  return {batch, static_cast<std::size_t>(op.groups), in, {out.height, out.width}, op};
}

template <class T>
std::vector<T> random_values(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  std::vector<T> values(size);
  for (auto& value : values) value = static_cast<T>(static_cast<float>(random.normal()));
  return values;
}

std::size_t elements(std::size_t batch, Extent size, std::size_t channels) {
  return batch * static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width) * channels;
}

/// Calls work(place in x, place in dy, place in the kernel) for each product that the convolution sums: of the result (row, column)
/// and the tap (i, j) x at (row * stride + i * dilation - top, ...).
template <class Work>
void for_each_product(const Depthwise& conv, const Work& work) {
  const Conv& op = conv.op;
  const auto place = [&](Extent size, std::size_t n, std::int32_t row, std::int32_t column) {
    return ((n * static_cast<std::size_t>(size.height) + static_cast<std::size_t>(row)) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(column)) * conv.channels;
  };
  for (std::size_t n = 0; n < conv.batch; ++n)
    for (std::int32_t row = 0; row < conv.out.height; ++row)
      for (std::int32_t column = 0; column < conv.out.width; ++column)
        for (std::int32_t i = 0; i < op.kernel.height; ++i)
          for (std::int32_t j = 0; j < op.kernel.width; ++j) {
            const std::int32_t y = row * op.stride.height + i * op.dilation.height - op.pad.top, x = column * op.stride.width + j * op.dilation.width - op.pad.left;
            if (y < 0 || x < 0 || y >= conv.in.height || x >= conv.in.width) continue;
            for (std::size_t c = 0; c < conv.channels; ++c)
              work(place(conv.in, n, y, x) + c, place(conv.out, n, row, column) + c, place(op.kernel, 0, i, j) + c);
          }
}

template <class T>
double as_double(T value) {
  return static_cast<double>(static_cast<Computed<T>>(value));
}

template <class T>
double furthest(const std::vector<T>& found, const std::vector<double>& exact) {
  double distance = 0, largest = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    distance = std::max(distance, std::abs(as_double(found[i]) - exact[i]));
    largest = std::max(largest, std::abs(exact[i]));
  }
  return distance / largest;
}

template <class T>
double kernel_gradient_error(const Depthwise& conv) {
  const auto x = random_values<T>(elements(conv.batch, conv.in, conv.channels), 1), dy = random_values<T>(elements(conv.batch, conv.out, conv.channels), 2);
  std::vector<double> exact(elements(1, conv.op.kernel, conv.channels));
  for_each_product(conv, [&](std::size_t in, std::size_t out, std::size_t tap) { exact[tap] += as_double(x[in]) * as_double(dy[out]); });
  std::vector<Computed<T>> found(exact.size());
  depthwise_kernel_gradient(conv, x.data(), dy.data(), found.data());
  return furthest(found, exact);
}

template <class T>
double image_gradient_error(const Depthwise& conv) {
  const auto kernel = random_values<Computed<T>>(elements(1, conv.op.kernel, conv.channels), 3);
  const auto dy = random_values<T>(elements(conv.batch, conv.out, conv.channels), 2);
  std::vector<double> exact(elements(conv.batch, conv.in, conv.channels));
  for_each_product(conv, [&](std::size_t in, std::size_t out, std::size_t tap) { exact[in] += as_double(kernel[tap]) * as_double(dy[out]); });
  std::vector<T> found(exact.size());
  depthwise_image_gradient(conv, kernel.data(), dy.data(), found.data());
  return furthest(found, exact);
}

}  // namespace

TEST_CASE("The gradients of a depthwise convolution are their definitions'") {
  const auto [op, in] = GENERATE(table<Conv, Extent>({
      {depthwise_op(16, {3, 3}, {1, 1}, {1, 1, 1, 1}), {8, 8}},       // a vector wide
      {depthwise_op(8, {5, 5}, {2, 2}, {2, 2, 2, 2}), {9, 7}},        // half of one, columns in two parts
      {depthwise_op(36, {5, 5}, {1, 1}, {2, 2, 2, 2}), {4, 4}},       // no multiple of one
      {depthwise_op(3, {7, 7}, {1, 1}, {3, 3, 3, 3}), {1, 1}},        // all but one tap beside the image
      {depthwise_op(1, {3, 3}, {3, 3}, {0, 0, 0, 0}), {11, 10}},      // what is left over is not read
      {depthwise_op(20, {1, 7}, {1, 2}, {0, 3, 0, 3}), {5, 12}},
      {depthwise_op(12, {2, 4}, {2, 1}, {0, 1, 1, 2}), {7, 6}},       // padded differently by side
      {depthwise_op(5, {3, 3}, {2, 2}, {2, 2, 2, 2}, {2, 2}), {8, 9}},
      {depthwise_op(64, {1, 1}, {1, 1}, {}), {3, 2}},
  }));
  const Depthwise conv = of(op, 3, in);
  CHECK(kernel_gradient_error<double>(conv) < 1e-13);
  CHECK(kernel_gradient_error<float>(conv) < 1e-6);
  CHECK(kernel_gradient_error<Bfloat16>(conv) < 1e-6);  // of what bfloat16 holds: sums are in float
  CHECK(image_gradient_error<double>(conv) < 1e-13);
  CHECK(image_gradient_error<float>(conv) < 1e-6);
  CHECK(image_gradient_error<Bfloat16>(conv) < 4e-3);  // half of its last place
}

TEST_CASE("A depthwise convolution and its gradients are LibTorch's") {
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const auto op = GENERATE(depthwise_op(24, {5, 5}, {1, 1}, {2, 2, 2, 2}), depthwise_op(24, {5, 3}, {2, 1}, {1, 0, 1, 0}),
                           depthwise_op(24, {3, 5}, {1, 1}, {2, 4, 2, 4}, {2, 2}), depthwise_op(96, {5, 5}, {2, 2}, {2, 2, 2, 2}));
  const Extent image = GENERATE(Extent{9, 10}, Extent{3, 3});  // small ones have loops of our own
  auto generator = at::detail::createCPUGenerator(7);
  const auto random = [&](std::vector<std::int64_t> sizes) {
    return at::randn(sizes, generator).contiguous(at::MemoryFormat::ChannelsLast).to(type).requires_grad_(true);
  };
  const at::Tensor x = random({4, op.out, image.height, image.width}), kernel = random({op.out, 1, op.kernel.height, op.kernel.width});
  const at::Tensor y = depthwise_convolved(op, x, kernel);
  REQUIRE(y.defined());
  const at::Tensor dy = at::randn(y.sizes(), generator).to(type);
  const auto gradients = torch::autograd::grad({y}, {x, kernel}, {dy});
  const at::Tensor exact_x = x.detach().to(at::kDouble).requires_grad_(true), exact_kernel = kernel.detach().to(at::kDouble).requires_grad_(true);
  const at::Tensor exact = at::conv2d(exact_x, exact_kernel, {}, {op.stride.height, op.stride.width}, {op.pad.top, op.pad.left},
                                      {op.dilation.height, op.dilation.width}, op.groups);
  const auto exact_gradients = torch::autograd::grad({exact}, {exact_x, exact_kernel}, {dy.to(at::kDouble)});
  const auto furthest = [](const at::Tensor& a, const at::Tensor& b) { return ((a.to(at::kDouble) - b).abs().max() / b.abs().max()).item<double>(); };
  const double bound = type == at::kFloat ? 1e-6 : 4e-3;  // half of bfloat16's last place
  CHECK(gradients[1].scalar_type() == type);
  CHECK(furthest(y, exact) < bound);
  CHECK(furthest(gradients[0], exact_gradients[0]) < bound);
  CHECK(furthest(gradients[1], exact_gradients[1]) < bound);
  CHECK(gradients[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(at::equal(gradients[1], torch::autograd::grad({depthwise_convolved(op, x, kernel)}, {kernel}, {dy})[0]));  // the same bytes again
}

TEST_CASE("Only the gradients that are asked for are made, and other convolutions are left to LibTorch") {
  auto generator = at::detail::createCPUGenerator(7);
  const at::Tensor x = at::randn({2, 8, 6, 6}, generator), kernel = at::randn({8, 1, 5, 5}, generator);
  const Conv op = depthwise_op(8, {5, 5}, {1, 1}, {2, 2, 2, 2});
  CHECK_FALSE(depthwise_convolved(op, x, kernel).requires_grad());
  const at::Tensor leaf = kernel.detach().requires_grad_(true);
  CHECK(torch::autograd::grad({depthwise_convolved(op, x, leaf).sum()}, {leaf})[0].sizes() == kernel.sizes());
  const auto left = [&](auto change) {
    Conv other = op;
    change(other);
    return !depthwise_convolved(other, x, kernel).defined();
  };
  CHECK(left([](Conv& other) { other.groups = 4; }));
  CHECK(left([](Conv& other) { other.out = 16; }));
  CHECK(left([](Conv& other) { other.pad.top = 1; }));
  const at::Tensor images = at::randn({2, 32, 6, 6}, generator), taps = at::randn({32, 1, 3, 3}, generator);
  CHECK_FALSE(depthwise_convolved(depthwise_op(32, {3, 3}, {1, 1}, {1, 1, 1, 1}), images, taps).defined());  // oneDNN's are as fast
  CHECK(depthwise_convolved(depthwise_op(32, {3, 3}, {2, 2}, {1, 1, 1, 1}), images, taps).defined());
  CHECK_FALSE(depthwise_convolved(op, x.to(at::kDouble), kernel.to(at::kDouble)).defined());
}
