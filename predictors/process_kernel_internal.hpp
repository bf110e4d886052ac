// How a Gaussian process on graphs and decisions sees networks: rows, what lies between them, the kernel. Private to
// this folder.
#pragma once

#include <Eigen/Dense>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace paretoforge::process {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

/// Natural logarithms of the hyperparameters. Kernel: signal² Matern-5/2 of the distance, in which every standardised
/// feature counts 1/width and the ridge's logarithm as much as all of them, plus linear² times the mean product, plus
/// decisions² Matern-5/2 of the distance between decisions where the space is known. The last part is a function of
/// its own (additive kernels, Duvenaud et al. 2011): without decisions the others still say what they know.
struct Hyper {
  double length = 0, base_length = 0.5, signal = -2, linear = -3, noise = -3, decisions = -3, decision_length = 0.2;
};
inline constexpr std::array<double Hyper::*, 7> hyperparameters{&Hyper::length,         &Hyper::base_length, &Hyper::signal,
                                                         &Hyper::linear,         &Hyper::noise,       &Hyper::decisions,
                                                         &Hyper::decision_length};

/// Rows as the kernel sees them.
struct Rows {
  Matrix features;   ///< standardised log(1 + feature)
  Vector base;       ///< standardised logarithm of the ridge
  Matrix decisions;  ///< their encoding, scaled; no columns where they are not known

  Rows pick(const std::vector<Eigen::Index>& rows) const {
    return {features(rows, Eigen::all), base(rows), decisions(rows, Eigen::all)};
  }
};

/// How a row is made of features.
struct Scaling {
  std::vector<std::size_t> columns;
  Vector mean, scale;         ///< per column, last of the ridge's logarithm
  std::size_t encoding = 0;   ///< columns that encode decisions, behind the features of the graph
  double decision_scale = 1;  ///< two rows at random are at a squared distance of 1 on average

  Rows operator()(std::span<const double> features, double base) const;
};

/// Squared distances and products between the rows of two sets: all that the kernel needs.
struct Relations {
  Eigen::MatrixXd features, base, product, decisions;
};
Relations relate(const Rows& a, const Rows& b);

/// The kernel with its constants taken once.
class Covariance {
 public:
  explicit Covariance(const Hyper& h);
  Eigen::MatrixXd operator()(const Relations& related) const;
  /// The variance of a row before anything is known; unknown decisions are as uncertain as they ever were.
  double self(const Rows& row, bool has_decisions) const;

 private:
  double features_, base_, signal_, linear_, decisions_, decision_distance_;
};

}  // namespace paretoforge::process
