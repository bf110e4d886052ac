// From a table of measurements to a calibrated model with its scores.
#include "predictors/fit.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"
#include "predictors/reference_internal.hpp"
#include "predictors/scores.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

constexpr double outlier_deviations = 6;
constexpr double coverage = 0.9;
constexpr double near_zero_share = 0.05;
constexpr std::size_t reference_rows = 300;
constexpr std::size_t least_rows_alone = 40;  ///< fewer rows cannot say which of two models is better

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// No cost in any unit lies beyond these; what is computed from values that do need not be a number any more.
constexpr double least_value = 1e-30, most_value = 1e30;

/// Why a measured value cannot be fitted, empty where it can.
std::string complaint(double value) {
  if (std::isnan(value)) return "not a number";
  if (std::isinf(value)) return "infinite";
  if (value < 0) return "negative";
  if (value == 0) return "zero";
  return value < least_value ? "under 1e-30" : value > most_value ? "over 1e30" : "";
}

/// The rows with a usable value; the others are noted.
std::vector<std::size_t> usable_rows(const Table& table, std::size_t column, std::vector<double>& values,
                                     std::vector<OddRow>& left_out) {
  std::vector<std::size_t> usable;
  values.assign(table.rows(), 0);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const bool missing = table.cell(row, column).empty();
    if (!missing) values[row] = table.number(row, column);
    const std::string why = missing ? "missing" : complaint(values[row]);
    if (why.empty())
      usable.push_back(row);
    else
      left_out.push_back({table.line(row), why});
  }
  return usable;
}

/// The quantile as a mean of the order statistics around it, weighed by how likely each is to be it (as Harrell and
/// Davis 1982): less noise from few rows than any one of them.
double smooth_quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  const double centre = std::min(share * (n + 1), n), deviation = std::sqrt((n + 1) * share * (1 - share));
  double sum = 0, weights = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double z = (static_cast<double>(i + 1) - centre) / deviation;
    const double weight = std::exp(-0.5 * z * z);
    sum += weight * values[i], weights += weight;
  }
  return sum / weights;
}

}  // namespace

FitScores scored(std::span<const CostEstimate> estimates, std::span<const double> measured) {
  FitScores scores;
  std::vector<double> predicted, widths;
  double inside = 0;
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const CostEstimate& e = estimates[i];
    predicted.push_back(e.value);
    widths.push_back(100 * (e.high - e.low) / e.value);
    inside += e.low <= measured[i] && measured[i] <= e.high ? 1 : 0;
  }
  scores.spearman = spearman(predicted, measured);
  scores.kendall = kendall(predicted, measured);
  scores.mape_pct = mape_pct(predicted, measured);
  scores.rmse = rmse(predicted, measured);
  scores.within_5_pct = within_pct(predicted, measured, 5);
  scores.within_10_pct = within_pct(predicted, measured, 10);
  scores.coverage_90_pct = 100 * inside / static_cast<double>(measured.size());
  std::nth_element(widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2), widths.end());
  scores.width_90_pct = widths[widths.size() / 2];
  return scores;
}

namespace {

[[noreturn]] void fail_rows(const Table& table, const std::string& message) {
  throw ConfigError("error: " + message + "\n  --> " + table.name());
}

/// Rows that a model fitted without them misses by far more than it misses the others.
std::vector<OddRow> outliers(const Table& table, const std::vector<std::size_t>& rows, const Samples& samples,
                             const std::vector<CostEstimate>& held_out) {
  std::vector<double> missed(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) missed[i] = std::log(samples.targets[i] / held_out[i].value);
  const double corner = outlier_deviations * std::max(robust_deviation(missed), 1e-3);
  std::vector<OddRow> found;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (std::abs(missed[i]) > corner)
      found.push_back({table.line(rows[i]), "measured " + number_text(samples.targets[i]) + ", its like suggest " +
                                                number_text(std::round(held_out[i].value * 1e4) / 1e4)});
  std::sort(found.begin(), found.end(), [](const OddRow& a, const OddRow& b) { return a.line < b.line; });
  return found;
}

}  // namespace

namespace {

/// A quantile over a handful of held-out rows comes out low: by how much was found on half of HELP's devices, see
/// experiments/reports/predictors.
double few_rows_correction(std::size_t rows) { return 1 + 6 / static_cast<double>(rows * rows); }

bool speaks_of_size(const Feature& feature) { return feature.name == "graph.work" || feature.name == "graph.kernels"; }

/// See FittedMetric::low. A network of which nothing is left says nothing of small ones: a device may well run what was
/// pruned, and to take so little work for measured would vouch for predictions far below all that it ever took.
void keep_range(const Samples& samples, FittedMetric& metric) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < samples.rows(); ++i)
    if (!nothing_left(samples.row(i))) left.push_back(i);
  for (std::size_t c = 0; c < samples.columns - samples.encoding; ++c) {
    metric.low.push_back(samples.row(0)[c]), metric.high.push_back(samples.row(0)[c]);
    for (std::size_t i = 1; i < samples.rows(); ++i) {
      metric.low[c] = std::min(metric.low[c], samples.row(i)[c]);
      metric.high[c] = std::max(metric.high[c], samples.row(i)[c]);
    }
    if (left.empty() || !speaks_of_size(feature_list()[c])) continue;
    metric.low[c] = samples.row(left[0])[c];
    for (const std::size_t i : left) metric.low[c] = std::min(metric.low[c], samples.row(i)[c]);
  }
}

/// A model with its interval calibrated on held-out rows, and the range of the graph features.
FittedMetric calibrated(FittedModel fitted, const Samples& samples, const std::string& metric, const std::string& model,
                        const std::string& space_key, std::vector<CostEstimate>* held_out) {
  FittedMetric result;
  result.name = metric, result.unit = metric_unit(metric), result.model = model, result.space = space_key;
  std::vector<double> off(samples.rows());
  for (std::size_t i = 0; i < off.size(); ++i)
    off[i] = std::abs(std::log(samples.targets[i]) - fitted.held_out[i].mean) / fitted.held_out[i].deviation;
  result.interval = smooth_quantile(off, coverage);
  if (model == "transfer") result.interval *= few_rows_correction(samples.rows());
  keep_range(samples, result);
  result.fitted = std::move(fitted.model);
  if (held_out == nullptr) return result;
  held_out->clear();
  for (const LogEstimate& e : fitted.held_out) {
    const double half = result.interval * e.deviation;
    held_out->push_back({std::exp(e.mean), std::exp(e.mean - half), std::exp(e.mean + half), {}});
  }
  return result;
}

void check_samples(const Samples& samples, const std::string& metric) {
  if (samples.rows() < least_fit_rows)
    throw std::invalid_argument("fitting needs at least " + std::to_string(least_fit_rows) + " rows");
  for (const double target : samples.targets)
    if (!complaint(target).empty())
      throw std::invalid_argument("a row to fit '" + metric + "' on is " + complaint(target));
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Next to zero is fitted as small: relative errors and logarithms would listen to nothing else.
Samples without_near_zero(Samples samples) {
  const double least = near_zero_share * median_of(samples.targets);
  for (double& target : samples.targets) target = std::max(target, least);
  return samples;
}

/// Mean distance of held-out logarithms from the measured ones, cut at what wild rows may count.
double missed(const FittedModel& fitted, const Samples& samples) {
  double sum = 0;
  for (std::size_t i = 0; i < samples.rows(); ++i)
    sum += std::min(1.0, std::abs(std::log(samples.targets[i]) - fitted.held_out[i].mean));
  return sum / static_cast<double>(samples.rows());
}

/// Rows next to nothing beside the others, found before a logarithm makes them the farthest of all.
std::vector<OddRow> near_zero(const Table& table, const std::vector<std::size_t>& rows,
                              const std::vector<double>& values) {
  std::vector<double> used;
  for (const std::size_t row : rows) used.push_back(values[row]);
  const double median = median_of(used);
  std::vector<OddRow> found;
  for (const std::size_t row : rows)
    if (values[row] < near_zero_share * median)
      found.push_back(
          {table.line(row), "measured " + number_text(values[row]) + ", the median is " + number_text(median)});
  return found;
}

}  // namespace

namespace {

std::vector<double> features_of(const Graph& graph, const Space& space, const Architecture& point) {
  std::vector<double> features = graph_features(graph);
  const std::vector<float> encoding = space.encode(point);
  features.insert(features.end(), encoding.begin(), encoding.end());
  return features;
}

}  // namespace

std::vector<double> space_features(const Space& space, const Architecture& point) {
  return features_of(space.decode(point), space, point);
}

Samples reference_networks(const Space& space, std::size_t rows, std::uint64_t seed) {
  Random random(seed);
  Samples networks;
  for (std::size_t i = 0; i < rows; ++i) networks.add(space_features(space, space.sample(random)), 1);
  networks.encoding = space.encoding_width();
  return networks;
}

FittedMetric fit_metric_from(const Samples& as_measured, const Samples& reference, const std::string& metric,
                             const std::vector<Source>& sources, std::uint64_t seed,
                             std::vector<CostEstimate>* held_out, const std::string& space_key) {
  check_samples(as_measured, metric);
  const Samples samples = without_near_zero(as_measured);
  FittedModel fitted = fit_transfer(samples, reference, sources, space_key);
  std::string model = "transfer";
  if (samples.rows() >= least_rows_alone) {
    FittedModel alone = cost_model_kind("auto").fit(samples, seed);
    if (missed(alone, samples) < missed(fitted, samples)) fitted = std::move(alone), model = "auto";
  }
  return calibrated(std::move(fitted), samples, metric, model, space_key, held_out);
}

FittedMetric fit_metric(const Samples& as_measured, const std::string& metric, const std::string& model,
                        std::uint64_t seed, std::vector<CostEstimate>* held_out, const std::string& space_key) {
  check_samples(as_measured, metric);
  const Samples samples = without_near_zero(as_measured);
  return calibrated(cost_model_kind(model).fit(samples, seed), samples, metric, model, space_key, held_out);
}

FitResult fit(const Table& table, const Space& space, const std::string& metric, const FitOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  FitResult result;
  std::vector<double> values;
  std::vector<std::size_t> rows = usable_rows(table, table.column(metric), values, result.left_out);
  const std::vector<double> references = reference_values(table, metric);
  result.reference_drift_pct = reference_drift_pct(references);
  if (options.steady) make_steady(values, references);
  const std::size_t train = options.train.value_or(rows.size());
  std::string left = std::to_string(rows.size()) + " of " + std::to_string(table.rows()) + " rows are usable";
  if (!result.left_out.empty())
    left += "; the first that is not, in line " + std::to_string(result.left_out[0].line) + ", is " +
            result.left_out[0].why;
  if (train > rows.size())
    fail_rows(table, std::to_string(train) + " rows to fit '" + metric + "' on are asked for, " + left);
  if (train < least_fit_rows)
    fail_rows(table, "fitting '" + metric + "' needs at least " + std::to_string(least_fit_rows) + " rows; " +
                         (options.train ? std::to_string(train) + " are asked for" : left));
  const std::vector<Architecture> points = points_of(space, table);
  if (options.train) {
    Random random(options.seed);
    random.shuffle(rows);
  }
  const std::vector<std::size_t> seen(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(train));
  Samples samples;
  for (const std::size_t row : seen)
    samples.add(features_of(network_of_row(space, points[row], table, row), space, points[row]), values[row]);
  samples.encoding = space.encoding_width();
  std::vector<CostEstimate> estimates;
  result.near_zero = near_zero(table, seen, values);
  result.metric =
      options.sources.empty()
          ? fit_metric(samples, metric, options.model, options.seed, &estimates, space_key(space))
          : fit_metric_from(samples, reference_networks(space, reference_rows, derived_seed(options.seed, 1)), metric,
                            options.sources, options.seed, &estimates, space_key(space));
  result.outliers = outliers(table, seen, samples, estimates);
  const auto [least, most] = std::minmax_element(samples.targets.begin(), samples.targets.end());
  if (*least == *most) result.constant = *least;
  const double fit_seconds = seconds_since(begin);

  std::vector<double> measured = samples.targets;
  const auto test_begin = std::chrono::steady_clock::now();
  if (train < rows.size()) {
    estimates.clear(), measured.clear();
    for (std::size_t i = train; i < rows.size(); ++i) {
      estimates.push_back(result.metric.predict(network_of_row(space, points[rows[i]], table, rows[i]), space, points[rows[i]]));
      measured.push_back(values[rows[i]]);
    }
  }
  const double test_seconds = seconds_since(test_begin);
  result.scores = scored(estimates, measured);
  result.scores.train_rows = train;
  result.scores.test_rows = rows.size() - train;
  result.metric.scores = result.scores;
  result.scores.fit_seconds = fit_seconds;
  result.scores.predict_microseconds =
      result.scores.test_rows == 0 ? 0 : 1e6 * test_seconds / static_cast<double>(result.scores.test_rows);
  return result;
}

}  // namespace paretoforge
