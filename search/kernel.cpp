// Covariances, their evidence with its gradient, and the climb to good hyperparameters.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "search/kernel_internal.hpp"

namespace paretoforge {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Amplitudes, lengths and noise are kept where exponentials are harmless.
constexpr double least_log = -9, most_log = 7;

/// Normal beliefs about logarithms of hyperparameters.
struct Prior {
  double centre, deviation;
  double log_density(double at) const { return -0.5 * (at - centre) * (at - centre) / (deviation * deviation); }
  double slope(double at) const { return -(at - centre) / (deviation * deviation); }
};
constexpr Prior length_prior{0.0, 1.0}, noise_prior{-2.3, 1.0};

/// All blocks together have variance 1 before anything is seen.
Prior amplitude_prior(std::size_t blocks) { return {-0.5 * std::log(static_cast<double>(blocks)), 1.0}; }

MatrixXd block_of(const Encoded& points, const KernelBlock& block) {
  const Eigen::Map<const RowMatrix> all(points.values.data(), static_cast<Index>(points.rows()),
                                        static_cast<Index>(points.columns));
  return all.middleCols(static_cast<Index>(block.begin), static_cast<Index>(block.end - block.begin));
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

BlockedRows::BlockedRows(const Encoded& points, std::span<const KernelBlock> blocks) {
  for (const KernelBlock& block : blocks) {
    const double columns = std::max<double>(1, static_cast<double>(block.end - block.begin));
    parts_.push_back(block_of(points, block) / std::sqrt(columns));
    squares_.push_back(parts_.back().rowwise().squaredNorm());
  }
}

Distances squared_distances(const BlockedRows& a, const BlockedRows& b) {
  Distances all;
  for (std::size_t block = 0; block < a.blocks(); ++block) {
    MatrixXd squared = -2 * (a.part(block) * b.part(block).transpose());
    squared.colwise() += a.squares(block);
    squared.rowwise() += b.squares(block).transpose();
    all.push_back(squared.cwiseMax(0));  // rounding can leave a hair below 0
  }
  return all;
}

Distances squared_distances(const Encoded& a, const Encoded& b, std::span<const KernelBlock> blocks) {
  return squared_distances(BlockedRows(a, blocks), BlockedRows(b, blocks));
}

double KernelHyper::variance() const {
  double sum = 0;
  for (const double a : amplitude) sum += std::exp(2 * a);
  return sum;
}

MatrixXd block_covariance(const MatrixXd& squared, double amplitude, double length, MatrixXd* slope) {
  const double scale = 5 * std::exp(-2 * length), variance = std::exp(2 * amplitude);
  const Eigen::ArrayXXd s = scale * squared.array(), r = s.sqrt(), decay = variance * (-r).exp();
  if (slope) *slope = (decay * s * (1 + r) / 3).matrix();
  return (decay * (1 + r + s / 3)).matrix();
}

MatrixXd covariances(const Distances& distances, const KernelHyper& hyper) {
  MatrixXd sum = block_covariance(distances[0], hyper.amplitude[0], hyper.length[0]);
  for (std::size_t b = 1; b < distances.size(); ++b)
    sum += block_covariance(distances[b], hyper.amplitude[b], hyper.length[b]);
  return sum;
}

double evidence(const Distances& distances, const VectorXd& y, const KernelHyper& hyper, VectorXd* gradient) {
  const std::size_t blocks = distances.size();
  const Index n = y.size();
  std::vector<MatrixXd> parts(blocks), slopes(blocks);
  MatrixXd k = MatrixXd::Zero(n, n);
  for (std::size_t b = 0; b < blocks; ++b) {
    parts[b] = block_covariance(distances[b], hyper.amplitude[b], hyper.length[b], gradient ? &slopes[b] : nullptr);
    k += parts[b];
  }
  const double noise = std::exp(2 * hyper.noise);
  k.diagonal().array() += noise + kernel_jitter * hyper.variance();
  const Eigen::LLT<MatrixXd> factor(k);
  if (factor.info() != Eigen::Success) return -1e300;
  const VectorXd alpha = factor.solve(y);
  const Prior amplitudes = amplitude_prior(blocks);
  double value = -0.5 * y.dot(alpha) - factor.matrixLLT().diagonal().array().log().sum();
  for (std::size_t b = 0; b < blocks; ++b)
    value += amplitudes.log_density(hyper.amplitude[b]) + length_prior.log_density(hyper.length[b]);
  value += noise_prior.log_density(hyper.noise);
  if (!gradient) return value;

  // Half the trace of (alpha alpha' - K^-1) times the derivative of K (Rasmussen and Williams, equation 5.9).
  const MatrixXd weight = alpha * alpha.transpose() - factor.solve(MatrixXd::Identity(n, n));
  gradient->resize(static_cast<Index>(2 * blocks + 1));
  for (std::size_t b = 0; b < blocks; ++b) {
    const double own = std::exp(2 * hyper.amplitude[b]) * kernel_jitter * weight.trace();
    (*gradient)[static_cast<Index>(b)] =
        weight.cwiseProduct(parts[b]).sum() + own + amplitudes.slope(hyper.amplitude[b]);
    (*gradient)[static_cast<Index>(blocks + b)] =
        0.5 * weight.cwiseProduct(slopes[b]).sum() + length_prior.slope(hyper.length[b]);
  }
  (*gradient)[static_cast<Index>(2 * blocks)] = weight.trace() * noise + noise_prior.slope(hyper.noise);
  return value;
}

KernelHyper tuned(const Distances& distances, const VectorXd& y, const KernelHyper& start, int steps) {
  const std::size_t blocks = distances.size();
  KernelHyper at = start, best = start;
  const auto entry = [blocks](KernelHyper& hyper, std::size_t i) -> double& {
    return i < blocks ? hyper.amplitude[i] : i < 2 * blocks ? hyper.length[i - blocks] : hyper.noise;
  };
  double best_value = -std::numeric_limits<double>::infinity();
  std::vector<double> step(2 * blocks + 1, 0.2), last(2 * blocks + 1, 0.0);
  for (int turn = 0; turn < steps; ++turn) {
    VectorXd gradient;
    const double value = evidence(distances, y, at, &gradient);
    if (gradient.size() == 0) return best;  // no covariance any more: the last good point stands
    if (value > best_value) best_value = value, best = at;
    bool moves = false;
    for (std::size_t i = 0; i < step.size(); ++i) {
      const double slope = gradient[static_cast<Index>(i)], turned = slope * last[i];
      step[i] = turned > 0 ? std::min(1.0, 1.2 * step[i]) : turned < 0 ? 0.5 * step[i] : step[i];
      last[i] = turned < 0 ? 0 : slope;
      const double move = slope > 0 ? step[i] : slope < 0 ? -step[i] : 0;
      if (turned >= 0) entry(at, i) = std::clamp(entry(at, i) + move, least_log, most_log);
      moves = moves || step[i] > 0.01;
    }
    if (!moves) break;
  }
  return best;
}

Standardised::Standardised(std::span<const double> values, double most) : most_(most) {
  double largest = 0;
  for (const double v : values) largest = std::max(largest, std::abs(v));
  if (largest > 0) unit_ = largest;
  std::vector<double> scaled(values.size());
  std::transform(values.begin(), values.end(), scaled.begin(), [&](double v) { return v / unit_; });
  centre_ = median(scaled);
  std::vector<double> away(scaled.size());
  std::transform(scaled.begin(), scaled.end(), away.begin(), [&](double v) { return std::abs(v - centre_); });
  scale_ = 1.4826 * median(away);
  if (scale_ > 0) return;
  // More than half are equal: the mean distance of the others says how far apart values are.
  for (const double a : away) scale_ += a / static_cast<double>(away.size());
}

double Standardised::operator()(double value) const {
  return scale_ > 0 ? std::clamp((value / unit_ - centre_) / scale_, -most_, most_) : 0;
}
double Standardised::value(double standard) const {
  constexpr double most = std::numeric_limits<double>::max();
  return std::clamp((standard * scale_ + centre_) * unit_, -most, most);
}
double Standardised::deviation(double standard) const {
  return std::min(standard * scale_ * unit_, std::numeric_limits<double>::max());
}

}  // namespace paretoforge
