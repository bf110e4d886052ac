// Losses: by hand, and beside LibTorch's own.
#include "trainers/loss_internal.hpp"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

#include "catch.hpp"

using namespace paretoforge;

namespace {

double value(const at::Tensor& loss) { return loss.item<double>(); }

}  // namespace

TEST_CASE("Cross entropy by hand: weights are their labels', smoothing gives each class its part") {
  // Shares of 3/4 and 1/4 in each sample; the second class counts three times as much.
  const at::Tensor outputs = at::tensor({std::log(3.0), 0.0, std::log(3.0), 0.0}, at::kDouble).reshape({2, 2});
  const at::Tensor labels = at::tensor({0, 1}, at::kLong), weights = at::tensor({1.0, 3.0}, at::kDouble);
  const double likely = -std::log(0.75), rare = -std::log(0.25);
  CHECK(value(cross_entropy(outputs, labels, {}, 0)) == Approx((likely + rare) / 2));
  CHECK(value(cross_entropy(outputs, labels, weights, 0)) == Approx((likely + 3 * rare) / 4));
  // All of the first class, so that what smoothing gives the second shows.
  const at::Tensor first = at::zeros({2}, at::kLong);
  CHECK(value(cross_entropy(outputs, first, {}, 0)) == Approx(likely));
  CHECK(value(cross_entropy(outputs, first, {}, 0.2)) == Approx(0.9 * likely + 0.1 * rare));
  CHECK(value(cross_entropy(outputs, first, weights, 0.2)) == Approx(0.9 * likely + 0.1 * 3 * rare));
}

TEST_CASE("Cross entropy is LibTorch's, and so is its gradient, with weights, smoothing, and both") {
  const at::Generator generator = at::detail::createCPUGenerator(1);
  const at::Tensor labels = at::tensor({0, 3, 3, 1, 2, 0, 4}, at::kLong), some = at::tensor({1.0, 0.5, 4.0, 2.0, 0.0}, at::kDouble);
  for (const at::Tensor& weights : {at::Tensor(), some})
    for (const double smoothing : {0.0, 0.1, 0.9}) {
      const at::Tensor ours = at::randn({7, 5}, generator, at::TensorOptions(at::kDouble)).requires_grad_(true);
      const at::Tensor theirs = ours.detach().clone().requires_grad_(true);
      const at::Tensor a = cross_entropy(ours, labels, weights, smoothing);
      const at::Tensor b = at::cross_entropy_loss(theirs, labels, weights, at::Reduction::Mean, -100, smoothing);
      a.backward(), b.backward();
      CHECK(value(a) == Approx(value(b)).epsilon(1e-12));
      CHECK(at::allclose(ours.grad(), theirs.grad(), 1e-12, 1e-14));
    }
}
