// Growing a regression tree over binned columns.
#include "search/regression_tree.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace paretoforge {

namespace {

constexpr std::size_t most_bins = 64;
constexpr double least_gain = 1e-12;  ///< of a split, relative to the squares of the root

}  // namespace

BinnedColumns::BinnedColumns(const Encoded& points) : bins_(points.columns), bin_of_(points.values.size()) {
  for (std::size_t c = 0; c < points.columns; ++c) {
    std::vector<double> sorted(points.rows());
    for (std::size_t r = 0; r < sorted.size(); ++r) sorted[r] = points.row(r)[c];
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> distinct = sorted;
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    const std::size_t count = std::min(distinct.size(), most_bins);
    auto& bins = bins_[c];
    for (std::size_t b = 0; b < count; ++b) {
      const double value = distinct.size() <= most_bins ? distinct[b] : sorted[(b + 1) * sorted.size() / count - 1];
      if (bins.empty())
        bins.push_back({distinct.front(), value});
      else if (value > bins.back().greatest)
        bins.push_back({*std::upper_bound(distinct.begin(), distinct.end(), bins.back().greatest), value});
    }
    for (std::size_t r = 0; r < sorted.size(); ++r) {
      const auto at = std::lower_bound(bins.begin(), bins.end(), points.row(r)[c],
                                       [](const Bin& bin, double value) { return bin.greatest < value; });
      bin_of_[r * points.columns + c] = static_cast<std::uint8_t>(at - bins.begin());
    }
  }
}

struct RegressionTree::Split {
  double gain = 0;
  std::size_t column = 0, left = 0, right = 0;  ///< the bins on either side of the cut
};

/// One tree while it grows: the rows of each node lie together.
class RegressionTree::Growth {
 public:
  Growth(const BinnedColumns& columns, std::span<const double> values, std::vector<std::uint32_t>& rows,
         const TreeOptions& options, Random& random)
      : columns_(columns), values_(values), rows_(rows), options_(options), random_(random), order_(columns.columns()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  std::size_t grow(std::vector<Node>& nodes, std::size_t begin, std::size_t end, std::size_t depth) {
    const std::size_t place = nodes.size();
    nodes.push_back({.leaf = leaf(begin, end)});
    const double squares = nodes[place].leaf.variance * static_cast<double>(end - begin);
    if (place == 0) root_squares_ = squares;
    if (depth == 0 || end - begin < 2 * options_.least_leaf || !(squares > least_gain * root_squares_)) return place;
    const Split split = best_split(begin, end, nodes[place].leaf.mean);
    if (!(split.gain > least_gain * root_squares_)) return place;
    const double from = columns_.bins(split.column)[split.left].greatest;
    const double to = columns_.bins(split.column)[split.right].least;
    const auto middle = std::stable_partition(
        rows_.begin() + static_cast<std::ptrdiff_t>(begin), rows_.begin() + static_cast<std::ptrdiff_t>(end),
        [&](std::uint32_t row) { return columns_.bin(row, split.column) <= split.left; });
    const auto cut = static_cast<std::size_t>(middle - rows_.begin());
    nodes[place].column = split.column;
    const double threshold = random_.uniform(from, to);
    nodes[place].threshold = threshold < to ? threshold : from;
    const std::size_t left = grow(nodes, begin, cut, depth - 1);
    const std::size_t right = grow(nodes, cut, end, depth - 1);
    nodes[place].left = left, nodes[place].right = right;
    return place;
  }

 private:
  Leaf leaf(std::size_t begin, std::size_t end) const {
    const auto count = static_cast<double>(end - begin);
    Leaf result;
    for (std::size_t i = begin; i < end; ++i) result.mean += values_[rows_[i]] / count;
    for (std::size_t i = begin; i < end; ++i) {
      const double off = values_[rows_[i]] - result.mean;
      result.variance += off * off / count;
    }
    return result;
  }

  /// Among the share of columns, and on while none of them tells the rows apart; sums are about the node's mean, which
  /// keeps small differences of large values.
  Split best_split(std::size_t begin, std::size_t end, double mean) {
    Split best;
    const auto enough = static_cast<std::size_t>(std::ceil(options_.column_share * static_cast<double>(order_.size())));
    for (std::size_t i = 0; i < order_.size() && (i < enough || best.gain == 0); ++i) {
      std::swap(order_[i], order_[i + random_.below(order_.size() - i)]);
      try_column(best, order_[i], begin, end, mean);
    }
    return best;
  }

  void try_column(Split& best, std::size_t column, std::size_t begin, std::size_t end, double mean) {
    const std::size_t count = columns_.bins(column).size();
    if (count < 2) return;
    std::array<double, most_bins> sum{};
    std::array<std::size_t, most_bins> size{};
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t bin = columns_.bin(rows_[i], column);
      sum[bin] += values_[rows_[i]] - mean;
      ++size[bin];
    }
    double below = 0;
    std::size_t left = 0, last = most_bins;
    const std::size_t all = end - begin;
    for (std::size_t b = 0; b < count; ++b) {
      if (size[b] == 0) continue;
      // The sums on both sides are opposite, so the fall in squared error is s²/n of either side, added.
      if (last < most_bins && left >= options_.least_leaf && all - left >= options_.least_leaf) {
        const double gain = below * below * (1 / static_cast<double>(left) + 1 / static_cast<double>(all - left));
        if (gain > best.gain) best = {gain, column, last, b};
      }
      below += sum[b];
      left += size[b];
      last = b;
    }
  }

  const BinnedColumns& columns_;
  std::span<const double> values_;
  std::vector<std::uint32_t>& rows_;
  const TreeOptions& options_;
  Random& random_;
  std::vector<std::size_t> order_;
  double root_squares_ = 0;
};

RegressionTree::RegressionTree(const BinnedColumns& columns, std::span<const double> values,
                               std::vector<std::uint32_t> rows, const TreeOptions& options, Random& random) {
  Growth(columns, values, rows, options, random).grow(nodes_, 0, rows.size(), options.depth);
}

const RegressionTree::Leaf& RegressionTree::at(std::span<const double> point) const {
  std::size_t node = 0;
  while (nodes_[node].left != 0)
    node = point[nodes_[node].column] > nodes_[node].threshold ? nodes_[node].right : nodes_[node].left;
  return nodes_[node].leaf;
}

}  // namespace paretoforge
