#include "predictors/drift.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "predictors/fit.hpp"

namespace paretoforge {
namespace {

constexpr double rare = 0.01, least_bias_pct = 2, coverage = 0.9;

double log_choose(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

/// P(X <= k) where X is binomial of n and a share drawn from Beta(a, b).
double beta_binomial_below(std::size_t k, std::size_t n, double a, double b) {
  const auto log_beta = [](double x, double y) { return std::lgamma(x) + std::lgamma(y) - std::lgamma(x + y); };
  double sum = 0;
  for (std::size_t i = 0; i <= k; ++i) {
    const auto at = static_cast<double>(i), all = static_cast<double>(n);
    sum += std::exp(log_choose(all, at) + log_beta(at + a, all - at + b) - log_beta(a, b));
  }
  return std::min(1.0, sum);
}

/// Both tails of the sign test: how likely at most `fewer` of n fall on the rarer side.
double sign_test(std::size_t fewer, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i <= fewer; ++i) sum += std::exp(log_choose(static_cast<double>(n), static_cast<double>(i)) - static_cast<double>(n) * std::log(2.0));
  return std::min(1.0, 2 * sum);
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

std::string share(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", value);
  return text;
}

std::string judgement(const Drift& d, bool shifted, bool uncovered) {
  const std::string off = share(std::abs(d.bias_pct)) + (d.bias_pct < 0 ? " below" : " above");
  const std::string covered = share(d.scores.coverage_90_pct) + " lie inside the 90 % intervals";
  if (d.scores.test_rows < least_drift_rows)
    return "Too few rows to tell: " + std::to_string(least_drift_rows) + " are needed to tell a shift from chance.";
  if (shifted && uncovered) return "Refit: measured values lie " + off + " the predictions in the median, and only " + covered + ".";
  if (shifted) return "Refit: measured values lie " + off + " the predictions in the median, more than 2 % and more than chance gives.";
  if (uncovered) return "Refit: only " + covered + ", fewer than chance gives.";
  return "No need to refit: measured values lie " + off + " the predictions in the median, and " + covered + ".";
}

}  // namespace

Drift drift(std::span<const CostEstimate> predicted, std::span<const double> measured, std::size_t fitted_rows) {
  if (predicted.size() != measured.size()) throw std::invalid_argument("drift needs as many predicted as measured values");
  if (measured.empty()) throw std::invalid_argument("drift needs measured values");
  Drift d;
  d.scores = scored(predicted, measured);
  d.scores.train_rows = fitted_rows, d.scores.test_rows = measured.size();
  std::vector<double> ratios;
  std::size_t above = 0, below = 0, inside = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    ratios.push_back(measured[i] / predicted[i].value);
    above += ratios[i] > 1, below += ratios[i] < 1;
    inside += predicted[i].low <= measured[i] && measured[i] <= predicted[i].high;
  }
  d.bias_pct = 100 * (median_of(ratios) - 1);
  d.bias_chance = sign_test(std::min(above, below), above + below);
  const auto n = static_cast<double>(std::max<std::size_t>(1, fitted_rows));
  d.coverage_chance = beta_binomial_below(inside, measured.size(), coverage * (n + 1), (1 - coverage) * (n + 1));
  const bool enough = measured.size() >= least_drift_rows;
  const bool shifted = enough && d.bias_chance < rare && std::abs(d.bias_pct) > least_bias_pct;
  const bool uncovered = enough && d.coverage_chance < rare;
  d.refit = shifted || uncovered;
  d.why = judgement(d, shifted, uncovered);
  return d;
}

}  // namespace paretoforge
