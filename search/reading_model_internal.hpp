// What readings at low budgets say of the full one. Private to the default searcher.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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

  /// How the readings stand to the full budget (see Kin), by the evidence of both together: `rows` and `y` of the full
  /// budget, with its hyperparameters.
  Kin kin(const Encoded& rows, const Eigen::VectorXd& y, const KernelHyper& full,
          std::span<const KernelBlock> blocks) const;

 private:
  Encoded rows_;
  Eigen::VectorXd values_;
  std::optional<KernelHyper> hyper_;
  std::size_t tuned_at_ = 0;
};

}  // namespace paretoforge
