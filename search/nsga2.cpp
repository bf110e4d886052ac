// NSGA-II: ranking, selection, breeding, generations.
#include "search/nsga2.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace paretoforge {

namespace {

constexpr int breeding_attempts = 32;

/// The layers of those that break a limit come after all others: one for each violation, rising.
void layer_violators(std::vector<Individual>& individuals, std::int32_t first) {
  std::vector<double> violations;
  for (const Individual& individual : individuals)
    if (individual.violation > 0) violations.push_back(individual.violation);
  std::sort(violations.begin(), violations.end());
  violations.erase(std::unique(violations.begin(), violations.end()), violations.end());
  for (Individual& individual : individuals) {
    if (!(individual.violation > 0)) continue;
    const auto place = std::lower_bound(violations.begin(), violations.end(), individual.violation);
    individual.layer = first + static_cast<std::int32_t>(place - violations.begin());
    individual.crowding = 0;
  }
}

}  // namespace

void rank(std::vector<Individual>& individuals) {
  std::vector<std::size_t> unbroken;
  for (std::size_t i = 0; i < individuals.size(); ++i)
    if (individuals[i].violation == 0) unbroken.push_back(i);
  Costs points(unbroken.empty() ? 0 : individuals[unbroken[0]].costs.size());
  for (const std::size_t i : unbroken) points.add(individuals[i].costs);

  const std::vector<std::int32_t> layer_of = nondominated_layers(points);
  std::vector<std::vector<std::size_t>> layers;
  for (std::size_t p = 0; p < layer_of.size(); ++p) {
    const auto layer = static_cast<std::size_t>(layer_of[p]);
    if (layers.size() <= layer) layers.resize(layer + 1);
    layers[layer].push_back(p);
  }
  for (const auto& members : layers) {
    const std::vector<double> distances = crowding_distances(points, members);
    for (std::size_t m = 0; m < members.size(); ++m) {
      individuals[unbroken[members[m]]].layer = layer_of[members[m]];
      individuals[unbroken[members[m]]].crowding = distances[m];
    }
  }
  layer_violators(individuals, static_cast<std::int32_t>(layers.size()));
}

bool fitter(const Individual& a, const Individual& b) {
  return a.layer != b.layer ? a.layer < b.layer : a.crowding > b.crowding;
}

const Individual& binary_tournament(std::span<const Individual> individuals, Random& random) {
  const Individual& first = individuals[random.below(individuals.size())];
  const Individual& second = individuals[random.below(individuals.size())];
  return fitter(second, first) ? second : first;
}

std::vector<Individual> survivors(std::vector<Individual> individuals, std::size_t count) {
  rank(individuals);
  std::stable_sort(individuals.begin(), individuals.end(), fitter);
  if (individuals.size() > count) {
    individuals.resize(count);
    rank(individuals);  // crowding among those that live
  }
  return individuals;
}

Nsga2Options Nsga2Options::read(const Config& search) {
  Nsga2Options options;
  if (const auto population = search.find("population"))
    options.population = static_cast<std::size_t>(population->integer(2, 100000));
  if (const auto crossover = search.find("crossover")) options.crossover = crossover->number(0, 1);
  if (const auto mutation = search.find("mutation")) options.mutation = mutation->number(0, 1);
  return options;
}

Nsga2::Nsga2(const SearchProblem& problem, const Nsga2Options& options)
    : space_(problem.space),
      criteria_(problem.criteria),
      options_(options),
      points_(problem),
      random_(derived_seed(problem.seed, 0)) {}

Architecture Nsga2::breed() {
  const Individual& mother = binary_tournament(population_, random_);
  Architecture child = mother.architecture;
  if (random_.chance(options_.crossover))
    child = space_.cross(child, binary_tournament(population_, random_).architecture, random_);
  const auto active = std::count_if(child.begin(), child.end(), [](std::int32_t value) { return value >= 0; });
  const double rate = options_.mutation.value_or(active > 0 ? 1.0 / static_cast<double>(active) : 0);
  // Space::mutate changes one decision where it would change none, so it is taken just as often as keeps the mean.
  const double mean = rate * static_cast<double>(active), none = std::pow(1 - rate, static_cast<double>(active));
  return random_.chance(mean / (mean + none)) ? space_.mutate(child, rate, random_) : child;
}

std::optional<Architecture> Nsga2::new_child() {
  Architecture child;
  for (int attempt = 0; attempt < breeding_attempts; ++attempt) {
    child = breed();
    if (points_.available(child)) return points_.take(child), child;
  }
  if (auto nearest = points_.take_nearest(child, random_)) return nearest;
  return points_.draw(random_);
}

std::optional<Architecture> Nsga2::ask() {
  if (asked_ == options_.population) {
    if (told_ < asked_) return std::nullopt;
    next_generation();
  }
  auto proposal = population_.empty() ? points_.draw(random_) : new_child();
  if (proposal) ++asked_;
  return proposal;
}

void Nsga2::tell(const Trial& trial) {
  // A repeat brings nothing new into the population; its place in the generation is free again.
  if (trial.number <= newest_) {
    --asked_;
    return;
  }
  newest_ = trial.number;
  ++told_;
  Individual child{.architecture = trial.architecture, .costs = {}, .violation = violation(criteria_, trial)};
  if (trial.state == TrialState::complete) child.costs = costs(criteria_, trial);
  children_.push_back(std::move(child));
}

void Nsga2::next_generation() {
  population_.insert(population_.end(), std::make_move_iterator(children_.begin()),
                     std::make_move_iterator(children_.end()));
  children_.clear();
  population_ = survivors(std::move(population_), options_.population);
  asked_ = told_ = 0;
}

}  // namespace paretoforge
