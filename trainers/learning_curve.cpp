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

using Row = Eigen::Vector3d;

struct Observed {
  Row terms;
  double value, noise;  ///< noise as a share of the grid's
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
  const double own = at.terms.dot(covariance * at.terms) + noise * noise * at.noise * at.noise;
  const double left = own - cross.dot(factor.solve(cross));
  return {-0.5 * (off.dot(solved) + log_determinant),
          {1, at.terms.dot(mean) + cross.dot(solved), std::sqrt(std::max(left, 1e-12))}};
}

/// What a score after that epoch says, or would.
Observed observed(double value, std::size_t epoch, std::span<const double> cooled, const CurveShape& shape, const CurvePrior& prior) {
  const double down = cooled.empty() ? 0 : cooled[epoch - 1];
  return {Row(1, -shape(static_cast<double>(epoch)), -down), value, 1 - (1 - prior.cooled_noise) * down};
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

// What is missing is a mixture of log-normal distributions.
double CurveForecast::mean() const {
  double sum = 0;
  for (const Part& part : parts_) sum += part.weight * std::exp(part.mean + part.deviation * part.deviation / 2);
  return std::min(100.0, 100 + floor - sum);
}

double CurveForecast::deviation() const {
  double centre = 0, sum = 0;
  for (const Part& part : parts_) centre += part.weight * std::exp(part.mean + part.deviation * part.deviation / 2);
  for (const Part& part : parts_) {
    const double mean = std::exp(part.mean + part.deviation * part.deviation / 2);
    sum += part.weight * (mean * mean * std::expm1(part.deviation * part.deviation) + (mean - centre) * (mean - centre));
  }
  return std::sqrt(sum);
}

double CurveForecast::below(double score) const {
  double sum = 0;
  for (const Part& part : parts_)
    sum += part.weight * 0.5 * std::erfc((missing(score) - part.mean) / (part.deviation * std::numbers::sqrt2));
  return sum;
}

double CurveForecast::quantile(double p) const {
  double low = -1e6, high = 100;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (below(middle) < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace paretoforge
