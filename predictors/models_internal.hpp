// The cost models' classes and what they share: folds, numbers as text. Private to this folder.
#pragma once

#include <functional>
#include <utility>

#include "predictors/cost_model.hpp"

namespace paretoforge {

/// "1 0.5 2e-3": long lists of coefficients as one scalar, which reads a hundred times faster than a YAML list.
Config numbers_scalar(std::span<const double> values);
/// Finite numbers, exactly `count` of them; throws ConfigError at the scalar.
std::vector<double> read_numbers(const Config& map, std::string_view key, std::size_t count);
/// Positions of features, each below the number of features there are.
std::vector<std::size_t> read_columns(const Config& map, std::string_view key);
Config columns_scalar(std::span<const std::size_t> columns);

using FitOnce = std::function<std::unique_ptr<CostModel>(const Samples&, std::uint64_t)>;
/// The fold of each row, drawn with the seed: 10 folds, below 20 rows each row its own.
std::vector<std::size_t> fold_of_row(std::size_t rows, std::uint64_t seed);
/// What models fitted without a row's fold say of it.
std::vector<LogEstimate> held_out(const Samples& samples, std::uint64_t seed, const FitOnce& fit);

/// Columns among `candidates` that are neither constant nor a copy (up to a factor) of one before.
std::vector<std::size_t> useful_columns(const Samples& samples, std::size_t candidates);
/// 1.4826 times the median distance from 0: the deviation of normal values, whatever the outliers.
double robust_deviation(std::vector<double> residuals);
/// Residuals beyond the corner, which nine of ten keep within, pull no more than those at it (Huber 1964).
void clip_residuals(std::vector<double>& residuals);

/// cost = b0 + sum over additive features of b_j x_j with all b >= 0: what a device does that runs kernels one after
/// the other. Fitted to relative errors with a small quadratic penalty and Huber weights (Huber 1964), by coordinate
/// descent.
class Ridge : public CostModel {
 public:
  static std::unique_ptr<Ridge> fit(const Samples& samples);
  static FittedModel fit_held_out(const Samples& samples, std::uint64_t seed);
  static std::unique_ptr<CostModel> read(const Config& document);
  LogEstimate estimate(std::span<const double> features) const override;
  Config write() const override;

 private:
  std::vector<std::size_t> columns_;
  std::vector<double> coefficients_;  ///< the first stands alone
  double least_ = 0;                  ///< no prediction is below this
  double deviation_ = 1;
};

FittedModel fit_gaussian_process(const Samples& samples, std::uint64_t seed);
std::unique_ptr<CostModel> read_gaussian_process(const Config& document);
FittedModel fit_boosted_trees(const Samples& samples, std::uint64_t seed);
std::unique_ptr<CostModel> read_boosted_trees(const Config& document);
FittedModel fit_roofline(const Samples& samples, std::uint64_t seed);
std::unique_ptr<CostModel> read_roofline(const Config& document);
FittedModel fit_lookup(const Samples& samples, std::uint64_t seed);
std::unique_ptr<CostModel> read_lookup(const Config& document);
FittedModel fit_random_forest(const Samples& samples, std::uint64_t seed);
std::unique_ptr<CostModel> read_random_forest(const Config& document);
FittedModel fit_stack(const Samples& samples, std::uint64_t seed);
std::unique_ptr<CostModel> read_stack(const Config& document);
std::unique_ptr<CostModel> read_transfer(const Config& document);

/// The model of the kind named, `transfer` included; throws ConfigError at what is damaged.
std::unique_ptr<CostModel> read_cost_model(const Config& kind, const Config& document);

}  // namespace paretoforge
