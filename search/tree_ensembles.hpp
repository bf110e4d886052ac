// Surrogates made of regression trees: a random forest and boosted trees.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "search/ensemble.hpp"
#include "search/regression_tree.hpp"
#include "search/surrogate.hpp"

namespace paretoforge {

struct RandomForestOptions {
  std::size_t trees = 10;                ///< SMAC's
  TreeOptions tree = {.least_leaf = 1};  ///< SMAC's leaves hold three, too coarse for tens of trials
  bool bootstrap = true;                 ///< each tree its own sample of the rows, drawn with putting back
};

/// A forest whose deviation is that of a value drawn from a tree drawn at random: the variance of the trees' means and
/// the mean of their leaves' variances (Breiman, "Random forests", 2001; Hutter, Xu, Hoos and Leyton-Brown, "Algorithm
/// runtime prediction: methods and evaluation", 2014; settings of SMAC, Hutter, Hoos and Leyton-Brown, "Sequential
/// model-based optimization for general algorithm configuration", 2011).
class RandomForest final : public Surrogate {
 public:
  explicit RandomForest(RandomForestOptions options = {}) : options_(options) {}
  void fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) override;
  std::vector<Belief> predict(const Encoded& points) const override;

 private:
  RandomForestOptions options_;
  std::vector<RegressionTree> trees_;
  Spread spread_;
};

struct BoostedEnsembleOptions {
  std::size_t members = 5;
  std::size_t rounds = 50;
  double rate = 0.15;
  double row_share = 0.5;  ///< of the rows, for each tree
  TreeOptions tree = {.depth = 4, .least_leaf = 3, .column_share = 5. / 6};
};

/// Members boosted by squared error, each on its own subsamples (Friedman, "Stochastic gradient boosting", 2002); the
/// deviation is that between them.
class BoostedEnsemble final : public Surrogate {
 public:
  explicit BoostedEnsemble(BoostedEnsembleOptions options = {}) : options_(options) {}
  void fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) override;
  std::vector<Belief> predict(const Encoded& points) const override;

 private:
  BoostedEnsembleOptions options_;
  std::vector<std::vector<RegressionTree>> members_;
  Spread spread_;
};

}  // namespace paretoforge
