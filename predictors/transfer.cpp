// Bayesian linear regression on what known devices say, averaged over its hyperparameters.
#include "predictors/transfer.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "predictors/transfer_internal.hpp"

namespace paretoforge {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

// Hyperparameters, relative to what the known devices show: costs of a new device spread about as theirs do.
constexpr std::array<double, 3> source_variances{0.3, 1, 3};           ///< of all sources' weights together
constexpr std::array<double, 4> feature_variances{0, 0.03, 0.1, 0.3};  ///< of the features' part, of the sources' part
constexpr std::array<double, 5> noises{0.1, 0.2, 0.4, 0.8, 1.6};       ///< deviations, of the sources' part's
constexpr double least_noise = 0.03;                                   ///< of a logarithm, when rows are called wild
constexpr double intercept_variance = 25;
constexpr double robust_corner = 1.5;  ///< deviations beyond which a row counts for less
constexpr int reweightings = 3;
constexpr double least_share = 0.05;  ///< of the median: smaller costs are thought of as that small
constexpr double margin = 0.5;        ///< deviations beyond the reference's range at which inputs are clamped

std::vector<KnownDevice> known_devices(const std::vector<Source>& sources, const std::string& space_key) {
  std::vector<KnownDevice> all;
  for (const Source& source : sources)
    all.push_back({source.device, source.metric.model, !space_key.empty() && source.metric.space == space_key,
                   source.metric.fitted});
  return all;
}

Matrix raw_inputs(const TransferInputs& inputs, const Samples& rows) {
  Matrix x(static_cast<Eigen::Index>(rows.rows()), inputs.size());
  for (std::size_t i = 0; i < rows.rows(); ++i)
    x.row(static_cast<Eigen::Index>(i)) = inputs.raw(rows.row(i)).transpose();
  return x;
}

/// The inputs that vary in the reference or in the samples, on the reference's scale.
TransferInputs inputs_of(const Samples& samples, const Samples& reference, std::vector<KnownDevice> sources) {
  TransferInputs inputs;
  inputs.sources = std::move(sources);
  Samples both = reference;
  for (std::size_t i = 0; i < samples.rows(); ++i) both.add(samples.row(i), samples.targets[i]);
  both.encoding = samples.encoding;
  inputs.columns = useful_columns(both, both.columns - both.encoding);
  const Matrix x = raw_inputs(inputs, both);
  inputs.mean = x.colwise().mean().transpose();
  const Vector deviation =
      ((x.rowwise() - inputs.mean.transpose()).colwise().squaredNorm() / static_cast<double>(x.rows()))
          .cwiseSqrt()
          .transpose();
  inputs.scale = deviation.cwiseMax(1e-9);
  inputs.low = x.colwise().minCoeff().transpose() - margin * deviation;
  inputs.high = x.colwise().maxCoeff().transpose() + margin * deviation;
  return inputs;
}

/// One set of hyperparameters, and what it makes of the rows.
struct Candidate {
  double source = 1, feature = 0, noise = 0.1;
  double evidence = 0;
  Vector weights;
  Eigen::MatrixXd covariance;
  std::vector<LogEstimate> held_out;  ///< each row by the others
};

/// Weights u ~ N(0, 1) after y = Z u + noise: mean, covariance, half the logarithm of the determinant of its inverse.
struct Solved {
  Vector u;
  Eigen::MatrixXd covariance;
  double half_log_determinant = 0;
};

/// For more rows than weights.
Solved solved_by_weights(const Matrix& z, const Vector& y, const Vector& precision) {
  Eigen::MatrixXd a = z.transpose() * precision.asDiagonal() * z;
  a.diagonal().array() += 1;
  const Eigen::LLT<Eigen::MatrixXd> factor(a);
  return {factor.solve(z.transpose() * precision.cwiseProduct(y)),
          factor.solve(Eigen::MatrixXd::Identity(a.rows(), a.cols())),
          factor.matrixLLT().diagonal().array().log().sum()};
}

/// The same for more weights than rows (Woodbury's identity).
Solved solved_by_rows(const Matrix& z, const Vector& y, const Vector& precision) {
  Eigen::MatrixXd k = z * z.transpose();
  k.diagonal() += precision.cwiseInverse();
  const Eigen::LLT<Eigen::MatrixXd> factor(k);
  const Eigen::MatrixXd told = factor.matrixL().solve(z);
  Solved result{z.transpose() * factor.solve(y), -told.transpose() * told,
                factor.matrixLLT().diagonal().array().log().sum() + 0.5 * precision.array().log().sum()};
  result.covariance.diagonal().array() += 1;
  return result;
}

/// The posterior of y = X b + noise / sqrt(counts), b ~ N(0, prior), its evidence and its leave-one-out estimates.
void solve(Candidate& c, const Matrix& x, const Vector& y, const Vector& counts, const Vector& prior) {
  const Vector root = prior.cwiseSqrt();  // b = root * u: variances may be 0
  const Matrix z = x * root.asDiagonal();
  const Vector precision = counts / (c.noise * c.noise);
  const Solved s = z.rows() < z.cols() ? solved_by_rows(z, y, precision) : solved_by_weights(z, y, precision);
  c.weights = root.cwiseProduct(s.u);
  c.covariance = root.asDiagonal() * s.covariance * root.asDiagonal();
  const Vector residual = y - z * s.u;
  c.evidence = -0.5 * (residual.cwiseAbs2().dot(precision) + s.u.squaredNorm()) - s.half_log_determinant -
               static_cast<double>(y.size()) * std::log(c.noise);
  c.held_out.clear();
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    const double own = z.row(i).dot(s.covariance * z.row(i).transpose());  // variance of the row's mean
    const double left = std::max(1e-9, 1 - own * precision[i]);            // 1 - leverage
    c.held_out.push_back({y[i] - residual[i] / left, std::sqrt(own / left + c.noise * c.noise)});
  }
}

/// What all candidates say together, each weighed by its evidence: first and second moments.
struct Averaged {
  Vector weights;
  Eigen::MatrixXd covariance;
  double noise = 0;
  std::vector<LogEstimate> held_out;
};

Averaged averaged(const std::vector<Candidate>& candidates) {
  double most = -1e300, sum = 0;
  for (const Candidate& c : candidates) most = std::max(most, c.evidence);
  for (const Candidate& c : candidates) sum += std::exp(c.evidence - most);
  const auto share = [&](const Candidate& c) { return std::exp(c.evidence - most) / sum; };
  const Eigen::Index d = candidates[0].weights.size();
  const std::size_t n = candidates[0].held_out.size();
  Averaged all{Vector::Zero(d), Eigen::MatrixXd::Zero(d, d), 0, std::vector<LogEstimate>(n, {0, 0})};
  for (const Candidate& c : candidates) {
    all.weights += share(c) * c.weights;
    all.noise += share(c) * c.noise * c.noise;
    for (std::size_t i = 0; i < n; ++i) all.held_out[i].mean += share(c) * c.held_out[i].mean;
  }
  for (const Candidate& c : candidates) {
    const Vector off = c.weights - all.weights;
    all.covariance += share(c) * (c.covariance + off * off.transpose());
    for (std::size_t i = 0; i < n; ++i) {
      const double apart = c.held_out[i].mean - all.held_out[i].mean;
      all.held_out[i].deviation += share(c) * (c.held_out[i].deviation * c.held_out[i].deviation + apart * apart);
    }
  }
  for (LogEstimate& e : all.held_out) e.deviation = std::sqrt(e.deviation);
  all.noise = std::sqrt(all.noise);
  return all;
}

/// Prior variances of intercept, sources and features; each group's sum is the candidate's, over standardised inputs.
Vector prior_of(const Candidate& c, const TransferInputs& inputs) {
  Vector prior(inputs.size() + 1);
  const auto sources = static_cast<Eigen::Index>(inputs.sources.size()), features = inputs.size() - sources;
  prior[0] = intercept_variance;
  prior.segment(1, sources).setConstant(c.source / static_cast<double>(sources));
  prior.tail(features).setConstant(c.feature / std::max(1.0, static_cast<double>(features)));
  return prior;
}

/// Logarithms of the targets without their centre; what is next to nothing pulls no more than a small value does.
Vector centred_logs(const Samples& samples, double& centre) {
  std::vector<double> sorted = samples.targets;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  centre = std::log(median);
  Vector y(static_cast<Eigen::Index>(samples.rows()));
  for (Eigen::Index i = 0; i < y.size(); ++i)
    y[i] = std::log(std::max(samples.targets[static_cast<std::size_t>(i)], least_share * median)) - centre;
  return y;
}

/// The grid, on the scale of the sources: `spread` is the mean deviation of their logarithms.
std::vector<Candidate> candidates_for(double spread) {
  std::vector<Candidate> candidates;
  for (const double source : source_variances)
    for (const double feature : feature_variances)
      for (const double noise : noises) {
        const double variance = source * spread * spread;
        candidates.push_back({variance, feature * variance, noise * std::sqrt(variance), 0, {}, {}, {}});
      }
  return candidates;
}

Averaged fit_rows(const TransferInputs& inputs, const Matrix& x, const Vector& y) {
  const double spread = inputs.scale.head(static_cast<Eigen::Index>(inputs.sources.size())).mean();
  std::vector<Candidate> candidates = candidates_for(spread);
  Vector counts = Vector::Ones(y.size());
  Averaged all;
  for (int round = 0; round < reweightings; ++round) {
    for (Candidate& c : candidates) solve(c, x, y, counts, prior_of(c, inputs));
    all = averaged(candidates);
    std::vector<double> missed;
    for (Eigen::Index i = 0; i < y.size(); ++i) missed.push_back(y[i] - all.held_out[static_cast<std::size_t>(i)].mean);
    const double corner = robust_corner * std::max(robust_deviation(missed), least_noise);
    for (Eigen::Index i = 0; i < y.size(); ++i) {
      const double ratio = corner / std::max(corner, std::abs(missed[static_cast<std::size_t>(i)]));
      counts[i] = ratio * ratio;
    }
  }
  return all;
}

}  // namespace

std::vector<double> source_logs(const std::vector<Source>& sources, const Samples& rows, const std::string& space_key) {
  const std::vector<KnownDevice> known = known_devices(sources, space_key);
  std::vector<double> logs;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (const KnownDevice& source : known) logs.push_back(source.log(rows.row(i)));
  return logs;
}

FittedModel fit_transfer(const Samples& samples, const Samples& reference, const std::vector<Source>& sources,
                         const std::string& space_key) {
  if (sources.empty()) throw std::invalid_argument("transfer needs at least one known device");
  TransferInputs inputs = inputs_of(samples, reference, known_devices(sources, space_key));
  Matrix x(static_cast<Eigen::Index>(samples.rows()), inputs.size() + 1);
  const Matrix raw = raw_inputs(inputs, samples);
  for (Eigen::Index i = 0; i < x.rows(); ++i) x.row(i) << 1, inputs.standardised(raw.row(i).transpose()).transpose();
  double centre = 0;
  const Vector y = centred_logs(samples, centre);
  Averaged all = fit_rows(inputs, x, y);
  all.weights[0] += centre;
  for (LogEstimate& e : all.held_out) e.mean += centre;
  return {std::make_unique<Transfer>(std::move(inputs), std::move(all.weights), std::move(all.covariance), all.noise),
          std::move(all.held_out)};
}

}  // namespace paretoforge
