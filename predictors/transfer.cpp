// Bayesian linear regression on what known devices say, averaged over its hyperparameters.
#include "predictors/transfer.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"

namespace paretoforge {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

constexpr std::array<double, 3> source_variances{0.3, 1, 3};  ///< of all sources' weights together
constexpr std::array<double, 4> feature_variances{0, 0.01, 0.1, 1};
constexpr std::array<double, 4> noises{0.03, 0.06, 0.12, 0.25};  ///< deviations of a logarithm
constexpr double intercept_variance = 25;
constexpr double robust_corner = 2.5;  ///< deviations beyond which a row counts for less
constexpr int reweightings = 3;
constexpr double least_share = 0.05;  ///< of the median: smaller costs are thought of as that small
constexpr double margin = 0.5;        ///< deviations beyond the reference's range at which inputs are clamped

/// A known device as the file holds it.
struct Known {
  std::string device, kind;
  bool encoded = false;  ///< it is shown the encoding of the decisions
  std::shared_ptr<const CostModel> model;

  double log(std::span<const double> features) const {
    return model->mean(encoded ? features : features.first(std::min(features.size(), feature_list().size())));
  }
};

std::vector<Known> known_devices(const std::vector<Source>& sources, const std::string& space_key) {
  std::vector<Known> all;
  for (const Source& source : sources)
    all.push_back({source.device, source.metric.model, !space_key.empty() && source.metric.space == space_key,
                   source.metric.fitted});
  return all;
}

/// How inputs are made of features: the sources' logarithms, then columns, standardised and clamped.
struct Inputs {
  std::vector<Known> sources;
  std::vector<std::size_t> columns;
  Vector mean, scale, low, high;

  Eigen::Index size() const { return static_cast<Eigen::Index>(sources.size() + columns.size()); }

  Vector raw(std::span<const double> features) const {
    Vector x(size());
    Eigen::Index at = 0;
    for (const Known& source : sources) x[at++] = source.log(features);
    for (const std::size_t column : columns) x[at++] = features[column];
    return x;
  }

  Vector standardised(const Vector& x) const { return (x.cwiseMax(low).cwiseMin(high) - mean).cwiseQuotient(scale); }
};

Matrix raw_inputs(const Inputs& inputs, const Samples& rows) {
  Matrix x(static_cast<Eigen::Index>(rows.rows()), inputs.size());
  for (std::size_t i = 0; i < rows.rows(); ++i)
    x.row(static_cast<Eigen::Index>(i)) = inputs.raw(rows.row(i)).transpose();
  return x;
}

class Transfer : public CostModel {
 public:
  Transfer(Inputs inputs, Vector weights, Eigen::MatrixXd covariance, double noise)
      : inputs_(std::move(inputs)), weights_(std::move(weights)), covariance_(std::move(covariance)), noise_(noise) {}

  LogEstimate estimate(std::span<const double> features) const override {
    const Vector x = with_one(features);
    return {weights_.dot(x), std::sqrt(std::max(0.0, x.dot(covariance_ * x)) + noise_ * noise_)};
  }

  double mean(std::span<const double> features) const override { return weights_.dot(with_one(features)); }

  Config write() const override {
    const auto list = [](const auto& values) {
      return numbers_scalar({values.data(), static_cast<std::size_t>(values.size())});
    };
    std::vector<Config> sources;
    for (const Known& source : inputs_.sources)
      sources.push_back(Config::make_map({{"device", Config::make_scalar(source.device, true)},
                                          {"model", Config::make_scalar(source.kind)},
                                          {"encoded", Config::make_scalar(source.encoded ? "true" : "false")},
                                          {"coefficients", source.model->write()}}));
    std::vector<double> lower;  // the covariance is symmetric
    for (Eigen::Index i = 0; i < covariance_.rows(); ++i)
      for (Eigen::Index j = 0; j <= i; ++j) lower.push_back(covariance_(i, j));
    return Config::make_map({{"sources", Config::make_list(std::move(sources))},
                             {"columns", columns_scalar(inputs_.columns)},
                             {"mean", list(inputs_.mean)},
                             {"scale", list(inputs_.scale)},
                             {"low", list(inputs_.low)},
                             {"high", list(inputs_.high)},
                             {"weights", list(weights_)},
                             {"covariance", numbers_scalar(lower)},
                             {"noise", Config::make_scalar(number_text(noise_))}});
  }

 private:
  Vector with_one(std::span<const double> features) const {
    Vector x(inputs_.size() + 1);
    x << 1, inputs_.standardised(inputs_.raw(features));
    return x;
  }

  Inputs inputs_;
  Vector weights_;              ///< intercept first
  Eigen::MatrixXd covariance_;  ///< of the weights
  double noise_;
};

/// The inputs that vary in the reference or in the samples, on the reference's scale.
Inputs inputs_of(const Samples& samples, const Samples& reference, std::vector<Known> sources) {
  Inputs inputs;
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

/// The posterior of y = X b + noise / sqrt(counts), b ~ N(0, prior), its evidence and its leave-one-out estimates.
void solve(Candidate& c, const Matrix& x, const Vector& y, const Vector& counts, const Vector& prior) {
  const Vector root = prior.cwiseSqrt();  // b = root * u: variances may be 0
  const Matrix z = x * root.asDiagonal();
  const double precision = 1 / (c.noise * c.noise);
  Eigen::MatrixXd a = precision * (z.transpose() * counts.asDiagonal() * z);
  a.diagonal().array() += 1;
  const Eigen::LLT<Eigen::MatrixXd> factor(a);
  const Vector u = factor.solve(precision * (z.transpose() * counts.cwiseProduct(y)));
  const Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(a.rows(), a.cols()));
  c.weights = root.cwiseProduct(u);
  c.covariance = root.asDiagonal() * inverse * root.asDiagonal();
  const Vector residual = y - z * u;
  c.evidence = -0.5 * (precision * residual.cwiseAbs2().dot(counts) + u.squaredNorm()) -
               factor.matrixLLT().diagonal().array().log().sum() - static_cast<double>(y.size()) * std::log(c.noise);
  c.held_out.clear();
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    const double own = z.row(i).dot(inverse * z.row(i).transpose());      // variance of the row's mean
    const double left = std::max(1e-9, 1 - own * precision * counts[i]);  // 1 - leverage
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
Vector prior_of(const Candidate& c, const Inputs& inputs, double spread) {
  Vector prior(inputs.size() + 1);
  const auto sources = static_cast<Eigen::Index>(inputs.sources.size()), features = inputs.size() - sources;
  prior[0] = intercept_variance;
  prior.segment(1, sources).setConstant(c.source * spread * spread / static_cast<double>(sources));
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

Averaged fit_rows(const Inputs& inputs, const Matrix& x, const Vector& y) {
  const double spread = inputs.scale.head(static_cast<Eigen::Index>(inputs.sources.size())).mean();
  std::vector<Candidate> candidates;
  for (const double source : source_variances)
    for (const double feature : feature_variances)
      for (const double noise : noises) candidates.push_back({source, feature, noise, 0, {}, {}, {}});
  Vector counts = Vector::Ones(y.size());
  Averaged all;
  for (int round = 0; round < reweightings; ++round) {
    for (Candidate& c : candidates) solve(c, x, y, counts, prior_of(c, inputs, spread));
    all = averaged(candidates);
    std::vector<double> missed;
    for (Eigen::Index i = 0; i < y.size(); ++i) missed.push_back(y[i] - all.held_out[static_cast<std::size_t>(i)].mean);
    const double corner = robust_corner * std::max(robust_deviation(missed), noises[0]);
    for (Eigen::Index i = 0; i < y.size(); ++i) {
      const double ratio = corner / std::max(corner, std::abs(missed[static_cast<std::size_t>(i)]));
      counts[i] = ratio * ratio;
    }
  }
  return all;
}

}  // namespace

std::vector<double> source_logs(const std::vector<Source>& sources, const Samples& rows, const std::string& space_key) {
  const std::vector<Known> known = known_devices(sources, space_key);
  std::vector<double> logs;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    for (const Known& source : known) logs.push_back(source.log(rows.row(i)));
  return logs;
}

FittedModel fit_transfer(const Samples& samples, const Samples& reference, const std::vector<Source>& sources,
                         const std::string& space_key) {
  if (sources.empty()) throw std::invalid_argument("transfer needs at least one known device");
  Inputs inputs = inputs_of(samples, reference, known_devices(sources, space_key));
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

std::unique_ptr<CostModel> read_transfer(const Config& document) {
  document.allow({"sources", "columns", "mean", "scale", "low", "high", "weights", "covariance", "noise"});
  Inputs inputs;
  for (const Config& source : document.at("sources").items()) {
    source.allow({"device", "model", "encoded", "coefficients"});
    Known known{source.at("device").text(), source.at("model").text(), source.at("encoded").boolean(), nullptr};
    known.model = read_cost_model(source.at("model"), source.at("coefficients"));
    inputs.sources.push_back(std::move(known));
  }
  if (inputs.sources.empty()) document.at("sources").fail("'sources' must name at least one device");
  inputs.columns = read_columns(document, "columns");
  const auto vector = [&](std::string_view key, Eigen::Index count) {
    const auto values = read_numbers(document, key, static_cast<std::size_t>(count));
    return Vector(Eigen::Map<const Vector>(values.data(), count));
  };
  const Eigen::Index d = inputs.size() + 1;
  inputs.mean = vector("mean", d - 1), inputs.scale = vector("scale", d - 1);
  inputs.low = vector("low", d - 1), inputs.high = vector("high", d - 1);
  if (inputs.scale.minCoeff() <= 0) document.at("scale").fail("'scale' must be above 0 throughout");
  const Vector lower = vector("covariance", d * (d + 1) / 2);
  Eigen::MatrixXd covariance(d, d);
  for (Eigen::Index i = 0, at = 0; i < d; ++i)
    for (Eigen::Index j = 0; j <= i; ++j) covariance(i, j) = covariance(j, i) = lower[at++];
  const double noise = document.at("noise").number(0, 1e6);
  if (noise <= 0) document.at("noise").fail("'noise' must be above 0");
  return std::make_unique<Transfer>(std::move(inputs), vector("weights", d), std::move(covariance), noise);
}

}  // namespace paretoforge
