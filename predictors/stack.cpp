// Several models weighed by what they said of rows they had not seen (stacking, Wolpert 1992).
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "predictors/models_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::array<std::string_view, 3> member_names{"ridge", "gaussian_process", "boosted_trees"};
constexpr int parts = 10;  ///< weights are multiples of 1/parts
using Weights = std::array<double, member_names.size()>;

LogEstimate mixed(const Weights& weights, const std::array<LogEstimate, member_names.size()>& estimates) {
  LogEstimate sum{0, 0};
  for (std::size_t m = 0; m < weights.size(); ++m) {
    sum.mean += weights[m] * estimates[m].mean;
    sum.deviation += weights[m] * estimates[m].deviation;
  }
  return sum;
}

class Stack : public CostModel {
 public:
  using Members = std::array<std::unique_ptr<CostModel>, member_names.size()>;  ///< null where the weight is 0
  Stack(const Weights& weights, Members members) : weights_(weights), members_(std::move(members)) {}

  LogEstimate estimate(std::span<const double> features) const override {
    std::array<LogEstimate, member_names.size()> estimates;
    for (std::size_t m = 0; m < members_.size(); ++m)
      if (members_[m]) estimates[m] = members_[m]->estimate(features);
    return mixed(weights_, estimates);
  }

  Config write() const override {
    std::vector<Config::Entry> members;
    for (std::size_t m = 0; m < members_.size(); ++m)
      if (members_[m]) members.emplace_back(std::string(member_names[m]), members_[m]->write());
    return Config::make_map({{"weights", numbers_scalar(weights_)}, {"members", Config::make_map(std::move(members))}});
  }

 private:
  Weights weights_;
  Members members_;
};

/// Per row, what each member said of it without having seen it.
using Opinions = std::vector<std::array<LogEstimate, member_names.size()>>;

/// All weights that are multiples of 1/parts and sum to 1.
std::vector<Weights> all_weights() {
  std::vector<Weights> all;
  for (int a = parts; a >= 0; --a)
    for (int b = parts - a; b >= 0; --b)
      all.push_back({a / double{parts}, b / double{parts}, (parts - a - b) / double{parts}});
  return all;
}

/// The weights with the least absolute error over the rows that count: a few outliers must not choose.
template <class Counts>
Weights best_weights(const Samples& samples, const Opinions& opinions, const Counts& counts) {
  Weights best{};
  double least = std::numeric_limits<double>::infinity();
  for (const Weights& weights : all_weights()) {
    double missed = 0;
    for (std::size_t i = 0; i < samples.rows(); ++i)
      if (counts(i)) missed += std::abs(std::log(samples.targets[i]) - mixed(weights, opinions[i]).mean);
    if (missed < least) least = missed, best = weights;
  }
  return best;
}

}  // namespace

FittedModel fit_stack(const Samples& samples, std::uint64_t seed) {
  std::array<FittedModel, member_names.size()> fits;
  Opinions opinions(samples.rows());
  for (std::size_t m = 0; m < fits.size(); ++m) {
    fits[m] = cost_model_kind(member_names[m]).fit(samples, seed);
    for (std::size_t i = 0; i < samples.rows(); ++i) opinions[i][m] = fits[m].held_out[i];
  }
  // A row's own fold has no say in the weights with which its held-out estimate is mixed.
  const std::vector<std::size_t> folds = fold_of_row(samples.rows(), seed);
  std::vector<LogEstimate> held_out(samples.rows());
  for (std::size_t fold = 0; fold <= *std::max_element(folds.begin(), folds.end()); ++fold) {
    const Weights weights = best_weights(samples, opinions, [&](std::size_t row) { return folds[row] != fold; });
    for (std::size_t i = 0; i < samples.rows(); ++i)
      if (folds[i] == fold) held_out[i] = mixed(weights, opinions[i]);
  }
  const Weights weights = best_weights(samples, opinions, [](std::size_t) { return true; });
  Stack::Members members;
  for (std::size_t m = 0; m < members.size(); ++m)
    if (weights[m] > 0) members[m] = std::move(fits[m].model);
  return {std::make_unique<Stack>(weights, std::move(members)), std::move(held_out)};
}

std::unique_ptr<CostModel> read_stack(const Config& document) {
  document.allow({"weights", "members"});
  const auto numbers = read_numbers(document, "weights", member_names.size());
  const Config entries = document.at("members");
  entries.allow({member_names[0], member_names[1], member_names[2]});
  Weights weights{};
  Stack::Members members;
  for (std::size_t m = 0; m < members.size(); ++m) {
    weights[m] = numbers[m];
    if (weights[m] < 0 || weights[m] > 1) document.at("weights").fail("weights must be 0 to 1");
    if (weights[m] > 0) members[m] = cost_model_kind(member_names[m]).read(entries.at(member_names[m]));
  }
  return std::make_unique<Stack>(weights, std::move(members));
}

}  // namespace paretoforge
