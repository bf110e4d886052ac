// The roofline model (Williams, Waterman and Patterson, "Roofline: an insightful visual performance model", 2009) with
// a roof per class of kernel.
#include <algorithm>
#include <cmath>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "predictors/non_negative_internal.hpp"

namespace paretoforge {
namespace {

constexpr int rounds = 8;  ///< of telling which side of its ridge each class of each row is on, then fitting again

/// What a class of kernels takes: a time per kernel, and the longer of its work at peak and its traffic at bandwidth.
struct Roof {
  std::size_t column = 0;  ///< of the class's count; work and traffic stand beside it
  double launch = 0, work = 0, traffic = 0;

  double count_of(std::span<const double> x) const { return x[column]; }
  double work_of(std::span<const double> x) const { return x[column + class_work]; }
  double traffic_of(std::span<const double> x) const { return x[column + class_moved] + x[column + class_weights]; }
  double operator()(std::span<const double> x) const {
    return launch * count_of(x) + std::max(work * work_of(x), traffic * traffic_of(x));
  }
};

class Roofline : public CostModel {
 public:
  Roofline(double constant, std::vector<Roof> roofs, double least, double deviation)
      : constant_(constant), roofs_(std::move(roofs)), least_(least), deviation_(deviation) {}

  LogEstimate estimate(std::span<const double> features) const override {
    double sum = constant_;
    for (const Roof& roof : roofs_) sum += roof(features);
    return {std::log(std::max(sum, least_)), deviation_};
  }

  Config write() const override {
    std::vector<std::size_t> columns;
    std::vector<double> times;
    for (const Roof& roof : roofs_) {
      columns.push_back(roof.column);
      times.insert(times.end(), {roof.launch, roof.work, roof.traffic});
    }
    return Config::make_map({{"columns", columns_scalar(columns)},
                             {"times", numbers_scalar(times)},
                             {"constant", Config::make_scalar(number_text(constant_))},
                             {"least", Config::make_scalar(number_text(least_))},
                             {"deviation", Config::make_scalar(number_text(deviation_))}});
  }

 private:
  double constant_;
  std::vector<Roof> roofs_;
  double least_, deviation_;
};

/// The classes that the samples have.
std::vector<Roof> classes_of(const Samples& samples) {
  std::vector<Roof> roofs;
  for (std::size_t kind = 0; kind < kernel_classes; ++kind) {
    const std::size_t column = kind * class_quantities;
    for (std::size_t i = 0; i < samples.rows(); ++i)
      if (samples.row(i)[column] > 0) {
        roofs.push_back({column, 0, 0, 0});
        break;
      }
  }
  return roofs;
}

/// Fits all times with each class of each row on the side of its ridge that the times so far say; at first on both,
/// as if neither overlapped. The side that is not the longer counts as nothing.
double refit(std::vector<Roof>& roofs, double& constant, const Samples& samples, bool both) {
  const auto n = static_cast<Eigen::Index>(samples.rows()), k = static_cast<Eigen::Index>(roofs.size());
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(n, 3 * k + 1);
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto x = samples.row(static_cast<std::size_t>(i));
    a(i, 3 * k) = 1;
    for (Eigen::Index c = 0; c < k; ++c) {
      const Roof& roof = roofs[static_cast<std::size_t>(c)];
      const bool computing = roof.work * roof.work_of(x) >= roof.traffic * roof.traffic_of(x);
      a(i, 3 * c) = roof.count_of(x);
      if (both || computing) a(i, 3 * c + 1) = roof.work_of(x);
      if (both || !computing) a(i, 3 * c + 2) = roof.traffic_of(x);
    }
    a.row(i) /= samples.targets[static_cast<std::size_t>(i)];
  }
  const NonNegativeFit fit = fit_non_negative(std::move(a));
  for (Eigen::Index c = 0; c < k; ++c) {
    Roof& roof = roofs[static_cast<std::size_t>(c)];
    roof.launch = fit.coefficients[3 * c];
    // A side that no row was on keeps its time: it may be needed where the other is short.
    if (fit.coefficients[3 * c + 1] > 0) roof.work = fit.coefficients[3 * c + 1];
    if (fit.coefficients[3 * c + 2] > 0) roof.traffic = fit.coefficients[3 * c + 2];
  }
  constant = fit.coefficients[3 * k];
  return fit.deviation;
}

/// Median distance of logarithms: which round was best is told by what it predicts, not by what it assumed.
double missed(const Samples& samples, const Roofline& model) {
  std::vector<double> off;
  for (std::size_t i = 0; i < samples.rows(); ++i)
    off.push_back(std::abs(std::log(samples.targets[i]) - model.mean(samples.row(i))));
  return robust_deviation(off);
}

std::unique_ptr<CostModel> fit_once(const Samples& samples, std::uint64_t) {
  std::vector<Roof> roofs = classes_of(samples);
  double constant = 0, least_missed = 1e300;
  const double least = 0.1 * *std::min_element(samples.targets.begin(), samples.targets.end());
  std::unique_ptr<CostModel> best;
  for (int round = 0; round < rounds; ++round) {
    refit(roofs, constant, samples, round == 0);
    const Roofline model(constant, roofs, least, 1);
    const double off = missed(samples, model);
    if (off < least_missed) {
      least_missed = off;
      best = std::make_unique<Roofline>(constant, roofs, least, std::max(1e-6, off));
    }
  }
  return best;
}

}  // namespace

FittedModel fit_roofline(const Samples& samples, std::uint64_t seed) {
  return {fit_once(samples, seed), held_out(samples, seed, fit_once)};
}

std::unique_ptr<CostModel> read_roofline(const Config& document) {
  document.allow({"columns", "times", "constant", "least", "deviation"});
  const auto columns = read_columns(document, "columns");
  const auto times = read_numbers(document, "times", 3 * columns.size());
  std::vector<Roof> roofs;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c] % class_quantities != 0 || columns[c] >= kernel_classes * class_quantities)
      document.at("columns").fail("feature " + std::to_string(columns[c]) + " counts no class of kernels");
    roofs.push_back({columns[c], times[3 * c], times[3 * c + 1], times[3 * c + 2]});
  }
  const double least = document.at("least").number(0, 1e300);
  if (least <= 0) document.at("least").fail("'least' must be above 0");
  return std::make_unique<Roofline>(document.at("constant").number(0, 1e300), std::move(roofs), least,
                                    document.at("deviation").number(0, 1e300));
}

}  // namespace paretoforge
