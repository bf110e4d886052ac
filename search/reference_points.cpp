// Simplex lattices.
#include "search/reference_points.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace paretoforge {

namespace {

/// Fills coordinates from `at` on with every way to share what is left.
void share_out(std::vector<std::size_t>& parts, std::size_t at, std::size_t left, std::size_t partitions,
               Costs& points) {
  if (at + 1 < parts.size()) {
    for (parts[at] = 0; parts[at] <= left; ++parts[at]) share_out(parts, at + 1, left - parts[at], partitions, points);
    return;
  }
  parts[at] = left;
  std::vector<double> point;
  for (const std::size_t part : parts) point.push_back(static_cast<double>(part) / static_cast<double>(partitions));
  points.add(point);
}

/// The most partitions, from 0, that give at most `most` points.
std::size_t partitions_within(std::size_t objectives, std::size_t most) {
  if (objectives == 1) return 1;
  std::size_t partitions = 0;
  while (das_dennis_count(objectives, partitions + 1) <= most) ++partitions;
  return partitions;
}

}  // namespace

std::uint64_t das_dennis_count(std::size_t objectives, std::size_t partitions) {
  std::uint64_t count = 1;
  for (std::uint64_t k = 1; k < objectives; ++k) {
    const std::uint64_t factor = partitions + k;
    if (count > std::numeric_limits<std::uint64_t>::max() / factor) return std::numeric_limits<std::uint64_t>::max();
    count = count * factor / k;
  }
  return count;
}

Costs das_dennis(std::size_t objectives, std::size_t partitions) {
  Costs points(objectives);
  std::vector<std::size_t> parts(objectives);
  share_out(parts, 0, partitions, partitions, points);
  return points;
}

Costs reference_points(std::size_t objectives, std::size_t most) {
  const std::size_t partitions = std::max<std::size_t>(partitions_within(objectives, most), 1);
  Costs points = das_dennis(objectives, partitions);
  if (partitions >= objectives || points.size() >= most) return points;
  const std::size_t inner = partitions_within(objectives, most - points.size());
  if (inner == 0) return points;
  const Costs towards_centre = das_dennis(objectives, inner);
  for (std::size_t i = 0; i < towards_centre.size(); ++i) {
    std::vector<double> point;
    for (const double w : towards_centre[i]) point.push_back(w / 2 + 0.5 / static_cast<double>(objectives));
    points.add(point);
  }
  return points;
}

}  // namespace paretoforge
