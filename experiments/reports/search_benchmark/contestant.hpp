// What the benchmark compares: our searchers and, where pagmo 2 is installed, its NSGA-II.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "configs/config.hpp"
#include "experiments/reports/search_benchmark/problem.hpp"

namespace paretoforge::benchmark {

struct Outcome {
  std::vector<double> shares;   ///< of the true hypervolume, after each trial; fewer where the space is exhausted
  std::uint64_t repeats = 0;    ///< points proposed that were proposed before: ours must have 0
  double searcher_seconds = 0;  ///< spent outside measurements
};

struct Contestant {
  std::string name;
  std::string summary;
  std::function<Outcome(const Problem&, std::uint64_t seed, std::uint64_t trials)> run;
  bool whole_spaces_only = false;  ///< cannot be restricted to the rows of a table
};

/// The table of searchers, with these options of `search:`. Each runs in a study without a store, by decisions, with
/// the window that studies have by default.
std::vector<Contestant> our_searchers(const std::optional<Config>& options);

/// NSGA-II of pagmo with its defaults and a population of 20, on real variables that are rounded down to alternatives;
/// empty where pagmo was not found when this was built. pagmo_nsga2 is charged for a point when it is first evaluated
/// (and so compared at equal numbers of different points), pagmo_nsga2_raw every time.
std::vector<Contestant> peers();

}  // namespace paretoforge::benchmark
