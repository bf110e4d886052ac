#include "trainers/learning_curve.hpp"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace paretoforge {
namespace {

double missing(double score) { return std::log(100 - score + CurveForecast::floor); }

double normal_below(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

using Row = Eigen::Vector3d;

struct Observed {
  Row terms;
  double value, noise;  ///< noise as a share of the grid's
  double epoch;
};

struct Weighed {
  double log_evidence;
  CurveForecast::Part part;
};

/// A normal linear model with known noise: the posterior predictive at `at` and how likely what was seen is.
Weighed weighed(const std::vector<Observed>& seen, const Observed& at, double noise, const CurvePrior& prior) {
  const auto count = static_cast<Eigen::Index>(seen.size());
  const Row mean(prior.mean.data());
  const Eigen::Matrix3d covariance = Row(prior.deviation.data()).array().square().matrix().asDiagonal();
  Eigen::MatrixXd terms(count, 3);
  Eigen::VectorXd off(count), variance(count);
  for (Eigen::Index i = 0; i < count; ++i) {
    const Observed& one = seen[static_cast<std::size_t>(i)];
    terms.row(i) = one.terms.transpose();
    off[i] = one.value - one.terms.dot(mean);
    variance[i] = noise * noise * one.noise * one.noise;
  }
  Eigen::MatrixXd total = terms * covariance * terms.transpose();
  total.diagonal() += variance;
  const Eigen::LLT<Eigen::MatrixXd> factor(total);
  const Eigen::VectorXd cross = terms * covariance * at.terms;
  const Eigen::VectorXd solved = factor.solve(off);
  const double log_determinant = 2 * Eigen::MatrixXd(factor.matrixL()).diagonal().array().log().sum();
  const double strayed = prior.drift * prior.drift * std::log(at.epoch / seen.back().epoch);
  const double own = at.terms.dot(covariance * at.terms) + noise * noise * at.noise * at.noise + strayed;
  const double left = own - cross.dot(factor.solve(cross));
  return {-0.5 * (off.dot(solved) + log_determinant),
          {1, at.terms.dot(mean) + cross.dot(solved), std::sqrt(std::max(left, 1e-12))}};
}

/// What a score after that epoch says, or would.
Observed observed(double value, std::size_t epoch, std::span<const double> cooled, const CurveShape& shape, const CurvePrior& prior) {
  const double down = cooled.empty() ? 0 : cooled[epoch - 1];
  const double at = static_cast<double>(epoch);
  return {Row(1, -shape(at), -down), value, 1 - (1 - prior.cooled_noise) * down, at};
}

std::vector<Observed> observed(std::span<const double> scores, std::span<const double> cooled, const CurveShape& shape, const CurvePrior& prior) {
  std::vector<Observed> seen;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (!std::isnan(scores[i])) seen.push_back(observed(missing(scores[i]), i + 1, cooled, shape, prior));
  return seen;
}

void check(std::span<const double> scores, std::size_t epochs, std::span<const double> cooled) {
  if (scores.size() > epochs) throw std::invalid_argument("more scores are known than the training has epochs");
  if (!cooled.empty() && cooled.size() != epochs) throw std::invalid_argument("the rate is said for each epoch or for none");
  if (std::all_of(scores.begin(), scores.end(), [](double score) { return std::isnan(score); }))
    throw std::invalid_argument("no score of the training is known");
  for (const double score : scores)
    if (score < 0 || score > 100) throw std::invalid_argument("a score in per cent is 0 to 100");
}

}  // namespace

double CurveShape::operator()(double epoch) const {
  if (epochs > 0) return epochs * (1 - std::exp((1 - epoch) / epochs));
  return power == 0 ? std::log(epoch) : (1 - std::pow(epoch, -power)) / power;
}

CurveForecast extrapolate(std::span<const double> scores, std::size_t epochs, std::span<const double> cooled, const CurvePrior& prior) {
  check(scores, epochs, cooled);
  if (prior.shapes.empty() || prior.noises.empty()) throw std::invalid_argument("a prior has at least one shape and one noise");
  std::vector<Weighed> all;
  for (const CurveShape& shape : prior.shapes) {
    const std::vector<Observed> seen = observed(scores, cooled, shape, prior);
    const Observed end = observed(0, epochs, cooled, shape, prior);
    for (const double noise : prior.noises) all.push_back(weighed(seen, end, noise, prior));
  }
  const auto less = [](const Weighed& a, const Weighed& b) { return a.log_evidence < b.log_evidence; };
  const double most = std::max_element(all.begin(), all.end(), less)->log_evidence;
  double sum = 0;
  for (const Weighed& one : all) sum += std::exp(one.log_evidence - most);
  std::vector<CurveForecast::Part> parts;
  for (Weighed& one : all) {
    one.part.weight = std::exp(one.log_evidence - most) / sum;
    parts.push_back(one.part);
  }
  return CurveForecast(std::move(parts));
}

double CurveForecast::mean() const { return std::min(100.0, 100 + floor - missing_moments()[0]); }

double CurveForecast::deviation() const {
  const auto [mean, square] = missing_moments();
  return std::sqrt(std::max(0.0, square - mean * mean));
}

/// What is missing is a mixture of log-normal distributions, and at most all.
std::array<double, 2> CurveForecast::missing_moments() const {
  constexpr double most = 100 + floor;
  std::array<double, 2> sums{};
  for (const Part& part : parts_) {
    const double until = (std::log(most) - part.mean) / part.deviation;  // below it lies what is not cut off
    for (const int power : {1, 2}) {
      const double spread = power * part.deviation;
      const double inside = std::exp(power * part.mean + spread * spread / 2) * normal_below(until - spread);
      sums[static_cast<std::size_t>(power - 1)] += part.weight * (inside + std::pow(most, power) * (1 - normal_below(until)));
    }
  }
  return sums;
}

double CurveForecast::below(double score) const {
  double sum = 0;
  for (const Part& part : parts_)
    sum += part.weight * normal_below((part.mean - missing(score)) / part.deviation);
  return sum;
}

double CurveForecast::quantile(double p) const {
  double low = 0, high = 100;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (below(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace paretoforge
