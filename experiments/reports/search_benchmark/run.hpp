// One search on one problem with one seed, watched.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "configs/config.hpp"
#include "experiments/reports/search_benchmark/problem.hpp"
#include "search/searcher.hpp"

namespace paretoforge::benchmark {

struct Outcome {
  std::vector<double> shares;   ///< of the true hypervolume, after each trial
  std::uint64_t repeats = 0;    ///< points proposed that were proposed before: must be 0
  double searcher_seconds = 0;  ///< spent in ask and tell
};

/// A study without a store, by decisions, with the window that studies have by default. Fewer shares than `trials`
/// where the searcher is exhausted.
Outcome run(const Problem& problem, const SearcherKind& kind, const std::optional<Config>& options, std::uint64_t seed,
            std::uint64_t trials);

}  // namespace paretoforge::benchmark
