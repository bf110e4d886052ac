// The loss of a batch, and its gradients.
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "trainers/loss_internal.hpp"
#include "trainers/quantised_network_internal.hpp"
#include "trainers/session_internal.hpp"
#include "trainers/trainer_internal.hpp"
#include "trainers/training_loop_internal.hpp"

namespace paretoforge {
namespace {

/// Steps before one is recorded: by then libraries have set themselves up.
constexpr int steps_before_recording = 3;

/// Of the loss's scale, as PyTorch's GradScaler has them: doubled after so many steps without overflow, halved at each.
constexpr std::int64_t steps_before_growth = 2000;
constexpr double greatest_scale = 0x1p24;

}  // namespace

Learner::Learner(const Task& task)
    : task_(task),
      maker_(task.images.images(), task.input),
      gpu_(!task.device.is_cpu()),
      scaled_(task.recipe.precision == Precision::float16 && !task.quantised) {
  const std::vector<float> weights = class_weights(task.recipe, task.images.labels(), task.data.classes.size());
  if (!weights.empty()) class_weights_ = at::tensor(weights).to(task.device);
  const auto number = at::TensorOptions(task.device).dtype(at::kFloat);
  share_ = at::ones({}, number);
  if (scaled_) scale_on_device_ = at::full({}, scale_.value, number);
}

void Learner::load(const Checkpoint& checkpoint) {
  scale_ = checkpoint.loss_scale;
  if (scaled_) scale_on_device_.fill_(scale_.value);
}

Learner::Learnt Learner::learn(std::span<const std::uint32_t> positions, Random& random) {
  make_room(positions.size());
  enter(positions, random);
  const bool may_record = gpu_ && task_.recorded && !task_.quantised && note_.empty();
  if (may_record && !recorded_ && ++steps_alike_ > steps_before_recording) record();
  if (recorded_) recorded_.repeat();
  else loss_ = mean_loss();
  const double value = loss_.item<double>();
  bool learnt = std::isfinite(value) && loss_.requires_grad();  // not where the input does not reach the output
  if (learnt && !recorded_) backward();
  if (learnt && scaled_) learnt = rescaled();
  return {value, learnt};
}

void Learner::make_room(std::size_t batch) {
  const auto size = static_cast<std::int64_t>(batch);
  if (written_.defined() && written_.size(0) == size) return;
  recorded_.forget();
  steps_alike_ = 0;
  written_ = image_tensor(batch, task_.images.images().shape, gpu_);
  const auto in_host = at::TensorOptions().pinned_memory(gpu_);
  const auto targets = static_cast<std::int64_t>(task_.data.targets.size());
  written_answers_ = targets > 0 ? at::empty({size, targets}, in_host.dtype(at::kFloat)) : at::empty({size}, in_host.dtype(at::kLong));
  input_ = gpu_ ? written_.to(task_.device) : written_;
  answers_ = gpu_ ? written_answers_.to(task_.device) : written_answers_;
}

/// The GPU is done with the last batch: its loss was waited for.
void Learner::enter(std::span<const std::uint32_t> positions, Random& random) {
  where_.clear();
  for (const std::uint32_t position : positions) where_.push_back(task_.images.position(position));
  const double share = maker_.augmented(where_, task_.recipe.augment, random, written_.data_ptr<float>());
  enter_answers(positions);
  if (task_.recipe.augment.mixup > 0) share_.fill_(share);
  if (!gpu_) return;
  input_.copy_(written_, true);
  answers_.copy_(written_answers_, true);
}

void Learner::enter_answers(std::span<const std::uint32_t> positions) {
  if (!task_.data.regression()) {
    for (std::size_t i = 0; i < positions.size(); ++i) written_answers_.data_ptr<std::int64_t>()[i] = task_.images.labels()[positions[i]];
    return;
  }
  const auto& [mean, deviation] = task_.targets;
  float* to = written_answers_.data_ptr<float>();
  for (const std::size_t position : positions)
    for (std::size_t t = 0; t < mean.size(); ++t) *to++ = (task_.images.targets()[position * mean.size() + t] - mean[t]) / deviation[t];
}

at::Tensor Learner::mean_loss() const {
  const auto outputs = task_.quantised ? task_.quantised->training_logits(input_)
                                       : task_.network.logits(input_, TorchNetwork::Mode::training);
  const at::Tensor loss = loss_for(outputs, answers_);
  if (task_.recipe.augment.mixup <= 0) return loss;
  return share_ * loss + (1 - share_) * loss_for(outputs, answers_.roll({-1}, {0}));  // samples were mixed so
}

at::Tensor Learner::loss_for(const at::Tensor& outputs, const at::Tensor& answers) const {
  if (task_.data.regression()) return regression_loss(outputs, answers, task_.recipe.loss.value_or(RegressionLoss::squared));
  return cross_entropy(outputs, answers, class_weights_, task_.recipe.label_smoothing);
}

void Learner::backward() {
  if (!scaled_) return loss_.backward();
  (loss_ * scale_on_device_).backward();
  const c10::NoGradGuard guard;
  at::Tensor gradients = task_.network.gradients();
  gradients.div_(scale_on_device_);
  fits_ = at::isfinite(gradients).all();
}

/// What cannot be recorded is launched, as it has been until now. Memory that runs out meanwhile says little: LibTorch
/// gives back none that it has kept while it records.
void Learner::record() try {
  recorded_.record([&] {
    loss_ = mean_loss();
    if (loss_.requires_grad()) backward();
  });
} catch (const c10::Error& error) {
  const std::string message = error.what_without_backtrace();
  note_ = "its steps could not be recorded, and were launched kernel by kernel: " + message.substr(0, message.find('\n'));
}

/// Whether the gradients are of use. Where they are not, the next ones are scaled less.
bool Learner::rescaled() {
  if (fits_.item<bool>()) {
    if (++scale_.steps % steps_before_growth == 0) set_scale(std::min(greatest_scale, 2 * scale_.value));
    return true;
  }
  at::Tensor gradients = task_.network.gradients();
  gradients.zero_();
  scale_.steps = 0;
  set_scale(std::max(1.0, scale_.value / 2));
  return false;
}

void Learner::set_scale(double value) {
  scale_.value = value;
  scale_on_device_.fill_(value);
}

}  // namespace paretoforge
