// Tournament, one mutation, age.
#include "search/regularized_evolution.hpp"

namespace paretoforge {

RegularizedEvolutionOptions RegularizedEvolutionOptions::read(const Config& search) {
  RegularizedEvolutionOptions options;
  if (const auto population = search.find("population"))
    options.population = static_cast<std::size_t>(population->integer(2, 10'000));
  if (const auto sample = search.find("sample")) options.sample = static_cast<std::size_t>(sample->integer(1, 10'000));
  return options;
}

RegularizedEvolution::RegularizedEvolution(const SearchProblem& problem, const RegularizedEvolutionOptions& options)
    : Evolution(problem, options.population), options_(options), breeder_(problem.space) {}

Architecture RegularizedEvolution::breed() {
  const Individual* best = nullptr;
  for (std::size_t i = 0; i < options_.sample; ++i) {
    const Individual& drawn = population_[random().below(population_.size())];
    if (best == nullptr || fitter(drawn, *best)) best = &drawn;
  }
  return breeder_.mutate_one(best->architecture, random());
}

void RegularizedEvolution::learn(Individual told) {
  population_.push_back(std::move(told));
  if (population_.size() > options_.population) population_.erase(population_.begin());
  wish(population_);
  if (ready()) rank(population_);
}

void RegularizedEvolution::relearn(Individual told) {
  for (Individual& each : population_)
    if (each.architecture == told.architecture) each = told;
  wish(population_);
  if (ready()) rank(population_);
}

}  // namespace paretoforge
