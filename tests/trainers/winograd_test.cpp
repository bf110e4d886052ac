// Minimal filtering against LibTorch's convolutions in double: values, both gradients, and where there is none.
#include <torch/torch.h>

#include <thread>
#include <vector>

#include "catch.hpp"
#include "trainers/winograd_internal.hpp"

using namespace paretoforge;

namespace {

Conv conv3x3(std::int32_t out, std::int32_t pad = 1) {
  Conv op;
  op.out = out, op.kernel = {3, 3}, op.pad = {pad, pad, pad, pad};
  return op;
}

at::Tensor random(std::vector<std::int64_t> sizes, at::Generator& generator) {
  return at::randn(sizes, generator).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true);
}

double furthest(const at::Tensor& a, const at::Tensor& b) {
  return ((a.to(at::kDouble) - b).abs().max() / b.abs().max()).item<double>();
}

struct Sizes {
  std::int64_t batch, in, height, width, out;
  std::int32_t pad;
};

bool here() { return winograd_workspace(conv3x3(32), 8, {32, 8, 8}) > 0; }

}  // namespace

TEST_CASE("Convolutions by minimal filtering are LibTorch's, and so are their gradients") {
  if (!here()) {
    WARN("skipped: this build or processor has no Winograd convolutions");
    return;
  }
  const Sizes s = GENERATE(Sizes{8, 32, 8, 8, 32, 1}, Sizes{5, 64, 7, 13, 48, 1}, Sizes{1, 33, 4, 4, 50, 1},
                           Sizes{3, 40, 9, 6, 32, 0}, Sizes{2, 128, 14, 14, 96, 1}, Sizes{2, 32, 1, 5, 64, 1});
  auto generator = at::detail::createCPUGenerator(7);
  const at::Tensor x = random({s.batch, s.in, s.height, s.width}, generator), kernel = random({s.out, s.in, 3, 3}, generator);
  const at::Tensor y = winograd_convolved(conv3x3(s.out, s.pad), x, kernel);
  REQUIRE(y.defined());
  const at::Tensor dy = at::randn(y.sizes(), generator);
  const auto gradients = torch::autograd::grad({y}, {x, kernel}, {dy});

  const at::Tensor exact_x = x.detach().to(at::kDouble).requires_grad_(true);
  const at::Tensor exact_kernel = kernel.detach().to(at::kDouble).requires_grad_(true);
  const at::Tensor exact = at::conv2d(exact_x, exact_kernel, {}, 1, s.pad);
  const auto exact_gradients = torch::autograd::grad({exact}, {exact_x, exact_kernel}, {dy.to(at::kDouble)});
  CHECK(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(furthest(y, exact) < 2e-5);
  CHECK(furthest(gradients[0], exact_gradients[0]) < 2e-5);
  CHECK(furthest(gradients[1], exact_gradients[1]) < 2e-5);
  CHECK(at::equal(y, winograd_convolved(conv3x3(s.out, s.pad), x, kernel)));  // the same bytes again
}

TEST_CASE("Memory may be asked for before a thread has its settings: results are the same") {
  if (!here()) return;
  auto generator = at::detail::createCPUGenerator(7);
  const at::Tensor x = random({16, 32, 14, 14}, generator), kernel = random({32, 32, 3, 3}, generator);
  const auto gradient = [&](bool asked_first) {
    at::Tensor result;
    std::thread([&] {
      at::set_num_threads(4);
      if (asked_first) winograd_workspace(conv3x3(32), 16, {32, 14, 14});
      at::set_num_threads(1);
      const at::Tensor y = winograd_convolved(conv3x3(32), x, kernel);
      result = torch::autograd::grad({(y * y).sum()}, {kernel})[0];
    }).join();
    return result;
  };
  CHECK(at::equal(gradient(true), gradient(false)));
}

TEST_CASE("What is no input of a trained layer gets no gradient") {
  if (!here()) return;
  auto generator = at::detail::createCPUGenerator(7);
  const at::Tensor x = random({4, 32, 8, 8}, generator).detach(), kernel = random({32, 32, 3, 3}, generator);
  const at::Tensor y = winograd_convolved(conv3x3(32), x, kernel);
  CHECK(torch::autograd::grad({y.sum()}, {kernel})[0].sizes() == kernel.sizes());
  CHECK_FALSE(winograd_convolved(conv3x3(32), x, kernel.detach()).requires_grad());
}

TEST_CASE("Any other convolution is left to LibTorch") {
  auto generator = at::detail::createCPUGenerator(7);
  const at::Tensor x = random({4, 32, 8, 8}, generator), kernel = random({32, 32, 3, 3}, generator);
  const auto left = [&](auto change) {
    Conv op = conv3x3(32);
    change(op);
    return !winograd_convolved(op, x, kernel).defined() && winograd_workspace(op, 4, {32, 8, 8}) == 0;
  };
  CHECK(left([](Conv& op) { op.stride = {2, 2}; }));
  CHECK(left([](Conv& op) { op.dilation = {2, 2}; }));
  CHECK(left([](Conv& op) { op.kernel = {5, 5}; }));
  CHECK(left([](Conv& op) { op.groups = 32; }));
  CHECK(left([](Conv& op) { op.bias = true; }));
  CHECK(left([](Conv& op) { op.out = 16; }));
  CHECK(left([](Conv& op) { op.pad.top = 0; }));
  CHECK_FALSE(winograd_convolved(conv3x3(32), x.to(at::kDouble), kernel.to(at::kDouble)).defined());
}
