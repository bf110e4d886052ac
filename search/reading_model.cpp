// Readings of all rungs in one Gaussian process, and how much of the full budget they show.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "search/cost_scale.hpp"
#include "search/reading_model_internal.hpp"

namespace paretoforge {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

constexpr std::size_t most_tuning = 200;   ///< rows that hyperparameters are found on
constexpr std::size_t most_compared = 80;  ///< rows of the full budget that say how they follow from readings

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

namespace {

/// How values of the full budget follow from what readings show: y = share f + rest + noise, the rest with the
/// covariances of f, so many times as wide.
struct Follows {
  double share = 0.7, rest = 0.4, noise = 0.1;
};

/// Readings by themselves, and what they say beforehand of rows of the full budget.
struct Beforehand {
  MatrixXd prior, doubt;  ///< covariances without readings, and what readings leave of them
  VectorXd mean;

  Beforehand(const Encoded& readings, const VectorXd& values, const Encoded& rows, const KernelHyper& hyper,
             std::span<const KernelBlock> blocks) {
    const BlockedRows low(readings, blocks), high(rows, blocks);
    MatrixXd k = covariances(squared_distances(low, low), hyper);
    k.diagonal().array() += std::exp(2 * hyper.noise) + kernel_jitter * hyper.variance();
    const Eigen::LLT<MatrixXd> factor(k);
    const MatrixXd explained = factor.matrixL().solve(covariances(squared_distances(low, high), hyper));
    mean = explained.transpose() * factor.matrixL().solve(values);
    prior = covariances(squared_distances(high, high), hyper);
    doubt = prior - explained.transpose() * explained;
  }

  /// The logarithm of the likelihood of the values of the full budget, and of the beliefs held of `f` before.
  double evidence(const VectorXd& y, const Follows& f, double variance, double offset) const {
    MatrixXd k = f.share * f.share * doubt + f.rest * f.rest / variance * prior;
    k.array() += offset;
    k.diagonal().array() += f.noise * f.noise + kernel_jitter;
    const Eigen::LLT<MatrixXd> factor(k);
    if (factor.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
    const VectorXd left = y - f.share * mean;
    const auto belief = [](double away, double deviation) { return -0.5 * away * away / (deviation * deviation); };
    return -0.5 * left.dot(factor.solve(left)) - factor.matrixLLT().diagonal().array().log().sum() +
           belief(f.share - 0.7, 0.4) + belief(std::log(f.rest / 0.4), 0.7) + belief(std::log(f.noise / 0.1), 1);
  }
};

/// The likeliest on a grid, found one coordinate after the other until none moves.
std::pair<Follows, double> likeliest(const Beforehand& readings, const VectorXd& y, double variance, double offset) {
  constexpr double shares[] = {0, 0.15, 0.3, 0.5, 0.7, 0.9, 1.1, 1.4}, rests[] = {0.1, 0.15, 0.25, 0.4, 0.6, 0.9, 1.3},
                   noises[] = {0.03, 0.05, 0.1, 0.2, 0.35, 0.6};
  constexpr int most_turns = 4;
  Follows at;
  double best = readings.evidence(y, at, variance, offset);
  bool moved = true;
  const auto along = [&](std::span<const double> grid, double Follows::*part) {
    for (const double value : grid) {
      Follows next = at;
      next.*part = value;
      const double evidence = readings.evidence(y, next, variance, offset);
      if (evidence > best) best = evidence, at = next, moved = true;
    }
  };
  for (int turn = 0; moved && turn < most_turns; ++turn) {
    moved = false;
    along(shares, &Follows::share), along(rests, &Follows::rest), along(noises, &Follows::noise);
  }
  return {at, best};
}

}  // namespace

std::pair<KernelHyper, Kin> ReadingModel::kin(const Encoded& rows, const VectorXd& y, const KernelHyper& own,
                                              std::span<const KernelBlock> blocks) const {
  constexpr double offset = 1;
  const std::size_t most = std::min(rows.rows(), most_compared);
  Encoded some;
  for (std::size_t i = rows.rows() - most; i < rows.rows(); ++i) some.add(rows.row(i));
  const VectorXd values = y.tail(static_cast<Index>(most));
  const double variance = hyper_->variance();
  const auto [follows, value] = likeliest({rows_, values_, some, *hyper_, blocks}, values, variance, offset);
  if (evidence(squared_distances(some, some, blocks), values, own) > value)
    return {own, Kin{static_cast<Index>(rows_.rows()), *hyper_, 0, offset}};
  KernelHyper full = *hyper_;
  const double widened = std::hypot(follows.share, follows.rest / std::sqrt(variance));
  for (double& amplitude : full.amplitude) amplitude += std::log(widened);
  full.noise = std::log(follows.noise);
  return {full, Kin{static_cast<Index>(rows_.rows()), *hyper_, follows.share / widened, offset}};
}

}  // namespace paretoforge
