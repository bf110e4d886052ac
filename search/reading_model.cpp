// Readings of all rungs in one Gaussian process, and how much of the full budget they show.
#include <Eigen/Cholesky>
#include <algorithm>
#include <limits>

#include "search/cost_scale.hpp"
#include "search/reading_model_internal.hpp"

namespace paretoforge {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr std::size_t most_tuning = 200;  ///< rows that hyperparameters are found on

/// By how much costs at each rung lie above those at the rung before, on the scale: the mean of the trials read at
/// both.
std::vector<double> steps(std::span<const ReadingRow> readings, const CostScale& scale) {
  std::vector<double> sums, counts;
  for (const ReadingRow& each : readings)
    for (std::size_t i = 1; i < each.costs.size(); ++i) {
      const std::size_t rung = each.first_rung + i;
      if (rung >= sums.size()) sums.resize(rung + 1, 0.0), counts.resize(rung + 1, 0.0);
      sums[rung] += scale(each.costs[i]) - scale(each.costs[i - 1]);
      ++counts[rung];
    }
  for (std::size_t rung = 0; rung < sums.size(); ++rung) sums[rung] /= std::max(1.0, counts[rung]);
  return sums;
}

}  // namespace

void ReadingModel::learn(std::span<const ReadingRow> readings, std::span<const KernelBlock> blocks) {
  rows_ = {};
  if (readings.size() < least) return;
  std::vector<double> costs;
  for (const ReadingRow& each : readings) costs.insert(costs.end(), each.costs.begin(), each.costs.end());
  const CostScale scale(costs);
  const std::vector<double> step = steps(readings, scale);
  values_.resize(static_cast<Index>(readings.size()));
  for (std::size_t i = 0; i < readings.size(); ++i) {
    const ReadingRow& each = readings[i];
    double value = scale(each.costs.back());
    for (std::size_t rung = 1; rung < each.first_rung + each.costs.size() && rung < step.size(); ++rung)
      value -= step[rung];
    values_[static_cast<Index>(i)] = value;
    rows_.add(each.row);
  }
  if (hyper_ && readings.size() * 4 < tuned_at_ * 5) return;
  const std::size_t most = std::min(readings.size(), most_tuning);
  Encoded some;
  for (std::size_t i = 0; i < most; ++i) some.add(rows_.row(i));
  hyper_ = tuned(squared_distances(some, some, blocks), values_.head(static_cast<Index>(most)),
                 hyper_ ? *hyper_ : KernelHyper(blocks.size()), hyper_ ? 15 : 40);
  tuned_at_ = readings.size();
}

Kin ReadingModel::kin(const Encoded& rows, const VectorXd& y, const KernelHyper& full,
                      std::span<const KernelBlock> blocks) const {
  constexpr double likenesses[] = {0, 0.2, 0.4, 0.6, 0.75, 0.9, 0.97}, doubt = 2, offset = 1;
  Kin kin{static_cast<Index>(rows_.rows()), *hyper_, 0, offset};
  Encoded all = rows_;
  for (std::size_t i = 0; i < rows.rows(); ++i) all.add(rows.row(i));
  VectorXd values(values_.size() + y.size());
  values << values_, y;
  const Distances distances = squared_distances(all, all, blocks);
  double best = -std::numeric_limits<double>::infinity();
  Kin most_likely = kin;
  for (const double likeness : likenesses) {
    kin.likeness = likeness;
    MatrixXd k = covariances(distances, full, kin, kin.rows);
    k.diagonal() += noise_of(full, kin, k.rows());
    const Eigen::LLT<MatrixXd> factor(k);
    if (factor.info() != Eigen::Success) continue;
    // Beliefs beforehand: the less alike, the likelier; a likeness has to be shown.
    const double value =
        -0.5 * values.dot(factor.solve(values)) - factor.matrixLLT().diagonal().array().log().sum() - doubt * likeness;
    if (value > best) best = value, most_likely = kin;
  }
  return most_likely;
}

}  // namespace paretoforge
