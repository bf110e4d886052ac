#include "experiments/reports/proxies/ranking.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/reports/equal_size.hpp"
#include "predictors/scores.hpp"
#include "predictors/totals.hpp"
#include "trainers/learning_curve.hpp"
#include "trainers/rank_ensemble.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t least_pairs = 5;

/// Of a training's last epoch, from the first ones of its curve.
CurveForecast forecast(const TrainSettings& train, const Measured& measured, std::size_t epochs) {
  return extrapolate(std::span(measured.curve).first(epochs), static_cast<std::size_t>(train.budget.epochs),
                     cooled(train.recipe, train.budget.epochs));
}

std::optional<Measured> measured(const Problem& problem, const Results& results, std::size_t network, std::uint64_t seed,
                                 const Estimate& estimate) {
  const Measured* found = results.find(network, seed, estimate);
  if (!found) return std::nullopt;
  if (estimate.train && estimate.train->extrapolate > 0)
    return Measured{forecast(*estimate.train, *found, found->curve.size()).median(), found->cpu_seconds, {}};
  if (estimate.epochs == 0) return *found;
  if (found->curve.size() < estimate.epochs) return std::nullopt;
  const double share = static_cast<double>(estimate.epochs) / static_cast<double>(found->curve.size());
  return Measured{forecast(*problem.full.train, *found, estimate.epochs).median(), share * found->cpu_seconds, {}};
}

/// Of each value among the others, as ReferenceRanks has it.
std::vector<double> ranks_among_others(const std::vector<double>& values) {
  std::vector<double> found;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<double> others = values;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    found.push_back(ReferenceRanks(std::move(others)).rank(values[i]));
  }
  return found;
}

/// Of all networks with a seed.
std::vector<std::optional<Measured>> values(const Problem& problem, const Results& results, std::uint64_t seed, const Estimate& estimate);

/// Among the networks that all members have measured.
std::vector<std::optional<Measured>> mean_ranks(const Problem& problem, const Results& results, std::uint64_t seed, const Estimate& estimate) {
  std::vector<std::vector<std::optional<Measured>>> members;
  for (const std::size_t member : estimate.ranks) members.push_back(values(problem, results, seed, problem.estimates[member]));
  std::vector<std::optional<Measured>> all(results.networks().graphs.size());
  std::vector<std::size_t> complete;
  for (std::size_t network = 0; network < all.size(); ++network)
    if (std::all_of(members.begin(), members.end(), [&](const auto& member) { return member[network].has_value(); })) complete.push_back(network);
  for (const std::size_t network : complete) all[network].emplace();
  for (const auto& member : members) {
    std::vector<double> of_complete;
    for (const std::size_t network : complete) of_complete.push_back(member[network]->value);
    const std::vector<double> order = estimate.among_others && complete.size() > 1 ? ranks_among_others(of_complete) : ranks(of_complete);
    for (std::size_t i = 0; i < complete.size(); ++i) {
      all[complete[i]]->value += order[i] / static_cast<double>(members.size());
      all[complete[i]]->cpu_seconds += member[complete[i]]->cpu_seconds;
    }
  }
  return all;
}

std::vector<std::optional<Measured>> values(const Problem& problem, const Results& results, std::uint64_t seed, const Estimate& estimate) {
  if (!estimate.ranks.empty()) return mean_ranks(problem, results, seed, estimate);
  std::vector<std::optional<Measured>> all;
  for (std::size_t network = 0; network < results.networks().graphs.size(); ++network) all.push_back(measured(problem, results, network, seed, estimate));
  return all;
}

std::optional<double> reference(const Problem& problem, const Results& results, std::size_t network, std::uint64_t seed,
                                std::uint64_t seeds) {
  if (!results.networks().published.empty()) return results.networks().published[network];
  double sum = 0, count = 0;
  for (std::uint64_t other = 1; other <= seeds; ++other)
    if (other != seed || seeds == 1)
      if (const Measured* full = results.find(network, other, problem.full)) sum += full->value, count += 1;
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

struct Columns {
  std::vector<double> estimates, references, sizes;
  std::vector<double> paired, own;  ///< of networks whose full training of the same seed is known
  double cpu_seconds = 0;
};

Columns columns(const Problem& problem, const Results& results, const std::vector<double>& sizes, const Estimate& estimate,
                std::uint64_t seed, std::uint64_t seeds) {
  Columns all;
  const auto known = values(problem, results, seed, estimate);
  for (std::size_t network = 0; network < sizes.size(); ++network) {
    const auto& value = known[network];
    const auto other = reference(problem, results, network, seed, seeds);
    if (!value || !other) continue;
    all.estimates.push_back(value->value), all.references.push_back(*other), all.sizes.push_back(sizes[network]);
    all.cpu_seconds += value->cpu_seconds;
    if (const Measured* full = results.find(network, seed, problem.full)) all.paired.push_back(value->value), all.own.push_back(full->value);
  }
  return all;
}

Ranking ranking(const Problem& problem, const Results& results, const std::vector<double>& sizes, const Estimate& estimate,
                std::uint64_t seeds, std::size_t groups) {
  Ranking mean{.name = estimate.name};
  double count = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Columns all = columns(problem, results, sizes, estimate, seed, seeds);
    if (all.estimates.size() < least_pairs) continue;
    count += 1, mean.pairs += all.estimates.size();
    mean.spearman += spearman(all.estimates, all.references), mean.kendall += kendall(all.estimates, all.references);
    mean.at_equal_size += spearman_at_equal_size(all.estimates, all.references, all.sizes, groups);
    mean.same_seed += spearman(all.paired, all.own), mean.cpu_seconds += all.cpu_seconds;
  }
  for (double* value : {&mean.spearman, &mean.kendall, &mean.at_equal_size, &mean.same_seed}) *value /= count;
  mean.cpu_seconds /= static_cast<double>(mean.pairs);
  return mean;
}

}  // namespace

std::vector<Ranking> rankings(const Problem& problem, const Results& results, std::uint64_t seeds, std::size_t groups) {
  std::vector<double> sizes;
  for (const Graph& graph : results.networks().graphs) sizes.push_back(static_cast<double>(totals(graph).params));
  std::vector<Ranking> all;
  if (problem.full.measured()) all.push_back(ranking(problem, results, sizes, problem.full, seeds, groups));
  for (const Estimate& estimate : problem.estimates) all.push_back(ranking(problem, results, sizes, estimate, seeds, groups));
  return all;
}

std::vector<Calibration> calibrations(const Problem& problem, const Results& results, std::uint64_t seeds,
                                      std::size_t first, std::size_t step) {
  std::vector<Calibration> all;
  for (const Estimate& estimate : problem.estimates) {
    if (estimate.epochs == 0) continue;
    Calibration sum{.epochs = estimate.epochs};
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      for (std::size_t network = first; network < results.networks().graphs.size(); network += step) {
        const Measured* full = results.find(network, seed, problem.full);
        if (!full || full->curve.size() < estimate.epochs) continue;
        const CurveForecast expected = forecast(*problem.full.train, *full, estimate.epochs);
        const double end = full->curve.back();
        const auto within = [&](double share) {
          return end >= expected.quantile((1 - share) / 2) && end <= expected.quantile((1 + share) / 2) ? 100.0 : 0.0;
        };
        sum.curves += 1, sum.error += std::abs(expected.median() - end), sum.deviation += expected.deviation();
        sum.last_error += std::abs(full->curve[estimate.epochs - 1] - end);
        sum.within_50 += within(0.5), sum.within_90 += within(0.9);
      }
    for (double* value : {&sum.error, &sum.last_error, &sum.deviation, &sum.within_50, &sum.within_90}) *value /= static_cast<double>(sum.curves);
    all.push_back(sum);
  }
  return all;
}

}  // namespace paretoforge
