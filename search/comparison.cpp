// Rank tests and their exact distributions, and Holm's correction.
#include "search/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <stdexcept>

namespace paretoforge {

namespace {

constexpr std::size_t most_exact_pairs = 100, most_exact_values = 60;

/// The differences that are not zero, halved so that a range from -1e308 to 1e308 does not overflow.
std::vector<double> differences(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) throw std::invalid_argument("the signed-rank test compares pairs: as many a as b");
  std::vector<double> result;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i]))
      throw std::invalid_argument("the signed-rank test needs finite values");
    if (a[i] != b[i]) result.push_back(a[i] / 2 - b[i] / 2);
  }
  return result;
}

/// Twice the rank of each value, so that the mean ranks of ties are whole numbers.
std::vector<std::uint64_t> doubled_ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return values[i] < values[j]; });
  std::vector<std::uint64_t> ranks(values.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = first + 1 + last;
  }
  return ranks;
}

/// The chance of a doubled sum of `sum` or less where every sign is a fair coin.
double chance_of_at_most(std::uint64_t sum, const std::vector<std::uint64_t>& ranks) {
  std::vector<double> chance(sum + 1, 0.0);
  chance[0] = 1;
  for (const std::uint64_t rank : ranks)
    for (std::uint64_t s = sum + 1; s-- > 0;) chance[s] = (chance[s] + (s >= rank ? chance[s - rank] : 0)) / 2;
  return std::accumulate(chance.begin(), chance.end(), 0.0);
}

/// The same, normal. A sum of independent signs has a quarter of its squared ranks as variance, with ties too.
double normal_chance_of_at_most(double sum, const std::vector<std::uint64_t>& ranks) {
  double mean = 0, variance = 0;
  for (const std::uint64_t doubled : ranks) {
    const double rank = static_cast<double>(doubled) / 2;
    mean += rank / 2;
    variance += rank * rank / 4;
  }
  return std::erfc((mean - sum - 0.5) / std::sqrt(2 * variance)) / 2;
}

/// The chances of each doubled sum of `count` of the ranks, every choice of them equally likely.
std::vector<double> chances_of_sums(std::size_t count, const std::vector<std::uint64_t>& ranks) {
  const std::uint64_t all = std::accumulate(ranks.begin(), ranks.end(), std::uint64_t{0});
  std::vector<std::vector<double>> ways(count + 1, std::vector<double>(all + 1, 0.0));
  ways[0][0] = 1;
  for (const std::uint64_t rank : ranks)
    for (std::size_t chosen = count; chosen-- > 0;)
      for (std::uint64_t sum = 0; sum + rank <= all; ++sum) ways[chosen + 1][sum + rank] += ways[chosen][sum];
  const double choices = std::accumulate(ways[count].begin(), ways[count].end(), 0.0);
  for (double& chance : ways[count]) chance /= choices;
  return ways[count];
}

double exact_rank_sum(std::uint64_t sum, std::size_t count, const std::vector<std::uint64_t>& ranks) {
  const std::vector<double> chances = chances_of_sums(count, ranks);
  const auto at = chances.begin() + static_cast<std::ptrdiff_t>(sum);
  return 2 * std::min(std::accumulate(chances.begin(), at + 1, 0.0), std::accumulate(at, chances.end(), 0.0));
}

/// The same, normal: the variance of a sum of so many of these ranks, drawn without replacement.
double normal_rank_sum(double sum, double count, const std::vector<std::uint64_t>& ranks) {
  const double all = static_cast<double>(ranks.size()), mean = (all + 1) / 2;
  double squares = 0;
  for (const std::uint64_t doubled : ranks) squares += std::pow(static_cast<double>(doubled) / 2 - mean, 2);
  const double variance = count * (all - count) / (all * (all - 1)) * squares;
  const double away = std::max(0.0, std::abs(sum - count * mean) - 0.5);
  return variance > 0 ? std::erfc(away / std::sqrt(2 * variance)) : 1;
}

}  // namespace

RankSum wilcoxon_rank_sum(std::span<const double> a, std::span<const double> b) {
  std::vector<double> values(a.begin(), a.end());
  values.insert(values.end(), b.begin(), b.end());
  for (const double value : values)
    if (!std::isfinite(value)) throw std::invalid_argument("the rank-sum test needs finite values");
  if (a.empty() || b.empty()) return {};
  const std::vector<std::uint64_t> ranks = doubled_ranks(values);
  const std::uint64_t doubled = std::accumulate(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(a.size()), std::uint64_t{0});
  const double first = static_cast<double>(a.size()), sum = static_cast<double>(doubled) / 2;
  const double p = values.size() <= most_exact_values ? exact_rank_sum(doubled, a.size(), ranks) : normal_rank_sum(sum, first, ranks);
  return {(sum - first * (first + 1) / 2) / (first * static_cast<double>(b.size())), std::min(1.0, p)};
}

SignedRank wilcoxon_signed_rank(std::span<const double> a, std::span<const double> b) {
  const std::vector<double> values = differences(a, b);
  std::vector<double> sizes;
  for (const double value : values) sizes.push_back(std::abs(value));
  const std::vector<std::uint64_t> ranks = doubled_ranks(sizes);
  std::uint64_t positive = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    all += ranks[i];
    if (values[i] > 0) positive += ranks[i];
  }
  const std::uint64_t less = std::min(positive, all - positive);
  const double tail = values.size() <= most_exact_pairs
                          ? chance_of_at_most(less, ranks)
                          : normal_chance_of_at_most(static_cast<double>(less) / 2, ranks);
  return {values.size(), static_cast<double>(positive) / 2, std::min(1.0, 2 * tail)};
}

std::vector<double> holm_adjusted(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return p_values[i] < p_values[j]; });
  std::vector<double> adjusted(p_values.size());
  double least = 0;  // what is less likely by chance than another test is never adjusted above it
  for (std::size_t i = 0; i < order.size(); ++i) {
    least = std::max(least, static_cast<double>(order.size() - i) * p_values[order[i]]);
    adjusted[order[i]] = std::min(1.0, least);
  }
  return adjusted;
}

}  // namespace paretoforge
