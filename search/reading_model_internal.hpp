// What readings at low budgets say of the full one. Private to the default searcher.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "search/kernel_internal.hpp"
#include "search/posterior_internal.hpp"

namespace paretoforge {

/// What a trial read of one criterion: its cost at each rung from the first that was read.
struct ReadingRow {
  std::span<const double> row;
  std::vector<double> costs;
  std::uint32_t first_rung = 0;
};

/// The readings of one criterion as rows of a Gaussian process of their own, standardised, whatever their rung: a
/// learning curve is taken as a level of the network and steps from rung to rung that all networks share, which trials
/// read at both rungs show.
class ReadingModel {
 public:
  static constexpr std::size_t least = 5;  ///< readings that it needs

  /// Forgets what it had, but for its hyperparameters: those are found again once there are a quarter more readings.
  void learn(std::span<const ReadingRow> readings, std::span<const KernelBlock> blocks);
  bool ready() const { return rows_.rows() > 0; }

  const Encoded& rows() const { return rows_; }
  const Eigen::VectorXd& values() const { return values_; }

  /// How values `y` of the full budget at `rows` follow from readings (see Kin), and the hyperparameters of the full
  /// budget to use with that. Few values cannot show over what distances networks are alike, readings can: so the
  /// lengths are those of the readings, and a value is a share of what readings show and a rest of its own (Kennedy and
  /// O'Hagan, "Predicting the output from a complex computer code when fast approximations are available", 2000), as
  /// the evidence of the values says; unless `own`, tuned on the values alone, explains them better.
  std::pair<KernelHyper, Kin> kin(const Encoded& rows, const Eigen::VectorXd& y, const KernelHyper& own,
                                  std::span<const KernelBlock> blocks) const;

 private:
  Encoded rows_;
  Eigen::VectorXd values_;
  std::optional<KernelHyper> hyper_;
  std::size_t tuned_at_ = 0;
};

}  // namespace paretoforge
