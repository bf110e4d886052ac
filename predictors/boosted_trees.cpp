// Gradient boosting (Friedman 2001) with shallow complete trees on what the ridge leaves, in logarithms.
#include <algorithm>
#include <array>
#include <cmath>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "space/random.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t depth = 3, splits = (1u << depth) - 1, leaves = 1u << depth;
constexpr int rounds = 300;
constexpr double rate = 0.06;
constexpr double row_share = 0.7, column_share = 0.4;  ///< of what each tree sees (Friedman 2002)
constexpr double leaf_penalty = 2;                     ///< rows at zero that every leaf is thought to hold besides
constexpr std::size_t most_bins = 48;

/// A complete tree: at a split go right where the feature is above the threshold.
struct Tree {
  std::array<std::size_t, splits> column{};  ///< position in BoostedTrees::columns_
  std::array<double, splits> threshold{};
  std::array<double, leaves> value{};

  double operator()(const double* x) const {
    std::size_t at = 0;
    for (std::size_t level = 0; level < depth; ++level) at = 2 * at + (x[column[at]] > threshold[at] ? 2 : 1);
    return value[at - splits];
  }
};

/// Every column cut into bins at quantiles: rows hold bin numbers while trees grow.
struct Binned {
  std::vector<std::vector<double>> cuts;        ///< per column, rising
  std::vector<std::vector<std::uint8_t>> bins;  ///< per column, per row
};

Binned binned(const std::vector<double>& x, std::size_t rows, std::size_t columns) {
  Binned result{std::vector<std::vector<double>>(columns), std::vector<std::vector<std::uint8_t>>(columns)};
  for (std::size_t c = 0; c < columns; ++c) {
    std::vector<double> sorted(rows);
    for (std::size_t r = 0; r < rows; ++r) sorted[r] = x[r * columns + c];
    std::sort(sorted.begin(), sorted.end());
    auto& cuts = result.cuts[c];
    const std::size_t bins = std::min(most_bins, rows);
    for (std::size_t b = 1; b < bins; ++b) {
      const std::size_t at = b * rows / bins;
      const double cut = (sorted[at - 1] + sorted[at]) / 2;
      if (sorted[at - 1] < sorted[at] && (cuts.empty() || cut > cuts.back())) cuts.push_back(cut);
    }
    for (std::size_t r = 0; r < rows; ++r)
      result.bins[c].push_back(
          static_cast<std::uint8_t>(std::lower_bound(cuts.begin(), cuts.end(), x[r * columns + c]) - cuts.begin()));
  }
  return result;
}

/// To seven decimals of a logarithm: device files stay short.
double rounded(double value) { return std::round(value * 1e7) / 1e7; }

struct Sum {
  double value = 0, count = 0;
  double gain() const { return value * value / (count + leaf_penalty); }
};

/// Grows one tree level by level on the rows given; `node` holds each row's place.
class Grower {
 public:
  Grower(const Binned& data, std::span<const double> target) : data_(data), target_(target), node_(target.size()) {}

  Tree grow(const std::vector<std::uint32_t>& rows, const std::vector<std::size_t>& columns) {
    Tree tree;
    for (const std::uint32_t r : rows) node_[r] = 0;
    for (std::size_t level = 0; level < depth; ++level)
      split_level(tree, rows, columns, (1u << level) - 1, 1u << level);
    std::array<Sum, leaves> sums{};
    for (const std::uint32_t r : rows) add(sums[node_[r] - splits], r);
    for (std::size_t leaf = 0; leaf < leaves; ++leaf)
      tree.value[leaf] = rounded(rate * sums[leaf].value / (sums[leaf].count + leaf_penalty));
    return tree;
  }

 private:
  void add(Sum& sum, std::uint32_t row) const {
    sum.value += target_[row];
    sum.count += 1;
  }

  /// Where a node is cut; bin `most_bins`: nowhere, every row goes left.
  struct Split {
    double gain = 1e-12;
    std::size_t column = 0, bin = most_bins;
  };

  void split_level(Tree& tree, const std::vector<std::uint32_t>& rows, const std::vector<std::size_t>& columns,
                   std::size_t first, std::size_t count) {
    std::array<Split, leaves> best;
    for (const std::size_t column : columns) {
      histogram_.assign(count * most_bins, Sum{});
      const auto& bins = data_.bins[column];
      for (const std::uint32_t r : rows) add(histogram_[(node_[r] - first) * most_bins + bins[r]], r);
      for (std::size_t n = 0; n < count; ++n) improve(best[n], column, &histogram_[n * most_bins]);
    }
    for (std::size_t n = 0; n < count; ++n) {
      tree.column[first + n] = best[n].column;
      tree.threshold[first + n] = best[n].bin < most_bins ? data_.cuts[best[n].column][best[n].bin] : 1e300;
    }
    for (const std::uint32_t r : rows) {
      const Split& split = best[node_[r] - first];
      node_[r] = 2 * node_[r] + (data_.bins[split.column][r] > split.bin ? 2 : 1);
    }
  }

  /// Tries every cut of a column at one node, whose rows the histogram sums by bin.
  void improve(Split& best, std::size_t column, const Sum* histogram) const {
    const std::size_t cuts = data_.cuts[column].size();
    Sum all, left;
    for (std::size_t b = 0; b <= cuts; ++b) all.value += histogram[b].value, all.count += histogram[b].count;
    for (std::size_t b = 0; b < cuts; ++b) {
      left.value += histogram[b].value, left.count += histogram[b].count;
      const Sum right{all.value - left.value, all.count - left.count};
      if (left.count < 2 || right.count < 2) continue;
      const double gain = left.gain() + right.gain() - all.gain();
      if (gain > best.gain) best = {gain, column, b};
    }
  }

  const Binned& data_;
  std::span<const double> target_;
  std::vector<std::uint32_t> node_;
  std::vector<Sum> histogram_;
};

class BoostedTrees : public CostModel {
 public:
  BoostedTrees(std::unique_ptr<CostModel> base, std::vector<std::size_t> columns, std::vector<Tree> trees)
      : base_(std::move(base)), columns_(std::move(columns)), trees_(std::move(trees)) {}

  /// The deviation is the ridge's: the trees' own residuals shrink with every round, whatever the truth.
  LogEstimate estimate(std::span<const double> features) const override {
    LogEstimate sum = base_->estimate(features);
    std::vector<double> x(columns_.size() + 1);
    inputs(features, sum.mean, x.data());
    for (const Tree& tree : trees_) sum.mean += tree(x.data());
    return sum;
  }

  Config write() const override {
    std::vector<std::size_t> columns;
    std::vector<double> thresholds, values;
    for (const Tree& tree : trees_) {
      columns.insert(columns.end(), tree.column.begin(), tree.column.end());
      thresholds.insert(thresholds.end(), tree.threshold.begin(), tree.threshold.end());
      values.insert(values.end(), tree.value.begin(), tree.value.end());
    }
    return Config::make_map({{"base", base_->write()},
                             {"columns", columns_scalar(columns_)},
                             {"trees", Config::make_scalar(std::to_string(trees_.size()))},
                             {"split_columns", columns_scalar(columns)},
                             {"thresholds", numbers_scalar(thresholds)},
                             {"values", numbers_scalar(values)}});
  }

  /// The trees' inputs: the columns used, and last the logarithm that the base predicts.
  void inputs(std::span<const double> features, double base, double* x) const {
    for (std::size_t c = 0; c < columns_.size(); ++c) x[c] = features[columns_[c]];
    x[columns_.size()] = base;
  }

 private:
  std::unique_ptr<CostModel> base_;
  std::vector<std::size_t> columns_;
  std::vector<Tree> trees_;
};

/// `share` of 0 .. n-1, at least one, drawn without putting back, in rising order.
template <class Index>
std::vector<Index> drawn(std::size_t n, double share, Random& random) {
  std::vector<Index> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = static_cast<Index>(i);
  random.shuffle(all);
  all.resize(std::max<std::size_t>(1, static_cast<std::size_t>(share * static_cast<double>(n) + 0.5)));
  std::sort(all.begin(), all.end());
  return all;
}

std::unique_ptr<CostModel> boosted(const Samples& samples, std::uint64_t seed) {
  const std::size_t n = samples.rows();
  auto base = Ridge::fit(samples);
  const std::vector<std::size_t> columns = useful_columns(samples, samples.columns - samples.encoding);
  const std::size_t width = columns.size() + 1;
  std::vector<double> x(n * width), left(n);
  for (std::size_t r = 0; r < n; ++r) {
    const double mean = base->estimate(samples.row(r)).mean;
    for (std::size_t c = 0; c < columns.size(); ++c) x[r * width + c] = samples.row(r)[columns[c]];
    x[r * width + columns.size()] = mean;
    left[r] = std::log(samples.targets[r]) - mean;
  }
  const Binned data = binned(x, n, width);
  Random random(seed);
  std::vector<Tree> trees;
  std::vector<double> pull;
  for (int round = 0; round < rounds; ++round) {
    pull = left;
    clip_residuals(pull);
    const auto rows = drawn<std::uint32_t>(n, row_share, random);
    const auto shown = drawn<std::size_t>(width, column_share, random);
    trees.push_back(Grower(data, pull).grow(rows, shown));
    for (std::size_t r = 0; r < n; ++r) left[r] -= trees.back()(&x[r * width]);
  }
  return std::make_unique<BoostedTrees>(std::move(base), columns, std::move(trees));
}

}  // namespace

FittedModel fit_boosted_trees(const Samples& samples, std::uint64_t seed) {
  return {boosted(samples, seed), held_out(samples, seed, boosted)};
}

std::unique_ptr<CostModel> read_boosted_trees(const Config& document) {
  document.allow({"base", "columns", "trees", "split_columns", "thresholds", "values"});
  auto columns = read_columns(document, "columns");
  const auto count = static_cast<std::size_t>(document.at("trees").integer(0, 100'000));
  const auto split = read_numbers(document, "split_columns", count * splits);
  const auto thresholds = read_numbers(document, "thresholds", count * splits);
  const auto values = read_numbers(document, "values", count * leaves);
  std::vector<Tree> trees(count);
  for (std::size_t t = 0; t < count; ++t) {
    for (std::size_t s = 0; s < splits; ++s) {
      const double column = split[t * splits + s];
      if (column < 0 || column > static_cast<double>(columns.size()) || column != std::floor(column))
        document.at("split_columns").fail("tree " + std::to_string(t) + " splits on a feature that it does not have");
      trees[t].column[s] = static_cast<std::size_t>(column);
      trees[t].threshold[s] = thresholds[t * splits + s];
    }
    for (std::size_t v = 0; v < leaves; ++v) trees[t].value[v] = values[t * leaves + v];
  }
  return std::make_unique<BoostedTrees>(Ridge::read(document.at("base")), std::move(columns), std::move(trees));
}

}  // namespace paretoforge
