// What a step of training does with a gradient, and the average of the weights over the steps. Not public: includes
// LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "trainers/checkpoint_internal.hpp"
#include "trainers/network_internal.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {

StepState state_of(std::int64_t steps, const std::vector<at::Tensor>& tensors);
/// Throws std::invalid_argument where the state is of another network or another rule.
void load_into(const StepState& state, std::int64_t& steps, std::vector<at::Tensor>& tensors);

/// Moves all parameters of a network at once: they lie in one vector.
class Optimizer {
 public:
  /// Keeps references to both.
  Optimizer(const TorchNetwork& network, const TrainRecipe& recipe);

  /// One step along the gradients that backward has left in the network; clears them.
  void step(double rate);

  StepState state() const;
  void load(const StepState& state);

 private:
  void clip() const;
  void descend(double rate);
  void adapt(double rate);

  const TorchNetwork& network_;
  const TrainRecipe& recipe_;
  std::vector<at::Tensor> moments_;  ///< of sgd the velocity, of adamw the means of gradient and squared gradient
  std::int64_t steps_ = 0;
};

/// The exponential moving average of the weights after each step, and of the norms' running statistics beside them,
/// which would not fit averaged weights else. Debiased as in Adam (Kingma and Ba, 2015): after t steps the weights of
/// step s count decay^(t-s) (1 - decay) / (1 - decay^t), so that the first ones are soon forgotten.
class WeightAverage {
 public:
  /// Keeps a reference; a decay of 0 averages nothing, and costs nothing.
  WeightAverage(const TorchNetwork& network, double decay);

  void update();
  /// The network gets the average, and gives what it had; once more puts it back. Nothing before the first step.
  void swap();

  StepState state() const;
  void load(const StepState& state);

 private:
  const TorchNetwork& network_;
  double decay_;
  std::vector<at::Tensor> averages_;  ///< of parameters and statistics
  std::int64_t steps_ = 0;
};

}  // namespace paretoforge
