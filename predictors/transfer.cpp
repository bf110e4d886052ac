// Bayesian linear regression on what known devices say, averaged over its hyperparameters and over what is alike.
#include "predictors/transfer.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string_view>

#include "predictors/averaged_internal.hpp"
#include "predictors/transfer_internal.hpp"

namespace paretoforge {
namespace {

using Matrix = RowMatrix;
using Vector = Eigen::VectorXd;

// Hyperparameters, relative to what the known devices show: costs of a new device spread about as theirs do.
constexpr std::array<double, 3> source_variances{0.3, 1, 3};            ///< of all devices' part together
constexpr std::array<double, 4> feature_variances{0, 0.01, 0.03, 0.1};  ///< of the features' part, of the devices' part
constexpr std::array<double, 5> noises{0.1, 0.2, 0.4, 0.8, 1.6};        ///< deviations, of the devices' part's
constexpr double intercept_variance = 25;
constexpr double blend_odds = 3;         ///< of a blend of all known devices, against being like some one
constexpr double blend_mean = 0.6;       ///< of its weights together: devices agree more often than not
constexpr double alike_variance = 0.1;   ///< of the weight of the device that the new one is like
constexpr double alike_rest = 0.01;      ///< of what the other known devices add to it, of a blend's variance
/// Of an ideal device's cost: all it does is launch kernels, multiply, move elements or read weights.
constexpr std::array<std::string_view, 4> ideal_features{"graph.kernels", "graph.work", "graph.moved", "graph.weights"};
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

/// The ideal devices on which these networks differ.
std::vector<std::size_t> ideals_among(const Samples& rows) {
  std::vector<std::size_t> ideals;
  for (std::size_t column = 0; column < feature_list().size(); ++column) {
    if (std::find(ideal_features.begin(), ideal_features.end(), feature_list()[column].name) == ideal_features.end())
      continue;
    bool varies = false;
    for (std::size_t i = 1; i < rows.rows(); ++i) varies = varies || rows.row(i)[column] != rows.row(0)[column];
    if (varies) ideals.push_back(column);
  }
  return ideals;
}

/// The inputs that vary in the reference or in the samples, on the reference's scale.
TransferInputs inputs_of(const Samples& samples, const Samples& reference, std::vector<KnownDevice> sources) {
  TransferInputs inputs;
  inputs.sources = std::move(sources);
  Samples both = reference;
  for (std::size_t i = 0; i < samples.rows(); ++i) both.add(samples.row(i), samples.targets[i]);
  both.encoding = samples.encoding;
  inputs.columns = useful_columns(both, both.columns - both.encoding);
  inputs.ideals = ideals_among(both);
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

/// What a new device may be, see fit_transfer; weights of the known and ideal devices, on the scale of 1.
struct Likeness {
  Vector mean, variance;
  double odds = 1;
};

std::vector<Likeness> likenesses(Eigen::Index known, Eigen::Index devices) {
  Vector blend = Vector::Zero(devices);
  blend.head(known).setConstant(1 / static_cast<double>(known));
  std::vector<Likeness> all{{blend_mean * blend, blend, blend_odds}};
  for (Eigen::Index j = 0; j < devices; ++j) {
    all.push_back({Vector::Unit(devices, j), alike_rest * blend, 1 / static_cast<double>(devices)});
    all.back().variance[j] += alike_variance;
  }
  return all;
}

/// A likeness on the scale of the known devices, the intercept in front.
Prior prior_of(const Likeness& like, double scale, double feature, double noise, Eigen::Index features) {
  const double variance = scale * scale;
  Prior prior{Vector::Zero(like.mean.size() + 1), Vector(like.mean.size() + 1)};
  prior.mean.tail(like.mean.size()) = scale * like.mean;
  prior.variance << intercept_variance, variance * like.variance;
  prior.feature = feature * variance / static_cast<double>(std::max<Eigen::Index>(1, features));
  prior.noise = noise * scale;
  prior.log_odds = std::log(like.odds);
  return prior;
}

/// Every likeness with every set of hyperparameters; `spread` is the mean deviation of the sources' logarithms.
std::vector<Prior> priors_for(const TransferInputs& inputs) {
  const auto known = static_cast<Eigen::Index>(inputs.sources.size());
  const double spread = inputs.scale.head(known).mean();
  std::vector<Prior> priors;
  for (const Likeness& like : likenesses(known, inputs.devices()))
    for (const double source : source_variances)
      for (const double feature : feature_variances)
        for (const double noise : noises)
          priors.push_back(
              prior_of(like, std::sqrt(source) * spread, feature, noise, inputs.size() - inputs.devices()));
  return priors;
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
  Averaged all = averaged_fit(priors_for(inputs), x, y);
  all.weights[0] += centre;
  for (LogEstimate& e : all.held_out) e.mean += centre;
  return {std::make_unique<Transfer>(std::move(inputs), std::move(all.weights), std::move(all.covariance), all.noise),
          std::move(all.held_out)};
}

}  // namespace paretoforge
