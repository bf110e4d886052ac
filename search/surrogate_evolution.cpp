// Evolution judged by forests or boosted trees.
#include "search/surrogate_evolution.hpp"

#include <unordered_map>

#include "search/model_search_internal.hpp"
#include "search/nsga2.hpp"
#include "search/tree_ensembles.hpp"

namespace paretoforge {

namespace {

ForecastModels trees(TreeSurrogate surrogate) {
  if (surrogate == TreeSurrogate::forest) return {[] { return std::make_unique<RandomForest>(); }, false};
  return {[] { return std::make_unique<BoostedEnsemble>(); }};
}

/// Feasible where it more likely than not keeps all limits; else the less likely the worse.
Individual expected(const Outlook& outlook) {
  return {.architecture = outlook.architecture,
          .costs = mean_costs(outlook),
          .violation = outlook.chance < 0.5 ? outlook.overshoot + 0.5 - outlook.chance : 0,
          .miss = outlook.miss};
}

class SurrogateEvolution final : public ForecastSearch {
 public:
  SurrogateEvolution(const SearchProblem& problem, const SurrogateEvolutionOptions& options)
      : ForecastSearch(problem, trees(options.surrogate), {.start = options.start}), options_(options) {}

 protected:
  std::vector<Outlook> candidates() override {
    std::vector<Individual> population = parents();
    std::unordered_map<Architecture, Outlook, ArchitectureHash> foreseen;
    for (std::size_t generation = 0; generation < options_.generations; ++generation) {
      std::vector<Architecture> children = pool_.gather(points_, population, options_.population, random_);
      std::erase_if(children, [&](const Architecture& child) { return foreseen.contains(child); });
      for (Outlook& outlook : forecaster_.outlooks(std::move(children))) {
        population.push_back(expected(outlook));
        foreseen.emplace(outlook.architecture, std::move(outlook));
      }
      population = least_crowded(std::move(population), options_.population);
    }
    std::vector<Outlook> survived;
    for (const Individual& individual : population)
      if (const auto found = foreseen.find(individual.architecture); found != foreseen.end())
        survived.push_back(found->second);
    return survived;
  }

  std::size_t pick(std::span<const Outlook> outlooks) override {
    return most_improving(outlooks);
  }

 private:
  SurrogateEvolutionOptions options_;
};

}  // namespace

SurrogateEvolutionOptions SurrogateEvolutionOptions::read(const Config& search, TreeSurrogate surrogate) {
  SurrogateEvolutionOptions options{.surrogate = surrogate};
  read_count(search, "start", options.start, 1, 100000);
  read_count(search, "population", options.population, 2, 10000);
  read_count(search, "generations", options.generations, 1, 1000);
  return options;
}

std::unique_ptr<Searcher> make_surrogate_evolution(const SearchProblem& problem,
                                                   const SurrogateEvolutionOptions& options) {
  return std::make_unique<SurrogateEvolution>(problem, options);
}

}  // namespace paretoforge
