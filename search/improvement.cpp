// Boxes of the open part, and expectations over them.
#include "search/improvement.hpp"

#include <algorithm>
#include <cmath>

#include "search/normal_internal.hpp"

namespace paretoforge {

double CostBelief::expected_below(double level) const {
  if (spread > 0) {
    const double above = level - centre + spread;  // the level on the scale of spread exp(z)
    if (above <= 0) return 0;
    if (deviation <= 0) return std::max(0.0, above - spread * std::exp(mean));
    const double d = (std::log(above / spread) - mean) / deviation;
    if (d < -8) return 0;
    return above * normal_below(d) -
           spread * std::exp(mean + 0.5 * deviation * deviation) * normal_below(d - deviation);
  }
  if (deviation <= 0) return std::max(0.0, level - mean);
  const double d = (level - mean) / deviation;
  return d < -8 ? 0 : deviation * (d * normal_below(d) + normal_density(d));
}

OpenBoxes::OpenBoxes(const Costs& front, std::span<const double> reference, std::span<const double> ideal)
    : objectives_(reference.size()), ideal_(ideal.begin(), ideal.end()) {
  std::vector<std::size_t> points;
  for (std::size_t i = 0; i < front.size(); ++i) {
    bool inside = true;
    for (std::size_t j = 0; j < objectives_; ++j) inside = inside && front[i][j] < reference[j];
    if (inside) points.push_back(i);
  }
  grid_.resize(objectives_);
  for (std::size_t j = 0; j < objectives_; ++j) {
    for (const std::size_t i : points) grid_[j].push_back(front[i][j]);
    grid_[j].push_back(reference[j]);
    std::sort(grid_[j].begin(), grid_[j].end());
    grid_[j].erase(std::unique(grid_[j].begin(), grid_[j].end()), grid_[j].end());
  }
  open_.assign(2 * objectives_, 0);
  cut(std::move(points), objectives_, front);
}

void OpenBoxes::cut(std::vector<std::size_t> points, std::size_t dimensions, const Costs& front) {
  const std::size_t last = dimensions - 1;
  const std::vector<double>& levels = grid_[last];
  const auto position = [&](double level) {
    return static_cast<std::size_t>(std::lower_bound(levels.begin(), levels.end(), level) - levels.begin()) + 1;
  };
  if (dimensions == 1) {
    // One box: from minus infinity to the least coordinate.
    double least = levels.back();
    for (const std::size_t i : points) least = std::min(least, front[i][0]);
    open_[0] = 0, open_[1] = position(least);
    corners_.insert(corners_.end(), open_.begin(), open_.end());
    return;
  }
  std::stable_sort(points.begin(), points.end(),
                   [&](std::size_t a, std::size_t b) { return front[a][last] < front[b][last]; });
  std::size_t from = 0, seen = 0;
  while (true) {
    // The slab from here to the next coordinate is closed by the points at or below its floor alone.
    const double ceiling = seen < points.size() ? front[points[seen]][last] : levels.back();
    const std::size_t to = position(ceiling);
    if (to > from) {
      open_[2 * last] = from, open_[2 * last + 1] = to;
      cut({points.begin(), points.begin() + static_cast<std::ptrdiff_t>(seen)}, last, front);
    }
    if (seen == points.size()) return;
    from = to;
    while (seen < points.size() && front[points[seen]][last] == ceiling) ++seen;
  }
}

double OpenBoxes::expected_improvement(std::span<const CostBelief> beliefs) const {
  // Corner 0 is the ideal; minus infinity, where nothing lies below, if there is none.
  std::size_t width = 0;
  for (const auto& levels : grid_) width = std::max(width, levels.size() + 1);
  std::vector<double> below(objectives_ * width, 0.0);
  for (std::size_t j = 0; j < objectives_; ++j) {
    if (!ideal_.empty()) below[j * width] = beliefs[j].expected_below(ideal_[j]);
    for (std::size_t g = 0; g < grid_[j].size(); ++g) below[j * width + g + 1] = beliefs[j].expected_below(grid_[j][g]);
  }
  double sum = 0;
  for (std::size_t at = 0; at < corners_.size(); at += 2 * objectives_) {
    double product = 1;
    for (std::size_t j = 0; j < objectives_ && product > 0; ++j)
      product *= std::max(0.0, below[j * width + corners_[at + 2 * j + 1]] - below[j * width + corners_[at + 2 * j]]);
    sum += product;
  }
  return sum;
}

}  // namespace paretoforge
