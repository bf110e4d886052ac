// The best epoch of a training (Prechelt, "Early stopping, but when?", 1998).
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "trainers/early_stop_internal.hpp"

namespace paretoforge {
namespace {

/// What is to be as great as possible.
double value_of(const Evaluation& evaluation, const EarlyStop& rule) {
  if (rule.score == "loss") return -evaluation.loss;
  for (const ScoreKind& kind : scores())
    if (kind.name == rule.score) return kind.less_is_better ? -(evaluation.*kind.value) : evaluation.*kind.value;
  throw std::invalid_argument("no score '" + rule.score + "'");
}

}  // namespace

BestWeights::BestWeights(const TorchNetwork& network, const EarlyStop& rule) : network_(network), rule_(rule) {
  if (watching()) kept_ = {at::zeros_like(network.parameters()), at::zeros_like(network.statistics())};
}

void BestWeights::see(const Evaluation& evaluation, std::int64_t epoch) {
  const double value = value_of(evaluation, rule_);
  if (epoch_ > 0 && !(value > best_ + rule_.least) && !std::isnan(best_)) return;
  c10::NoGradGuard guard;
  best_ = value;
  epoch_ = epoch;
  kept_[0].copy_(network_.parameters());
  kept_[1].copy_(network_.statistics());
}

bool BestWeights::enough(std::int64_t epoch) const { return watching() && epoch - epoch_ >= rule_.patience; }

void BestWeights::restore() const {
  if (epoch_ == 0) return;
  c10::NoGradGuard guard;
  network_.parameters().copy_(kept_[0]);
  network_.statistics().copy_(kept_[1]);
}

BestState BestWeights::state() const { return {best_, state_of(epoch_, kept_)}; }

void BestWeights::load(const BestState& state) {
  best_ = state.score;
  load_into(state.weights, epoch_, kept_);
}

}  // namespace paretoforge
