// What a transferred device holds: the known devices, how inputs are made of features, weights with their covariance.
// Private to this folder.
#pragma once

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"

namespace paretoforge {

/// A known device as the file holds it.
struct KnownDevice {
  std::string device, kind;
  bool encoded = false;  ///< it is shown the encoding of the decisions
  std::shared_ptr<const CostModel> model;

  double log(std::span<const double> features) const {
    return model->mean(encoded ? features : features.first(std::min(features.size(), feature_list().size())));
  }
};

/// How inputs are made of features: what the sources say, the ideal devices (both logarithms), columns; standardised
/// and clamped.
struct TransferInputs {
  std::vector<KnownDevice> sources;
  std::vector<std::size_t> ideals, columns;
  Eigen::VectorXd mean, scale, low, high;

  /// Known and ideal devices, which come before the columns.
  Eigen::Index devices() const { return static_cast<Eigen::Index>(sources.size() + ideals.size()); }
  Eigen::Index size() const { return devices() + static_cast<Eigen::Index>(columns.size()); }

  Eigen::VectorXd raw(std::span<const double> features) const {
    Eigen::VectorXd x(size());
    Eigen::Index at = 0;
    for (const KnownDevice& source : sources) x[at++] = source.log(features);
    for (const std::size_t ideal : ideals) x[at++] = std::log(std::max(1.0, features[ideal]));
    for (const std::size_t column : columns) x[at++] = features[column];
    return x;
  }

  Eigen::VectorXd standardised(const Eigen::VectorXd& x) const { return (x.cwiseMax(low).cwiseMin(high) - mean).cwiseQuotient(scale); }
};

/// log cost = weights . (1, inputs), see fit_transfer.
class Transfer : public CostModel {
 public:
  Transfer(TransferInputs inputs, Eigen::VectorXd weights, Eigen::MatrixXd covariance, double noise)
      : inputs_(std::move(inputs)), weights_(std::move(weights)), covariance_(std::move(covariance)), noise_(noise) {}

  LogEstimate estimate(std::span<const double> features) const override;
  double mean(std::span<const double> features) const override;
  Config write() const override;

 private:
  Eigen::VectorXd with_one(std::span<const double> features) const;

  TransferInputs inputs_;
  Eigen::VectorXd weights_;     ///< intercept first
  Eigen::MatrixXd covariance_;  ///< of the weights
  double noise_;
};

}  // namespace paretoforge
