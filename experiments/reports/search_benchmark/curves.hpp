// Curves as SVG: the share of the true hypervolume over trials, one line per contestant with a band over seeds.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "experiments/reports/search_benchmark/results.hpp"

namespace paretoforge::benchmark {

/// The mean of each contestant and one standard deviation around it. What is missing to 1 is drawn on a logarithmic
/// scale: the difference between 98 % and 99 % is half of what is left.
std::string curves_svg(const std::string& title, const std::vector<std::pair<std::string, Complete>>& contestants);

}  // namespace paretoforge::benchmark
