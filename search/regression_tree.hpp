// A regression tree with random splits: the part that forests and boosted ensembles are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "search/surrogate.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// The columns of points cut into at most 64 bins each, at quantiles where they hold more distinct values.
class BinnedColumns {
 public:
  explicit BinnedColumns(const Encoded& points);
  struct Bin {
    double least, greatest;  ///< of the values in it
  };
  std::span<const Bin> bins(std::size_t column) const { return bins_[column]; }
  std::size_t bin(std::size_t row, std::size_t column) const { return bin_of_[row * bins_.size() + column]; }
  std::size_t columns() const { return bins_.size(); }

 private:
  std::vector<std::vector<Bin>> bins_;
  std::vector<std::uint8_t> bin_of_;
};

struct TreeOptions {
  std::size_t depth = 64;        ///< most splits from root to leaf
  std::size_t least_leaf = 3;    ///< rows in a leaf
  double column_share = 5. / 6;  ///< of the columns, drawn anew for each split
};

/// Splits where squared error falls most, at a threshold drawn uniformly between the two neighbouring values (Hutter,
/// Xu, Hoos and Leyton-Brown, "Algorithm runtime prediction: methods and evaluation", 2014).
class RegressionTree {
 public:
  /// The values in a leaf.
  struct Leaf {
    double mean = 0, variance = 0;
  };

  /// `rows` are positions in the columns and in `values`, perhaps repeated; at least one.
  RegressionTree(const BinnedColumns& columns, std::span<const double> values, std::vector<std::uint32_t> rows,
                 const TreeOptions& options, Random& random);
  const Leaf& at(std::span<const double> point) const;

 private:
  struct Node {
    std::size_t column = 0;
    double threshold = 0;             ///< left where the value is not greater
    std::size_t left = 0, right = 0;  ///< 0: a leaf
    Leaf leaf = {};
  };
  struct Split;
  class Growth;
  std::vector<Node> nodes_;
};

}  // namespace paretoforge
