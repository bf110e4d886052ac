// A random forest (Breiman 2001) on what the ridge leaves, in logarithms.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "space/random.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t trees = 40;
constexpr int depth = 6;
constexpr std::size_t least_leaf = 3;  ///< rows
constexpr double column_share = 1.0 / 3;

/// A node splits, or is a leaf (right 0); its left child follows it.
struct Branch {
  std::uint32_t right = 0, column = 0;
  double value = 0;  ///< threshold of a split (above goes right), mean of a leaf
};

double rounded(double value) { return std::round(value * 1e7) / 1e7; }

class RandomForest : public CostModel {
 public:
  RandomForest(std::unique_ptr<CostModel> base, std::vector<std::size_t> columns, std::vector<Branch> nodes,
               std::vector<std::size_t> roots)
      : base_(std::move(base)), columns_(std::move(columns)), nodes_(std::move(nodes)), roots_(std::move(roots)) {}

  /// The ridge's deviation: how far trees that saw a row differ says little of rows that none saw.
  LogEstimate estimate(std::span<const double> features) const override {
    LogEstimate sum = base_->estimate(features);
    double all = 0;
    for (const std::size_t root : roots_) {
      std::size_t at = root;
      while (nodes_[at].right != 0)
        at = features[columns_[nodes_[at].column]] > nodes_[at].value ? root + nodes_[at].right : at + 1;
      all += nodes_[at].value;
    }
    sum.mean += all / static_cast<double>(roots_.size());
    return sum;
  }

  Config write() const override {
    std::vector<std::size_t> rights, columns;
    std::vector<double> values;
    for (const Branch& node : nodes_)
      rights.push_back(node.right), columns.push_back(node.column), values.push_back(node.value);
    return Config::make_map({{"base", base_->write()},
                             {"columns", columns_scalar(columns_)},
                             {"trees", Config::make_scalar(std::to_string(roots_.size()))},
                             {"roots", columns_scalar(roots_)},
                             {"nodes", Config::make_scalar(std::to_string(nodes_.size()))},
                             {"right", columns_scalar(rights)},
                             {"split_columns", columns_scalar(columns)},
                             {"values", numbers_scalar(values)}});
  }

 private:
  std::unique_ptr<CostModel> base_;
  std::vector<std::size_t> columns_;
  std::vector<Branch> nodes_;
  std::vector<std::size_t> roots_;
};

class Grower {
 public:
  Grower(const Samples& samples, const std::vector<std::size_t>& columns, const std::vector<double>& left,
         Random& random)
      : samples_(samples), columns_(columns), left_(left), random_(random) {}

  /// Appends a tree grown on the rows, which may hold some twice.
  void grow(std::vector<std::size_t> rows, std::vector<Branch>& nodes) {
    root_ = nodes.size();
    split(rows, nodes, depth);
  }

 private:
  double feature(std::size_t row, std::size_t column) const { return samples_.row(row)[columns_[column]]; }

  void split(std::vector<std::size_t>& rows, std::vector<Branch>& nodes, int levels) {
    const std::size_t at = nodes.size();
    double sum = 0;
    for (const std::size_t row : rows) sum += left_[row];
    nodes.push_back({0, 0, rounded(sum / static_cast<double>(rows.size()))});
    if (levels == 0 || rows.size() < 2 * least_leaf) return;
    double best = sum * sum / static_cast<double>(rows.size()) + 1e-12;
    std::size_t column = columns_.size();
    double threshold = 0;
    for (const std::size_t c : drawn_columns()) improve(rows, c, sum, best, column, threshold);
    if (column == columns_.size()) return;
    std::vector<std::size_t> above;
    const auto end = std::stable_partition(rows.begin(), rows.end(),
                                           [&](std::size_t row) { return feature(row, column) <= threshold; });
    above.assign(end, rows.end());
    rows.erase(end, rows.end());
    split(rows, nodes, levels - 1);
    nodes[at] = {static_cast<std::uint32_t>(nodes.size() - root_), static_cast<std::uint32_t>(column), threshold};
    split(above, nodes, levels - 1);
  }

  void improve(std::vector<std::size_t>& rows, std::size_t c, double all, double& best, std::size_t& column,
               double& threshold) {
    std::sort(rows.begin(), rows.end(), [&](std::size_t a, std::size_t b) {
      const double x = feature(a, c), y = feature(b, c);
      return x != y ? x < y : a < b;
    });
    double sum = 0;
    for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
      sum += left_[rows[i]];
      const double here = feature(rows[i], c), next = feature(rows[i + 1], c);
      if (here == next || i + 1 < least_leaf || rows.size() - i - 1 < least_leaf) continue;
      const auto below = static_cast<double>(i + 1), above = static_cast<double>(rows.size() - i - 1);
      const double gain = sum * sum / below + (all - sum) * (all - sum) / above;
      if (gain > best) best = gain, column = c, threshold = here + (next - here) / 2;
    }
  }

  std::vector<std::size_t> drawn_columns() {
    std::vector<std::size_t> all(columns_.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    random_.shuffle(all);
    all.resize(static_cast<std::size_t>(std::ceil(column_share * static_cast<double>(all.size()))));
    return all;
  }

  const Samples& samples_;
  const std::vector<std::size_t>& columns_;
  const std::vector<double>& left_;
  Random& random_;
  std::size_t root_ = 0;
};

std::unique_ptr<CostModel> fit_once(const Samples& samples, std::uint64_t seed) {
  auto base = Ridge::fit(samples);
  const std::vector<std::size_t> columns = useful_columns(samples, samples.columns - samples.encoding);
  std::vector<double> left(samples.rows());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = std::log(samples.targets[i]) - base->mean(samples.row(i));
  clip_residuals(left);
  Random random(seed);
  Grower grower(samples, columns, left, random);
  std::vector<Branch> nodes;
  std::vector<std::size_t> roots;
  for (std::size_t tree = 0; tree < trees; ++tree) {
    std::vector<std::size_t> rows(samples.rows());
    for (std::size_t& row : rows) row = random.below(samples.rows());
    roots.push_back(nodes.size());
    grower.grow(std::move(rows), nodes);
  }
  return std::make_unique<RandomForest>(std::move(base), columns, std::move(nodes), std::move(roots));
}

}  // namespace

FittedModel fit_random_forest(const Samples& samples, std::uint64_t seed) {
  return {fit_once(samples, seed), held_out(samples, seed, fit_once)};
}

std::unique_ptr<CostModel> read_random_forest(const Config& document) {
  document.allow({"base", "columns", "trees", "roots", "nodes", "right", "split_columns", "values"});
  auto columns = read_columns(document, "columns");
  const auto tree_count = static_cast<std::size_t>(document.at("trees").integer(1, 10'000));
  const auto count = static_cast<std::size_t>(document.at("nodes").integer(1, 10'000'000));
  const auto starts = read_numbers(document, "roots", tree_count), right = read_numbers(document, "right", count);
  const auto split = read_numbers(document, "split_columns", count), values = read_numbers(document, "values", count);
  std::vector<std::size_t> roots;
  for (std::size_t t = 0; t < tree_count; ++t) {
    if (starts[t] != std::floor(starts[t]) || starts[t] < 0 || starts[t] >= static_cast<double>(count) ||
        (t > 0 && starts[t] <= starts[t - 1]))
      document.at("roots").fail("roots must be rising positions of nodes");
    roots.push_back(static_cast<std::size_t>(starts[t]));
  }
  std::vector<Branch> nodes(count);
  std::size_t tree = 0;
  for (std::size_t i = 0; i < count; ++i) {
    while (tree + 1 < tree_count && i >= roots[tree + 1]) ++tree;
    const std::size_t end = tree + 1 < tree_count ? roots[tree + 1] : count;
    // Children come after their parent and within its tree, so that every walk ends.
    const bool is_leaf = right[i] == 0;
    if (!is_leaf && (right[i] != std::floor(right[i]) || right[i] < 0 || i + 1 >= end || i < roots[tree] ||
                     right[i] + static_cast<double>(roots[tree]) <= static_cast<double>(i) + 1 ||
                     right[i] + static_cast<double>(roots[tree]) >= static_cast<double>(end)))
      document.at("right").fail("node " + std::to_string(i) + " has no such right child");
    if (split[i] < 0 || split[i] != std::floor(split[i]) ||
        (!is_leaf && split[i] >= static_cast<double>(columns.size())))
      document.at("split_columns")
          .fail("node " + std::to_string(i) + " splits on a feature that the forest does not have");
    nodes[i] = {static_cast<std::uint32_t>(right[i]), static_cast<std::uint32_t>(split[i]), values[i]};
  }
  return std::make_unique<RandomForest>(Ridge::read(document.at("base")), std::move(columns), std::move(nodes),
                                        std::move(roots));
}

}  // namespace paretoforge
