// The rules by which weights follow gradients, over all parameters at once.
#include "trainers/optimizer_internal.hpp"

#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

namespace paretoforge {
namespace {

std::vector<float> numbers(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU).contiguous();
  return {host.data_ptr<float>(), host.data_ptr<float>() + host.numel()};
}

void fill(at::Tensor& tensor, const std::vector<float>& values) {
  if (static_cast<std::int64_t>(values.size()) != tensor.numel())
    throw std::invalid_argument("the state of another network's training");
  at::Tensor host = at::empty_like(tensor, at::TensorOptions(at::kCPU));
  std::copy(values.begin(), values.end(), host.data_ptr<float>());
  tensor.copy_(host);
}

}  // namespace

StepState state_of(std::int64_t steps, const std::vector<at::Tensor>& tensors) {
  StepState state{steps, {}};
  for (const auto& tensor : tensors) state.values.push_back(numbers(tensor));
  return state;
}

void load_into(const StepState& state, std::int64_t& steps, std::vector<at::Tensor>& tensors) {
  if (state.values.size() != tensors.size()) throw std::invalid_argument("the state of another training");
  for (std::size_t i = 0; i < tensors.size(); ++i) fill(tensors[i], state.values[i]);
  steps = state.steps;
}

Optimizer::Optimizer(const TorchNetwork& network, const TrainRecipe& recipe) : network_(network), recipe_(recipe) {
  const int moments = recipe.optimizer == OptimizerKind::adamw ? 2 : 1;
  for (int i = 0; i < moments; ++i) moments_.push_back(at::zeros_like(network.parameters()));
}

void Optimizer::step(double rate) {
  c10::NoGradGuard guard;
  ++steps_;
  if (recipe_.clip_norm > 0) clip();
  if (recipe_.optimizer == OptimizerKind::adamw) adapt(rate);
  else descend(rate);
  auto gradients = network_.gradients();
  gradients.zero_();
}

/// Gradients longer than `clip_norm`, all of them as one vector, become as long (Pascanu, Mikolov, Bengio, 2013).
void Optimizer::clip() const {
  auto gradients = network_.gradients();
  gradients.mul_((recipe_.clip_norm / gradients.norm()).clamp_max(1));
}

void Optimizer::descend(double rate) {
  const auto& parameters = network_.parameters();
  auto gradients = network_.gradients();
  auto& velocity = moments_[0];
  const auto decayed = network_.decayed();
  gradients.narrow(0, 0, decayed).add_(parameters.narrow(0, 0, decayed), recipe_.weight_decay);
  velocity.mul_(recipe_.momentum).add_(gradients);
  if (recipe_.nesterov) gradients.add_(velocity, recipe_.momentum);
  parameters.add_(recipe_.nesterov ? gradients : velocity, -rate);
}

void Optimizer::adapt(double rate) {
  const auto& parameters = network_.parameters();
  const auto& gradients = network_.gradients();
  const auto [beta1, beta2] = recipe_.betas;
  parameters.narrow(0, 0, network_.decayed()).mul_(1 - rate * recipe_.weight_decay);
  moments_[0].mul_(beta1).add_(gradients, 1 - beta1);
  moments_[1].mul_(beta2).addcmul_(gradients, gradients, 1 - beta2);
  const double t = static_cast<double>(steps_);
  const auto deviation = (moments_[1] / (1 - std::pow(beta2, t))).sqrt_().add_(recipe_.epsilon);
  parameters.addcdiv_(moments_[0], deviation, -rate / (1 - std::pow(beta1, t)));
}

StepState Optimizer::state() const { return state_of(steps_, moments_); }
void Optimizer::load(const StepState& state) { load_into(state, steps_, moments_); }

WeightAverage::WeightAverage(const TorchNetwork& network, double decay) : network_(network), decay_(decay) {
  if (decay > 0) averages_ = {at::zeros_like(network.parameters()), at::zeros_like(network.statistics())};
}

void WeightAverage::update() {
  if (averages_.empty()) return;
  c10::NoGradGuard guard;
  const double share = (1 - decay_) / (1 - std::pow(decay_, static_cast<double>(++steps_)));
  averages_[0].lerp_(network_.parameters(), share);
  averages_[1].lerp_(network_.statistics(), share);
}

void WeightAverage::swap() {
  if (steps_ == 0) return;
  c10::NoGradGuard guard;
  for (const auto& [average, current] :
       {std::pair{averages_[0], network_.parameters()}, std::pair{averages_[1], network_.statistics()}}) {
    const at::Tensor kept = current.clone();
    current.copy_(average);
    average.copy_(kept);
  }
}

StepState WeightAverage::state() const { return state_of(steps_, averages_); }
void WeightAverage::load(const StepState& state) { load_into(state, steps_, averages_); }

}  // namespace paretoforge
