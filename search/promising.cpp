// Hypervolume of readings.
#include <algorithm>
#include <cmath>
#include <vector>

#include "search/promising_internal.hpp"
#include "search/ranking.hpp"

namespace paretoforge {

namespace {

bool was_read(const Proposed& proposed) {
  return std::any_of(proposed.readings.begin(), proposed.readings.end(),
                     [](const ReadingRow& each) { return !each.costs.empty(); });
}

/// What is known of its costs; 0 where nothing is.
std::vector<double> known_costs(const Proposed& proposed) {
  std::vector<double> costs = proposed.point.costs;
  for (std::size_t c = 0; c < costs.size(); ++c) {
    if (!proposed.readings[c].costs.empty()) costs[c] = proposed.readings[c].costs.back();
    if (std::isnan(costs[c])) costs[c] = 0;
  }
  return costs;
}

/// Costs scaled so that the best is 0 and 1 is the ninth decile of what was read, the worst of what is cheap.
Costs scaled(std::span<const std::vector<double>> rows, const Proposed& example) {
  std::vector<double> least, range;
  for (std::size_t c = 0; c < rows[0].size(); ++c) {
    std::vector<double> seen;
    for (const auto& row : rows) seen.push_back(row[c] / 2);  // halves: a difference stays finite
    std::sort(seen.begin(), seen.end());
    least.push_back(seen.front());
    range.push_back((example.readings[c].costs.empty() ? seen.back() : seen[(seen.size() - 1) * 9 / 10]) - least[c]);
  }
  Costs result(least.size());
  for (std::vector<double> row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) row[c] = range[c] > 0 ? (row[c] / 2 - least[c]) / range[c] : 0;
    result.add(row);
  }
  return result;
}

}  // namespace

std::optional<std::size_t> most_promising(std::span<const Proposed> told) {
  constexpr double margin = 0.01;  ///< behind the worst, so that the ends of a front count, too
  std::vector<std::size_t> read;
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < told.size(); ++i)
    if (was_read(told[i])) read.push_back(i), rows.push_back(known_costs(told[i]));
  if (read.empty()) return std::nullopt;
  const Costs points = scaled(rows, told[read[0]]);
  Costs gone(points.objectives());
  for (std::size_t i = 0; i < read.size(); ++i)
    if (!told[read[i]].paused) gone.add(points[i]);
  const OpenBoxes open(gone, std::vector<double>(points.objectives(), 1 + margin));
  double most = 0;
  std::optional<std::size_t> best_of_paused;
  std::vector<CostBelief> beliefs(points.objectives());
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (!told[read[i]].paused) continue;
    for (std::size_t c = 0; c < beliefs.size(); ++c) beliefs[c].mean = points[i][c];
    const double gain = open.expected_improvement(beliefs) / told[read[i]].point.effort;
    if (gain > most) most = gain, best_of_paused = read[i];
  }
  if (best_of_paused) return best_of_paused;
  for (const std::size_t i : best(points, points.size(), Ranking::epsilon_net))
    if (told[read[i]].paused) return read[i];
  return std::nullopt;
}

}  // namespace paretoforge
