#include "experiments/estimators.hpp"

#include <algorithm>
#include <array>

#include "experiments/quantity.hpp"

namespace paretoforge {
namespace {

enum : std::size_t { full_training, fewer_epochs, low_fidelity, ranked_training, extrapolation, zero_cost, rank_ensemble, benchmark, count };

constexpr std::array<Estimator, count> table{{
    {"full_training", "trained to the end of its schedule on all images, validated on those held back", "all of it",
     "train: {data: fashion-mnist, epochs: 10}"},
    {"fewer_epochs", "the beginning of the full training, which may go on from there", "its share of the epochs",
     "train: {..., rungs: [{epochs: 3}]}"},
    {"low_fidelity", "a training of its own with fewer images or epochs, lower resolution or fewer channels",
     "the product of what each lowers, resolution and width squared", "train: {..., images: 10000, epochs: 3, resolution: 14}"},
    {"ranked_training", "the mean of a training's rank and of scores' ranks among networks drawn once from the space and trained likewise",
     "the training's and the scores'; once, those of the reference networks too", "train: {...}, ranks: [params, macs, jacob_cov]"},
    {"extrapolation", "what the validation after each of the first epochs foretells of the last (a Bayesian ensemble of curves)",
     "its share of the epochs, and a validation after each", "train: {..., epochs: 10, extrapolate: 3}, or in rungs"},
    {"zero_cost", "a score of the untrained network on one batch (paretoforge list scores)",
     "one to three passes of one batch; params and macs nothing", "score: {kind: naswot, data: fashion-mnist}"},
    {"rank_ensemble", "the mean of several scores' ranks among networks drawn once from the space",
     "its members'; once, those of the reference networks too", "score: {ensemble: [synflow, jacob_cov, snip], data: fashion-mnist}"},
    {"benchmark", "looked up in a published table", "nothing", "table: {file: accuracy.csv, column: cifar10_test_accuracy_pct}"},
}};

std::size_t of_training(const Config& train, std::optional<std::size_t> rung) {
  if (!rung) {
    if (train.has("extrapolate")) return extrapolation;
    for (const char* key : {"images", "share", "resolution", "width"})
      if (train.has(key)) return low_fidelity;
    return full_training;
  }
  const Config at = train.at("rungs").items().at(*rung);
  if (at.has("extrapolate")) return extrapolation;
  return at.entries().size() == 1 && at.has("epochs") ? fewer_epochs : low_fidelity;
}

}  // namespace

std::span<const Estimator> estimators() { return table; }

const Estimator* estimator_of(const Config& objective, std::optional<std::size_t> rung) {
  if (objective.has("train") && objective.has("ranks")) return &table[ranked_training];
  if (const auto train = objective.find("train")) return &table[of_training(*train, rung)];
  if (const auto score = objective.find("score")) return &table[score->is_map() && score->has("ensemble") ? rank_ensemble : zero_cost];
  return objective.has("table") && objective.boolean_or("expensive", false) ? &table[benchmark] : nullptr;
}

std::string estimate_cost(const Config& objective, std::optional<std::size_t> rung, std::optional<double> share) {
  if (const auto train = objective.find("train"); train && !rung && train->has("extrapolate"))
    share = train->at("extrapolate").number() / train->at("epochs").number();
  if (share) return quantity_text("share_pct", 100 * *share, 3) + " of the full budget";
  const Estimator* estimator = estimator_of(objective, rung);
  return estimator == nullptr ? std::string() : std::string(estimator->cost);
}

}  // namespace paretoforge
