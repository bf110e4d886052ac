// Where a training will end, from its first epochs: Bayesian extrapolation of learning curves in closed form.
// The idea of an ensemble of parametric curves is that of Domhan, Springenberg and Hutter, "Speeding up automatic
// hyperparameter optimization of deep neural networks by extrapolation of learning curves", IJCAI 2015; theirs needs
// Markov chains, this one sums over a grid of the shapes that are not linear.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace paretoforge {

/// What a score is expected to be: a mixture of normal distributions of the logarithm of what is missing to 100 %. Where all
/// and more would be missing, the score is 0.
class CurveForecast {
 public:
  struct Part {
    double weight;     ///< sum to 1
    double mean;       ///< of ln(100 - score + floor), in per cent
    double deviation;  ///< above 0
  };
  /// Added to what is missing to 100 %: a score of 100 has a logarithm too, and of few samples the last one counts less.
  static constexpr double floor = 0.3;

  explicit CurveForecast(std::vector<Part> parts) : parts_(std::move(parts)) {}

  double mean() const;  ///< in per cent, 0 to 100
  /// In per cent: what the score is as likely to pass as not. A better single guess than the mean, which the least likely
  /// failures draw down.
  double median() const { return quantile(0.5); }
  double deviation() const;
  /// The score that is not passed with probability `p`, 0 < p < 1; 0 to 100.
  double quantile(double p) const;

 private:
  double below(double score) const;
  std::array<double, 2> missing_moments() const;  ///< means of what is missing, and of its square

  std::vector<Part> parts_;
};

/// How a curve rises from epoch 1 on, 0 there and with slope 1: a power (1 - t^-power) / power, the logarithm where that is
/// 0, or, where `epochs` is above 0, an exponential that comes to rest in so many epochs.
struct CurveShape {
  double power = 0, epochs = 0;
  double operator()(double epoch) const;
};

/// What is known of curves before any is seen, with
/// ln(100 - score + floor) = level - slope * shape(epoch) - gain * cooled + noise.
/// The defaults are the most likely ones, rounded, for the ends of curves of two data sets; experiments/reports/proxies says
/// which, and how often their intervals hold on others.
struct CurvePrior {
  std::array<double, 3> mean{3.4, 0.2, 1.1};        ///< of level (at epoch 1), slope (there) and gain
  std::array<double, 3> deviation{1.0, 0.8, 0.3};  ///< above 0
  std::vector<CurveShape> shapes = {{0, 0}, {0.5, 0}, {1, 0}, {2, 0}, {0, 2}, {0, 5}};  ///< equally likely
  std::vector<double> noises = {0.05, 0.1, 0.2, 0.4};                                   ///< deviations above 0, equally likely
  double cooled_noise = 0.3;  ///< share of the noise that is left where the rate has come down all the way, above 0
  /// How far a curve strays from every shape: deviation of the end, for each square root of ln(epochs / epochs known).
  double drift = 0.6;
};

/// The score after `epochs` epochs of a training whose scores after epochs 1, 2, ... are known, in per cent (0 to 100; NaN
/// where one is missing). `cooled`: after each of all `epochs` epochs, by how much the learning rate has come down from its
/// peak, 0 (not yet) to 1 (all the way); empty where it stays as it is. A score that ends a schedule gains from that, and
/// the first epochs do not show by how much: that is prior knowledge, with its uncertainty.
///
/// For each shape and noise, level, slope and gain have a normal posterior in closed form; shapes and noises are weighed by
/// their evidence. Throws std::invalid_argument where no score is known, more than `epochs` are, one is infinite or outside
/// 0 to 100, `cooled` is neither empty nor as long as all epochs, or the prior has no shape or noise.
CurveForecast extrapolate(std::span<const double> scores, std::size_t epochs, std::span<const double> cooled = {},
                          const CurvePrior& prior = {});

}  // namespace paretoforge
