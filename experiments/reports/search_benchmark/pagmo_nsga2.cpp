// pagmo's NSGA-II on the same tables.
#include <algorithm>
#include <cmath>
#include <memory>
#include <unordered_map>

#include "experiments/reports/search_benchmark/contestant.hpp"

#ifdef PARETOFORGE_PAGMO
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#endif

namespace paretoforge::benchmark {

#ifdef PARETOFORGE_PAGMO

namespace {

constexpr unsigned population_size = 20;
/// A population that has gone uniform finds nothing new any more: the search ends there.
constexpr std::uint64_t evaluations_per_trial = 20;

/// What the evaluations of one search come to. Shared by the copies that pagmo makes of its problem.
struct Ledger {
  const Problem* problem;
  bool charge_repeats;
  std::uint64_t evaluations = 0;
  std::unordered_map<Architecture, std::vector<double>, ArchitectureHash> known = {};
  Front front;
  Outcome outcome = {};

  const std::vector<double>& costs_of(const Architecture& point) {
    ++evaluations;
    const auto [entry, fresh] = known.try_emplace(point);
    outcome.repeats += !fresh;
    if (fresh) entry->second = measure(point);
    if (fresh || charge_repeats) outcome.shares.push_back(problem->share(front));
    return entry->second;
  }

  std::vector<double> measure(const Architecture& point) {
    const auto [cost, accuracy] = problem->values(point);
    front.add({.number = evaluations, .architecture = point, .values = {cost, accuracy}});
    return {cost, -accuracy};
  }
};

/// The form in which pagmo wants a problem.
struct Rounded {
  std::shared_ptr<Ledger> ledger = nullptr;

  const std::vector<Decision>& decisions() const { return ledger->problem->space().decisions(); }
  pagmo::vector_double fitness(const pagmo::vector_double& x) const {
    Architecture point;
    for (std::size_t d = 0; d < x.size(); ++d) {
      const double most = static_cast<double>(decisions()[d].labels.size()) - 1;
      point.push_back(static_cast<std::int32_t>(std::clamp(std::floor(x[d]), 0.0, most)));
    }
    return ledger->costs_of(point);
  }
  pagmo::vector_double::size_type get_nobj() const { return 2; }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    pagmo::vector_double upper;
    for (const Decision& decision : decisions()) upper.push_back(static_cast<double>(decision.labels.size()));
    return {pagmo::vector_double(upper.size(), 0.0), upper};
  }
};

Outcome run(const Problem& problem, std::uint64_t seed, std::uint64_t trials, bool charge_repeats) {
  const auto ledger = std::make_shared<Ledger>(
      Ledger{.problem = &problem, .charge_repeats = charge_repeats, .front = Front(criteria(problem.objectives()))});
  const auto number = static_cast<unsigned>(seed);
  pagmo::population population{pagmo::problem{Rounded{ledger}}, population_size, number};
  const pagmo::algorithm algorithm{pagmo::nsga2(1, 0.95, 10., 0.01, 50., number)};
  while (ledger->outcome.shares.size() < trials && ledger->evaluations < evaluations_per_trial * trials)
    population = algorithm.evolve(population);
  Outcome outcome = std::move(ledger->outcome);
  outcome.shares.resize(trials, outcome.shares.back());
  return outcome;
}

}  // namespace

std::vector<Contestant> peers() {
  const auto contestant = [](const char* name, const char* summary, bool charge_repeats) {
    return Contestant{name, summary,
                      [charge_repeats](const Problem& problem, std::uint64_t seed, std::uint64_t trials) {
                        return run(problem, seed, trials, charge_repeats);
                      },
                      true};
  };
  return {contestant("pagmo_nsga2", "NSGA-II of pagmo 2, charged for different points only", false),
          contestant("pagmo_nsga2_raw", "NSGA-II of pagmo 2, charged for every evaluation", true)};
}

#else

std::vector<Contestant> peers() { return {}; }

#endif

}  // namespace paretoforge::benchmark
