// How near searchers come to the fronts of ZDT and DTLZ: hypervolume after a number of trials, mean and deviation over
// seeds; beside pagmo's NSGA-II and MOEA/D on the continuous form, where pagmo was found.
//   bench_zdt [PROBLEM [DECISIONS [TRIALS [SEEDS [POPULATION [SEARCHER...]]]]]]
// Without names those that have a population, and random search; by default ZDT1 with 6 decisions of 1,001 levels,
// 2,000 trials, 10 seeds, population 20, and DTLZ2 with 3 objectives.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "ahead.hpp"
#include "search/hypervolume.hpp"
#include "search/searcher.hpp"
#include "search/test_problems.hpp"

#ifdef PARETOFORGE_PAGMO
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/moead.hpp>
#include <pagmo/algorithms/nsga2.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#endif

using namespace paretoforge;

namespace {

struct Setting {
  const TestProblem* problem;
  std::size_t decisions;
  std::uint64_t trials;
  int seeds;
  std::size_t population;
  std::vector<double> reference;
};

bool has_population(const SearcherKind& kind) {
  return std::count(kind.options.begin(), kind.options.end(), "population") > 0;
}

double volume_reached(const Setting& setting, const SearcherKind& kind, const Space& space, std::uint64_t seed) {
  std::vector<Criterion> criteria;
  for (std::size_t k = 0; k < setting.reference.size(); ++k)
    criteria.push_back({.name = "f" + std::to_string(k), .expensive = true});
  const auto options = has_population(kind)
                           ? std::optional(Config::parse("population: " + std::to_string(setting.population), "bench"))
                           : std::nullopt;
  const auto searcher = kind.make({.space = space, .criteria = criteria, .seed = seed}, options);
  Costs points(setting.reference.size());
  run_ahead(
      *searcher, setting.trials,
      [&](const Architecture& point) {
        return setting.problem->values(test_coordinates(space, point), setting.reference.size());
      },
      [&](std::uint64_t, const std::vector<double>& costs) { points.add(costs); });
  return hypervolume(points, setting.reference);
}

void print(const std::string& name, const std::vector<double>& volumes, double front) {
  double mean = 0, squares = 0;
  for (const double volume : volumes) mean += volume / static_cast<double>(volumes.size());
  for (const double volume : volumes) squares += (volume - mean) * (volume - mean);
  const auto [least, most] = std::minmax_element(volumes.begin(), volumes.end());
  std::printf("%-24s %10.4f  deviation %8.4f  %10.4f .. %10.4f   front's %10.4f\n", name.c_str(), mean,
              std::sqrt(squares / static_cast<double>(volumes.size())), *least, *most, front);
  std::fflush(stdout);
}

#ifdef PARETOFORGE_PAGMO
/// Counts nothing: pagmo's evaluations are the population's size times its generations.
struct PagmoProblem {
  const TestProblem* problem = nullptr;
  std::size_t decisions = 0, objectives = 0;
  pagmo::vector_double fitness(const pagmo::vector_double& x) const { return problem->values(x, objectives); }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    return {pagmo::vector_double(decisions, 0), pagmo::vector_double(decisions, 1)};
  }
  pagmo::vector_double::size_type get_nobj() const { return objectives; }
};

/// Everything that was evaluated counts, as it does for the searchers: one generation at a time.
double pagmo_volume(const Setting& setting, const pagmo::algorithm& one_generation, unsigned seed) {
  const pagmo::problem problem(PagmoProblem{setting.problem, setting.decisions, setting.reference.size()});
  // pagmo wants a multiple of four; MOEA/D with three objectives a number of weights.
  pagmo::population population(problem, setting.population, seed);
  Costs points(setting.reference.size());
  pagmo::algorithm algorithm = one_generation;
  algorithm.set_seed(seed);
  while (points.size() < setting.trials) {
    for (const auto& f : population.get_f()) points.add(f);
    population = algorithm.evolve(population);
  }
  return hypervolume(points, setting.reference);
}

void bench_pagmo(const Setting& setting, double front) {
  std::vector<double> nsga2, moead;
  const auto neighbours = static_cast<unsigned>(std::min<std::size_t>(20, setting.population - 1));
  for (int seed = 1; seed <= setting.seeds; ++seed) {
    const auto s = static_cast<unsigned>(seed);
    nsga2.push_back(pagmo_volume(setting, pagmo::algorithm(pagmo::nsga2(1)), s));
    if (setting.reference.size() == 2)
      moead.push_back(pagmo_volume(setting, pagmo::algorithm(pagmo::moead(1, "grid", "tchebycheff", neighbours)), s));
  }
  print("pagmo nsga2", nsga2, front);
  if (!moead.empty()) print("pagmo moead", moead, front);
}
#endif

void bench(const Setting& setting, const std::vector<std::string>& names) {
  std::printf("%s, %zu decisions of 1,001 levels, %llu trials, population %zu, %d seeds\n",
              std::string(setting.problem->name).c_str(), setting.decisions,
              static_cast<unsigned long long>(setting.trials), setting.population, setting.seeds);
  const Space space = test_space(setting.decisions, 1001);
  const double front = front_hypervolume(*setting.problem, setting.reference);
  for (const SearcherKind& kind : searchers()) {
    const bool wanted = names.empty() ? kind.name == "random" || (has_population(kind) && !kind.modelled)
                                      : std::count(names.begin(), names.end(), kind.name) > 0;
    if (!wanted) continue;
    std::vector<double> volumes;
    for (int seed = 1; seed <= setting.seeds; ++seed)
      volumes.push_back(volume_reached(setting, kind, space, static_cast<std::uint64_t>(seed)));
    print(std::string(kind.name), volumes, front);
  }
#ifdef PARETOFORGE_PAGMO
  bench_pagmo(setting, front);
#endif
}

/// Beyond every front: 11 for ZDT as is the custom; 2 and 7 for DTLZ.
std::vector<double> reference_for(const TestProblem& problem) {
  if (problem.objectives == 2) return {11, 11};
  return problem.name == "dtlz7" ? std::vector<double>{2, 2, 7} : std::vector<double>{2, 2, 2};
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> given(arguments + 1, arguments + count);
  const auto number = [&](std::size_t i, long otherwise) { return i < given.size() ? std::stol(given[i]) : otherwise; };
  const std::vector<std::string> problems =
      given.empty() ? std::vector<std::string>{"zdt1", "dtlz2"} : std::vector<std::string>{given[0]};
  for (const std::string& name : problems) {
    const TestProblem& problem = test_problem(name);
    const Setting setting{&problem,
                          static_cast<std::size_t>(number(1, problem.objectives == 2 ? 6 : 12)),
                          static_cast<std::uint64_t>(number(2, 2000)),
                          static_cast<int>(number(3, 10)),
                          static_cast<std::size_t>(number(4, 20)),
                          reference_for(problem)};
    bench(setting, {given.begin() + std::min<std::ptrdiff_t>(5, std::ssize(given)), given.end()});
  }
}
