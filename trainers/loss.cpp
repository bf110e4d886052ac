#include "trainers/loss_internal.hpp"

#include <ATen/ATen.h>

namespace paretoforge {

at::Tensor cross_entropy(const at::Tensor& outputs, const at::Tensor& labels, const at::Tensor& weights,
                         double smoothing) {
  if (!weights.defined() || smoothing <= 0)
    return at::cross_entropy_loss(outputs, labels, weights, at::Reduction::Mean, -100, smoothing);
  // LibTorch picks labels that count by a mask here, and waits for how many there are: such a step cannot be recorded.
  const at::Tensor log_probabilities = at::log_softmax(outputs, 1);
  const at::Tensor uniform = -(log_probabilities * weights).sum() / weights.index_select(0, labels).sum();
  return (1 - smoothing) * at::nll_loss(log_probabilities, labels, weights) +
         smoothing / static_cast<double>(outputs.size(1)) * uniform;
}

at::Tensor regression_loss(const at::Tensor& outputs, const at::Tensor& targets, RegressionLoss kind) {
  switch (kind) {
    case RegressionLoss::absolute:
      return at::l1_loss(outputs, targets);
    case RegressionLoss::huber:
      return at::huber_loss(outputs, targets);
    case RegressionLoss::squared:
      break;
  }
  return at::mse_loss(outputs, targets);
}

}  // namespace paretoforge
