#include "experiments/reports/equal_size.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "predictors/scores.hpp"

namespace paretoforge {

double spearman_at_equal_size(std::span<const double> a, std::span<const double> b, std::span<const double> sizes,
                              std::size_t groups) {
  std::vector<std::size_t> order(a.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return sizes[x] < sizes[y]; });
  double sum = 0, count = 0;
  for (std::size_t g = 0; g < groups; ++g) {
    std::vector<double> left, right;
    for (std::size_t i = g * order.size() / groups; i < (g + 1) * order.size() / groups; ++i)
      left.push_back(a[order[i]]), right.push_back(b[order[i]]);
    const double rho = spearman(left, right);
    if (std::isfinite(rho)) sum += rho, count += 1;
  }
  return sum / count;
}

}  // namespace paretoforge
