// What the results say: the tables of README.md, and the curves beside it.
#pragma once

#include <filesystem>

#include "experiments/reports/search_benchmark/results.hpp"

namespace paretoforge::benchmark {

inline constexpr std::uint64_t seeds_of_a_page = 20;

/// Replaces what stands between the two marks in the folder's README.md, and writes curves_PROBLEM.svg and summary.csv
/// into it. Only complete results count: every seed, with
/// default options; where a searcher was run for fewer trials than others, as far as it went. Throws std::runtime_error
/// where the page or its marks are missing or cannot be written.
void write_page(const Results& results, const std::filesystem::path& folder);

}  // namespace paretoforge::benchmark
