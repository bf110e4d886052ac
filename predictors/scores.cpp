// Rank correlations with ties, and relative errors.
#include "predictors/scores.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace paretoforge {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

void check_lengths(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) throw std::invalid_argument("scores need as many predicted as measured values");
}

bool has_nan(std::span<const double> values) {
  return std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); });
}

/// The number of pairs within runs of equal values; `equal(i)` compares positions i - 1 and i.
template <class Equal>
std::int64_t tied_pairs(std::size_t n, const Equal& equal) {
  std::int64_t pairs = 0, run = 1;
  for (std::size_t i = 1; i <= n; ++i) {
    if (i < n && equal(i)) {
      ++run;
      continue;
    }
    pairs += run * (run - 1) / 2;
    run = 1;
  }
  return pairs;
}

/// Sorts by merging and returns how many pairs stood in the wrong order.
std::int64_t sort_counting_swaps(std::vector<double>& values, std::vector<double>& room, std::size_t from,
                                 std::size_t to) {
  if (to - from < 2) return 0;
  const std::size_t middle = from + (to - from) / 2;
  std::int64_t swaps = sort_counting_swaps(values, room, from, middle) + sort_counting_swaps(values, room, middle, to);
  std::size_t left = from, right = middle;
  for (std::size_t at = from; at < to; ++at) {
    const bool take_right = left == middle || (right < to && values[right] < values[left]);
    if (take_right) swaps += static_cast<std::int64_t>(middle - left);
    room[at] = take_right ? values[right++] : values[left++];
  }
  std::copy(room.begin() + static_cast<std::ptrdiff_t>(from), room.begin() + static_cast<std::ptrdiff_t>(to),
            values.begin() + static_cast<std::ptrdiff_t>(from));
  return swaps;
}

}  // namespace

std::vector<double> ranks(std::span<const double> values) {
  const std::size_t n = values.size();
  std::vector<double> result(n, undefined);
  if (has_nan(values)) return result;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  for (std::size_t from = 0; from < n;) {
    std::size_t to = from + 1;
    while (to < n && values[order[to]] == values[order[from]]) ++to;
    for (std::size_t i = from; i < to; ++i) result[order[i]] = static_cast<double>(from + to + 1) / 2;
    from = to;
  }
  return result;
}

double pearson(std::span<const double> a, std::span<const double> b) {
  check_lengths(a, b);
  if (a.size() < 2) return undefined;
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n;
  const double mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return aa > 0 && bb > 0 ? std::clamp(ab / (std::sqrt(aa) * std::sqrt(bb)), -1.0, 1.0) : undefined;
}

double spearman(std::span<const double> a, std::span<const double> b) {
  check_lengths(a, b);
  return pearson(ranks(a), ranks(b));
}

double kendall(std::span<const double> a, std::span<const double> b) {
  check_lengths(a, b);
  const std::size_t n = a.size();
  if (n < 2 || has_nan(a) || has_nan(b)) return undefined;
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t i, std::size_t j) { return a[i] != a[j] ? a[i] < a[j] : b[i] < b[j]; });
  const auto same_a = [&](std::size_t i) { return a[order[i]] == a[order[i - 1]]; };
  const auto same_both = [&](std::size_t i) { return same_a(i) && b[order[i]] == b[order[i - 1]]; };
  const std::int64_t ties_a = tied_pairs(n, same_a), ties_both = tied_pairs(n, same_both);
  std::vector<double> second(n), room(n);
  std::transform(order.begin(), order.end(), second.begin(), [&](std::size_t i) { return b[i]; });
  const std::int64_t swaps = sort_counting_swaps(second, room, 0, n);
  const std::int64_t ties_b = tied_pairs(n, [&](std::size_t i) { return second[i] == second[i - 1]; });
  const auto pairs = static_cast<std::int64_t>(n) * static_cast<std::int64_t>(n - 1) / 2;
  if (ties_a == pairs || ties_b == pairs) return undefined;
  const auto agreement = static_cast<double>(pairs - ties_a - ties_b + ties_both - 2 * swaps);
  return agreement / (std::sqrt(static_cast<double>(pairs - ties_a)) * std::sqrt(static_cast<double>(pairs - ties_b)));
}

double mape_pct(std::span<const double> predicted, std::span<const double> measured) {
  check_lengths(predicted, measured);
  double sum = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i)
    sum += std::abs(predicted[i] - measured[i]) / std::abs(measured[i]);
  return 100 * sum / static_cast<double>(predicted.size());
}

double rmse(std::span<const double> predicted, std::span<const double> measured) {
  check_lengths(predicted, measured);
  double sum = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) sum += (predicted[i] - measured[i]) * (predicted[i] - measured[i]);
  return std::sqrt(sum / static_cast<double>(predicted.size()));
}

double within_pct(std::span<const double> predicted, std::span<const double> measured, double pct) {
  check_lengths(predicted, measured);
  if (has_nan(predicted) || has_nan(measured)) return undefined;
  double inside = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i)
    inside += std::abs(predicted[i] - measured[i]) * 100 <= pct * std::abs(measured[i]) ? 1 : 0;
  return 100 * inside / static_cast<double>(predicted.size());
}

}  // namespace paretoforge
