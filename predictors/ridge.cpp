// Cost as a non-negative sum over kernels, fitted to relative errors.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "predictors/non_negative_internal.hpp"

namespace paretoforge {
std::unique_ptr<Ridge> Ridge::fit(const Samples& samples) {
  auto model = std::make_unique<Ridge>();
  model->columns_ = useful_columns(samples, std::min(additive_features(), samples.columns));
  const auto n = static_cast<Eigen::Index>(samples.rows());
  const auto d = static_cast<Eigen::Index>(model->columns_.size()) + 1;
  Eigen::MatrixXd a(n, d);  // divided by the target: what is left of 1 is the relative error
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto row = samples.row(static_cast<std::size_t>(i));
    const double target = samples.targets[static_cast<std::size_t>(i)];
    a(i, 0) = 1 / target;
    for (Eigen::Index j = 1; j < d; ++j) a(i, j) = row[model->columns_[static_cast<std::size_t>(j - 1)]] / target;
  }
  const NonNegativeFit fit = fit_non_negative(std::move(a));
  model->coefficients_.assign(fit.coefficients.begin(), fit.coefficients.end());
  model->deviation_ = fit.deviation;
  model->least_ = 0.1 * *std::min_element(samples.targets.begin(), samples.targets.end());
  return model;
}

FittedModel Ridge::fit_held_out(const Samples& samples, std::uint64_t seed) {
  return {fit(samples), held_out(samples, seed, [](const Samples& part, std::uint64_t) { return fit(part); })};
}

LogEstimate Ridge::estimate(std::span<const double> features) const {
  double sum = coefficients_[0];
  for (std::size_t j = 0; j < columns_.size(); ++j) sum += coefficients_[j + 1] * features[columns_[j]];
  return {std::log(std::max(sum, least_)), deviation_};
}

Config Ridge::write() const {
  return Config::make_map({{"columns", columns_scalar(columns_)},
                           {"coefficients", numbers_scalar(coefficients_)},
                           {"least", Config::make_scalar(number_text(least_))},
                           {"deviation", Config::make_scalar(number_text(deviation_))}});
}

std::unique_ptr<CostModel> Ridge::read(const Config& document) {
  document.allow({"columns", "coefficients", "least", "deviation"});
  auto model = std::make_unique<Ridge>();
  model->columns_ = read_columns(document, "columns");
  model->coefficients_ = read_numbers(document, "coefficients", model->columns_.size() + 1);
  model->least_ = document.at("least").number(0, 1e300);
  model->deviation_ = document.at("deviation").number(0, 1e300);
  if (model->least_ <= 0) document.at("least").fail("'least' must be above 0");
  return model;
}

}  // namespace paretoforge
