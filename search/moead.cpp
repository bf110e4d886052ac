// Subproblems, their neighbours, and who replaces whom.
#include "search/moead.hpp"

#include <algorithm>
#include <numeric>

#include "search/reference_points.hpp"

namespace paretoforge {

namespace {

constexpr double least_weight = 1e-6;
constexpr int draws_for_another = 10;

}  // namespace

MoeadOptions MoeadOptions::read(const Config& search) {
  MoeadOptions options;
  const double crossover = options.evolution.rates.crossover;
  options.evolution = EvolutionOptions::read(search, 10'000);
  if (!search.has("crossover")) options.evolution.rates.crossover = crossover;
  if (const auto neighbours = search.find("neighbours"))
    options.neighbours = static_cast<std::size_t>(neighbours->integer(2, 1000));
  return options;
}

std::vector<std::vector<std::size_t>> nearest_weights(const Costs& weights, std::size_t count) {
  std::vector<std::vector<std::size_t>> nearest;
  std::vector<double> distance(weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    for (std::size_t j = 0; j < weights.size(); ++j) {
      distance[j] = j == i ? -1 : 0;
      for (std::size_t k = 0; k < weights.objectives(); ++k)
        distance[j] += (weights[i][k] - weights[j][k]) * (weights[i][k] - weights[j][k]);
    }
    std::vector<std::size_t> order(weights.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return distance[a] < distance[b]; });
    order.resize(std::min(count, order.size()));
    nearest.push_back(std::move(order));
  }
  return nearest;
}

double tchebycheff(std::span<const double> costs, std::span<const double> weights, std::span<const double> ideal,
                   std::span<const double> worst) {
  double greatest = 0;
  for (std::size_t k = 0; k < costs.size(); ++k) {
    // Halved, so that a range from -1e308 to 1e308 does not overflow.
    const double above = costs[k] / 2 - ideal[k] / 2, range = worst[k] / 2 - ideal[k] / 2;
    if (above > 0)
      greatest = std::max(greatest, std::max(weights[k], least_weight) * (range > 0 ? above / range : above));
  }
  return greatest;
}

Moead::Moead(const SearchProblem& problem, const MoeadOptions& options)
    : Moead(problem, options, reference_points(problem.criteria.size(), options.evolution.population)) {}

Moead::Moead(const SearchProblem& problem, const MoeadOptions& options, Costs weights)
    : Evolution(problem, weights.size()),
      weights_(std::move(weights)),
      neighbours_(nearest_weights(weights_, options.neighbours)),
      breeder_(problem.space, options.evolution.rates) {}

Architecture Moead::breed() {
  const auto& near = neighbours_[proposals() % weights_.size()];
  const auto drawn = [&]() -> const Architecture& {
    return population_[near[random().below(near.size())]].architecture;
  };
  const Architecture& mother = drawn();
  const Architecture* father = &drawn();
  for (int i = 0; i < draws_for_another && *father == mother; ++i) father = &drawn();
  return breeder_.child(mother, *father, random());
}

void Moead::note_range(const Individual& told) {
  if (told.violation > 0) return;
  if (ideal_.empty()) ideal_ = told.costs;
  worst_ = told.costs;
  for (std::size_t k = 0; k < ideal_.size(); ++k) {
    ideal_[k] = std::min(ideal_[k], told.costs[k]);
    for (const Individual& one : population_)
      if (one.violation == 0) worst_[k] = std::max(worst_[k], one.costs[k]);
  }
}

bool Moead::at_least_as_good(const Individual& a, const Individual& b, std::size_t subproblem) const {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation;
  if (a.rungs_short != b.rungs_short) return a.rungs_short < b.rungs_short;
  const auto value = [&](const Individual& one) {
    return tchebycheff(one.costs, weights_[subproblem], ideal_, worst_) + one.miss;
  };
  return value(a) <= value(b);
}

void Moead::learn(Individual told) {
  note_range(told);
  wish(population_);
  if (population_.size() < weights_.size()) {
    population_.push_back(std::move(told));
    return;
  }
  compete(told);
}

void Moead::relearn(Individual told) {
  note_range(told);
  wish(population_);
  for (Individual& each : population_)
    if (each.architecture == told.architecture) each = told;
  if (ready()) compete(told);
}

void Moead::compete(const Individual& told) {
  for (const std::size_t j : neighbours_[told.proposal % weights_.size()])
    if (at_least_as_good(told, population_[j], j)) population_[j] = told;
}

}  // namespace paretoforge
