// The loss of a batch, and its gradients.
#include <algorithm>
#include <cmath>

#include "trainers/quantised_network_internal.hpp"
#include "trainers/session_internal.hpp"
#include "trainers/trainer_internal.hpp"
#include "trainers/training_loop_internal.hpp"

namespace paretoforge {

Learner::Learner(const Task& task) : task_(task), maker_(task.images, task.input) {
  const std::vector<float> weights = class_weights(task.recipe, task.images, task.data.classes.size());
  if (!weights.empty()) class_weights_ = at::tensor(weights).to(task.device);
}

Learner::Learnt Learner::learn(std::span<const std::uint32_t> positions, Random& random) {
  if (const auto size = static_cast<std::int64_t>(positions.size()); !labels_.defined() || labels_.size(0) != size) {
    input_ = image_tensor(positions.size(), task_.images.shape);
    labels_ = at::empty({size}, at::kLong);
  }
  const double share = maker_.augmented(positions, task_.recipe.augment, random, input_.data_ptr<float>());
  for (std::size_t i = 0; i < positions.size(); ++i)
    labels_.data_ptr<std::int64_t>()[i] = task_.images.labels[positions[i]];
  const auto outputs = task_.quantised ? task_.quantised->training_logits(input_.to(task_.device))
                                        : task_.network.logits(input_.to(task_.device), TorchNetwork::Mode::training);
  auto loss = loss_of(outputs, labels_);
  if (share < 1) loss = share * loss + (1 - share) * loss_of(outputs, labels_.roll({-1}, {0}));  // samples were mixed so
  const double value = loss.item<double>();
  const bool gradients = std::isfinite(value) && loss.requires_grad();  // none where the input does not reach the output
  if (gradients) loss.backward();
  return {value, gradients};
}

at::Tensor Learner::loss_of(const at::Tensor& outputs, const at::Tensor& labels) const {
  return at::cross_entropy_loss(outputs, labels.to(task_.device), class_weights_, at::Reduction::Mean, -100,
                                task_.recipe.label_smoothing);
}

}  // namespace paretoforge
