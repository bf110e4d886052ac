// When a training ends before its last epoch, and with which weights. Not public: includes LibTorch.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "trainers/checkpoint_internal.hpp"
#include "trainers/optimizer_internal.hpp"
#include "trainers/trainer.hpp"

namespace paretoforge {

/// Watches a score of the validation images from epoch to epoch and keeps the weights that had the best one.
class BestWeights {
 public:
  /// Keeps a reference to the network.
  BestWeights(const TorchNetwork& network, const EarlyStop& rule);

  /// Whether anything is watched at all.
  bool watching() const { return rule_.patience > 0; }
  /// Hears what the network scores as it is after this epoch (from 1) and keeps its weights where they are the best.
  void see(const Evaluation& evaluation, std::int64_t epoch);
  /// Whether the best epoch is so long ago that the training ends.
  bool enough(std::int64_t epoch) const;
  /// The epoch whose weights are kept; 0 before the first.
  std::int64_t epoch() const { return epoch_; }
  /// Puts the kept weights into the network; nothing before the first epoch.
  void restore() const;

  BestState state() const;
  void load(const BestState& state);

 private:
  const TorchNetwork& network_;
  EarlyStop rule_;
  std::vector<at::Tensor> kept_;  ///< parameters and statistics
  std::int64_t epoch_ = 0;
  double best_ = 0;
};

}  // namespace paretoforge
