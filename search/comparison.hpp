// Whether one searcher is better than another, or merely luckier: statistics over runs, with the same seeds or with others.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace paretoforge {

/// What the signed-rank test says of pairs (a_i, b_i).
struct SignedRank {
  std::size_t pairs = 0;  ///< that differ; equal ones are left out, as Wilcoxon did
  double rank_sum = 0;    ///< of the pairs with a_i > b_i; ranks begin at 1, equal differences share their mean rank
  double p_value = 1;  ///< two-sided: how likely a sum as far from its mean is, were a and b the same; 1 without pairs
};

/// The test of Wilcoxon ("Individual comparisons by ranking methods", 1945), recommended for comparisons of
/// learners by Demšar ("Statistical comparisons of classifiers over multiple data sets", 2006). Up to 100 pairs that
/// differ the p-value is exact, ties included; above it is normal with corrections for ties and continuity.
/// Throws std::invalid_argument where the lengths differ or a value is not finite.
SignedRank wilcoxon_signed_rank(std::span<const double> a, std::span<const double> b);

/// What the rank-sum test says of two samples that are no pairs.
struct RankSum {
  double superiority = 0.5;  ///< how often an a is greater than a b, of all pairs of one of each; equal ones count half
  double p_value = 1;        ///< two-sided: twice the less likely tail, at most 1; 1 where a sample is empty
};

/// The test of Wilcoxon (1945) and of Mann and Whitney ("On a test of whether one of two random variables is stochastically
/// larger than the other", 1947). Up to 60 values in all the p-value is exact, ties included; above it is normal with
/// corrections for ties and continuity. Throws std::invalid_argument where a value is not finite.
RankSum wilcoxon_rank_sum(std::span<const double> a, std::span<const double> b);

/// The p-values of several tests, adjusted so that the chance of even one false alarm among them all stays below
/// the level they are compared with (Holm, "A simple sequentially rejective multiple test procedure", 1979).
/// In the order given, at most 1.
std::vector<double> holm_adjusted(std::span<const double> p_values);

}  // namespace paretoforge
