// Finding a scale on which costs are about normal.
#include "search/cost_scale.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace paretoforge {

namespace {

/// Far below the best cost seen the logarithm is held: a better one is told apart once the scale is made anew.
constexpr double least_ratio = 0.05;

}  // namespace

CostScale::CostScale(std::span<const double> costs) {
  double largest = 0;
  for (const double c : costs) largest = std::max(largest, std::abs(c));
  if (largest > 0) unit_ = largest;
  std::vector<double> sorted;
  for (const double c : costs) sorted.push_back(c / unit_);
  std::sort(sorted.begin(), sorted.end());
  best_ = sorted.front();
  const auto n = static_cast<double>(sorted.size());
  spread_ = 2 * (sorted[sorted.size() / 2] - best_);
  if (!(spread_ > 0))
    for (const double c : sorted) spread_ += 2 * (c - best_) / n;
  if (!(spread_ > 0)) {
    spread_ = 0;
    return;
  }
  double mean = 0, square = 0;
  for (const double c : sorted) mean += std::log1p((c - best_) / spread_) / n;
  for (const double c : sorted) square += std::pow(std::log1p((c - best_) / spread_) - mean, 2) / n;
  centre_ = mean, deviation_ = std::max(1e-9, std::sqrt(square));
}

double CostScale::operator()(double cost) const {
  if (spread_ <= 0) return 0;
  const double ratio = std::max(least_ratio, 1 + (cost / unit_ - best_) / spread_);
  return (std::log(ratio) - centre_) / deviation_;
}

CostBelief CostScale::belief(double standard, double deviation) const {
  if (spread_ <= 0) return {.mean = best_};
  return {
      .mean = centre_ + deviation_ * standard, .deviation = deviation_ * deviation, .centre = best_, .spread = spread_};
}

double CostScale::expected(double standard) const {
  return spread_ <= 0 ? best_ : best_ + spread_ * std::expm1(centre_ + deviation_ * standard);
}

}  // namespace paretoforge
