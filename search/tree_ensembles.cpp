// Random forest and boosted trees.
#include "search/tree_ensembles.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace paretoforge {

void RandomForest::fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) {
  spread_ = Spread::of(values);
  const std::vector<double> targets = spread_.away(values);
  const BinnedColumns columns(points);
  trees_.clear();
  for (std::size_t t = 0; t < options_.trees; ++t) {
    Random random(derived_seed(seed, t));
    std::vector<std::uint32_t> rows(values.size());
    std::iota(rows.begin(), rows.end(), 0u);
    if (options_.bootstrap)
      for (auto& row : rows) row = static_cast<std::uint32_t>(random.below(values.size()));
    trees_.emplace_back(columns, targets, std::move(rows), options_.tree, random);
  }
}

std::vector<Belief> RandomForest::predict(const Encoded& points) const {
  std::vector<Belief> beliefs;
  const auto count = static_cast<double>(trees_.size());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    double mean = 0, variance = 0;
    for (const RegressionTree& tree : trees_) mean += tree.at(points.row(i)).mean / count;
    for (const RegressionTree& tree : trees_) {
      const auto& leaf = tree.at(points.row(i));
      variance += (leaf.variance + (leaf.mean - mean) * (leaf.mean - mean)) / count;
    }
    beliefs.push_back(spread_.back({mean, std::sqrt(variance)}));
  }
  return beliefs;
}

void BoostedEnsemble::fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) {
  spread_ = Spread::of(values);
  const BinnedColumns columns(points);
  const auto share = static_cast<std::size_t>(std::ceil(options_.row_share * static_cast<double>(values.size())));
  std::vector<std::uint32_t> rows(values.size());
  std::iota(rows.begin(), rows.end(), 0u);
  members_.assign(options_.members, {});
  for (std::size_t m = 0; m < options_.members; ++m) {
    Random random(derived_seed(seed, m));
    std::vector<double> left = spread_.away(values);
    for (std::size_t round = 0; round < options_.rounds; ++round) {
      random.shuffle(rows);
      const RegressionTree tree(columns, left, {rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(share)},
                                options_.tree, random);
      for (std::size_t r = 0; r < left.size(); ++r) left[r] -= options_.rate * tree.at(points.row(r)).mean;
      members_[m].push_back(tree);
    }
  }
}

std::vector<Belief> BoostedEnsemble::predict(const Encoded& points) const {
  std::vector<Belief> beliefs;
  std::vector<double> said(members_.size());
  for (std::size_t i = 0; i < points.rows(); ++i) {
    for (std::size_t m = 0; m < members_.size(); ++m) {
      said[m] = 0;
      for (const RegressionTree& tree : members_[m]) said[m] += options_.rate * tree.at(points.row(i)).mean;
    }
    beliefs.push_back(spread_.back(agreement(said)));
  }
  return beliefs;
}

}  // namespace paretoforge
