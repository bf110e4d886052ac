// The problems of the search benchmark: published tables with a known front.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "search/fresh_points.hpp"
#include "search/front.hpp"
#include "search/objective.hpp"
#include "space/space.hpp"

namespace paretoforge::benchmark {

/// Which columns of which tables make a problem: a cost that is cheap, an accuracy that is expensive.
struct ProblemKind {
  std::string_view name;                                                ///< as --problem takes it
  std::string_view space;                                               ///< file under configs/spaces
  std::string_view cost_file, cost_column;                              ///< under the data folder; to be minimised
  std::string_view accuracy_file = "nasbench201/accuracy_cifar10.csv";  ///< per cent, to be maximised
  std::string_view accuracy_column = "cifar10_test_accuracy_pct";
};
std::span<const ProblemKind> problem_kinds();

/// A table in memory, each row a point of the space with its two values. The front is known, so that what a search
/// found can be stated as a share of the true hypervolume. Costs are scaled: error from the best to the 90th
/// percentile, the other from its least to its greatest value; the reference point is (1, 1).
class Problem {
 public:
  /// Throws ConfigError where a file, column or label is missing.
  Problem(const ProblemKind& kind, const std::filesystem::path& data);

  const ProblemKind& kind() const { return kind_; }
  const Space& space() const { return space_; }
  /// The only points there are, where the tables hold only a part of the space; else null.
  std::shared_ptr<const std::vector<Architecture>> points() const { return points_; }
  /// The cheap cost, then the expensive accuracy.
  std::vector<Objective> objectives() const;
  /// The cost of a point, read from the table as a searcher may do for any number of candidates.
  CheapValues cheap() const;
  /// Cost and accuracy of a point.
  std::pair<double, double> values(const Architecture& point) const {
    const Values& row = rows_->at(point);
    return {row.cost, row.accuracy};
  }
  /// The share of the true hypervolume that a front dominates: 0 to 1.
  double share(const Front& front) const { return front.hypervolume(best_, worst_) / true_hypervolume_; }
  double true_hypervolume() const { return true_hypervolume_; }

 private:
  struct Values {
    double cost, accuracy;
  };
  using Rows = std::unordered_map<Architecture, Values, ArchitectureHash>;
  void set_bounds();

  ProblemKind kind_;
  Space space_;
  std::shared_ptr<const Rows> rows_;
  std::shared_ptr<const std::vector<Architecture>> points_;
  std::vector<double> best_, worst_;  ///< in costs (see `cost`), for Front::hypervolume
  double true_hypervolume_ = 0;
};

}  // namespace paretoforge::benchmark
