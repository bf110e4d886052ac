// A transferred device predicts, is written and read.
#include <cmath>

#include "configs/table.hpp"
#include "predictors/transfer_internal.hpp"

namespace paretoforge {

Eigen::VectorXd Transfer::with_one(std::span<const double> features) const {
  Eigen::VectorXd x(inputs_.size() + 1);
  x << 1, inputs_.standardised(inputs_.raw(features));
  return x;
}

LogEstimate Transfer::estimate(std::span<const double> features) const {
  const Eigen::VectorXd x = with_one(features);
  return {weights_.dot(x), std::sqrt(std::max(0.0, x.dot(covariance_ * x)) + noise_ * noise_)};
}

double Transfer::mean(std::span<const double> features) const { return weights_.dot(with_one(features)); }

Config Transfer::write() const {
  const auto list = [](const auto& values) {
    return numbers_scalar({values.data(), static_cast<std::size_t>(values.size())});
  };
  std::vector<Config> sources;
  for (const KnownDevice& source : inputs_.sources)
    sources.push_back(Config::make_map({{"device", Config::make_scalar(source.device, true)},
                                        {"model", Config::make_scalar(source.kind)},
                                        {"encoded", Config::make_scalar(source.encoded ? "true" : "false")},
                                        {"coefficients", source.model->write()}}));
  std::vector<double> lower;  // the covariance is symmetric
  for (Eigen::Index i = 0; i < covariance_.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) lower.push_back(covariance_(i, j));
  return Config::make_map({{"sources", Config::make_list(std::move(sources))},
                           {"ideals", columns_scalar(inputs_.ideals)},
                           {"columns", columns_scalar(inputs_.columns)},
                           {"mean", list(inputs_.mean)},
                           {"scale", list(inputs_.scale)},
                           {"low", list(inputs_.low)},
                           {"high", list(inputs_.high)},
                           {"weights", list(weights_)},
                           {"covariance", numbers_scalar(lower)},
                           {"noise", Config::make_scalar(number_text(noise_))}});
}

std::unique_ptr<CostModel> read_transfer(const Config& document) {
  document.allow({"sources", "ideals", "columns", "mean", "scale", "low", "high", "weights", "covariance", "noise"});
  TransferInputs inputs;
  for (const Config& source : document.at("sources").items()) {
    source.allow({"device", "model", "encoded", "coefficients"});
    KnownDevice known{source.at("device").text(), source.at("model").text(), source.at("encoded").boolean(), nullptr};
    known.model = read_cost_model(source.at("model"), source.at("coefficients"));
    inputs.sources.push_back(std::move(known));
  }
  if (inputs.sources.empty()) document.at("sources").fail("'sources' must name at least one device");
  if (document.has("ideals")) inputs.ideals = read_columns(document, "ideals");  // files before these have none
  inputs.columns = read_columns(document, "columns");
  const auto vector = [&](std::string_view key, Eigen::Index count) {
    const auto values = read_numbers(document, key, static_cast<std::size_t>(count));
    return Eigen::VectorXd(Eigen::Map<const Eigen::VectorXd>(values.data(), count));
  };
  const Eigen::Index d = inputs.size() + 1;
  inputs.mean = vector("mean", d - 1), inputs.scale = vector("scale", d - 1);
  inputs.low = vector("low", d - 1), inputs.high = vector("high", d - 1);
  if (inputs.scale.minCoeff() <= 0) document.at("scale").fail("'scale' must be above 0 throughout");
  const Eigen::VectorXd lower = vector("covariance", d * (d + 1) / 2);
  Eigen::MatrixXd covariance(d, d);
  for (Eigen::Index i = 0, at = 0; i < d; ++i)
    for (Eigen::Index j = 0; j <= i; ++j) covariance(i, j) = covariance(j, i) = lower[at++];
  const double noise = document.at("noise").number(0, 1e6);
  if (noise <= 0) document.at("noise").fail("'noise' must be above 0");
  return std::make_unique<Transfer>(std::move(inputs), vector("weights", d), std::move(covariance), noise);
}

}  // namespace paretoforge
