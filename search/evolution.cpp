// Proposals that are new, and generations.
#include "search/evolution.hpp"

#include <iterator>

namespace paretoforge {

namespace {

constexpr int breeding_attempts = 32;

}  // namespace

EvolutionOptions EvolutionOptions::read(const Config& search, std::int64_t most) {
  EvolutionOptions options;
  if (const auto population = search.find("population"))
    options.population = static_cast<std::size_t>(population->integer(2, most));
  if (const auto crossover = search.find("crossover")) options.rates.crossover = crossover->number(0, 1);
  if (const auto mutation = search.find("mutation")) options.rates.mutation = mutation->number(0, 1);
  return options;
}

Evolution::Evolution(const SearchProblem& problem, std::size_t start)
    : space_(problem.space),
      criteria_(problem.criteria),
      wishes_(problem.criteria),
      start_(start),
      points_(problem),
      random_(derived_seed(problem.seed, 0)) {}

std::optional<Architecture> Evolution::new_child() {
  Architecture child;
  for (int attempt = 0; attempt < breeding_attempts; ++attempt) {
    child = breed();
    if (points_.available(child)) return points_.take(child), child;
  }
  if (auto nearest = points_.take_nearest(child, random_)) return nearest;
  return points_.draw(random_);
}

std::optional<Architecture> Evolution::ask() {
  const bool starting = told_ + waiting_.size() < start_;
  if (exhausted() || (!starting && !ready())) return std::nullopt;
  auto proposal = starting ? points_.draw(random_) : new_child();
  if (proposal) waiting_.emplace(*proposal, proposals_++);
  return proposal;
}

void Evolution::tell(const Trial& trial) {
  const auto found = waiting_.extract(trial.architecture);
  // A repeat brings nothing new; its place in the generation is free again.
  if (trial.number <= newest_) return;
  newest_ = trial.number;
  ++told_;
  Individual told = remembered(trial);
  if (found) told.proposal = found.mapped();
  if (trial.state == TrialState::pruned) paused_.emplace(trial.architecture, told.proposal);
  learn(std::move(told));
}

void Evolution::update(const Trial& trial) {
  Individual told = remembered(trial);
  if (const auto paused = paused_.find(trial.architecture); paused != paused_.end()) {
    told.proposal = paused->second;
    if (trial.state != TrialState::pruned) paused_.erase(paused);
  }
  relearn(std::move(told));
}

Individual Evolution::remembered(const Trial& trial) {
  wishes_.note(trial);
  Individual told = individual(criteria_, trial);
  note_miss(told);
  return told;
}

void Evolution::wish(std::vector<Individual>& individuals) const {
  if (!wishes_.any()) return;
  for (Individual& each : individuals) note_miss(each);
}

void Evolution::note_miss(Individual& individual) const {
  individual.miss = wishes_.miss(individual.costs, individual.rungs_short == 0);
}

void forget(std::vector<Individual>& individuals, const Architecture& point) {
  std::erase_if(individuals, [&](const Individual& each) { return each.architecture == point; });
}

Generational::Generational(const SearchProblem& problem, const EvolutionOptions& options)
    : Evolution(problem, options.population), count_(options.population), breeder_(problem.space, options.rates) {}

const Individual& Generational::parent(const std::vector<Individual>& population, Random& random) const {
  return binary_tournament(population, random);
}

Architecture Generational::breed() {
  const Individual& mother = parent(population_, random());
  return breeder_.child(mother.architecture, parent(population_, random()).architecture, random());
}

void Generational::learn(Individual told) {
  children_.push_back(std::move(told));
  if (children_.size() < count_) return;
  population_.insert(population_.end(), std::make_move_iterator(children_.begin()),
                     std::make_move_iterator(children_.end()));
  children_.clear();
  select();
}

void Generational::relearn(Individual told) {
  for (Individual& child : children_)
    if (child.architecture == told.architecture) {
      child = std::move(told);
      return;
    }
  forget(population_, told.architecture);
  population_.push_back(std::move(told));
  select();
}

void Generational::select() {
  wish(population_);
  population_ = survivors(std::move(population_), count_);
}

}  // namespace paretoforge
