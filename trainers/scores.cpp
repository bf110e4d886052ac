// Scores from a network's outputs: accuracy, loss, and those for classes of unequal size.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::array<ScoreKind, 7> kinds{{
    {"accuracy_pct", "share of samples that are right", &Evaluation::accuracy_pct},
    {"balanced_accuracy_pct", "mean over the classes of the share of their samples that are right",
     &Evaluation::balanced_accuracy_pct},
    {"f1_pct", "mean over the classes of F1, the harmonic mean of precision and recall", &Evaluation::f1_pct},
    {"auc_pct", "mean over the classes of the area under the ROC curve, each class against the rest",
     &Evaluation::auc_pct},
    {"rmse", "of a regression: root of the mean squared error, in the target's unit", &Evaluation::rmse, true, true},
    {"mae", "of a regression: mean absolute error, in the target's unit", &Evaluation::mae, true, true},
    {"r2_pct", "of a regression: 100 times the coefficient of determination", &Evaluation::r2_pct, true},
}};

struct Counts {
  double right = 0, truly = 0, predicted = 0;
};

/// The chance that a sample of the class is scored above one of the rest, equal scores counting half: Mann and
/// Whitney's statistic from ranks. NaN where there is no sample on one of the sides.
double area(std::span<const double> scores, std::span<const Label> labels, std::size_t label) {
  std::vector<std::uint32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return scores[a] < scores[b]; });
  double ranks = 0, inside = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) ++end;
    const double rank = 0.5 * static_cast<double>(begin + end + 1);  // ranks count from 1; equal ones share their mean
    for (std::size_t i = begin; i < end; ++i)
      if (labels[order[i]] == label) ranks += rank, ++inside;
  }
  const double outside = static_cast<double>(order.size()) - inside;
  return (ranks - inside * (inside + 1) / 2) / (inside * outside);
}

double mean_of_finite(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values)
    if (std::isfinite(value)) sum += value, ++count;
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / count;
}

/// Of one target over all samples, in its unit.
struct Errors {
  double count = 0, squared = 0, absolute = 0, mean = 0, around_mean = 0;  ///< the last two of the targets (Welford, 1962)

  void add(double target, double error) {
    ++count, squared += error * error, absolute += std::abs(error);
    const double before = target - mean;
    mean += before / count;
    around_mean += before * (target - mean);
  }
  double r2() const { return around_mean > 0 ? 1 - squared / around_mean : std::numeric_limits<double>::quiet_NaN(); }
};

/// Logarithms of the probabilities of a class: of the same order, and never both rounded to 1.
std::vector<double> log_odds(std::span<const float> logits, std::size_t classes, std::size_t label) {
  std::vector<double> scores(logits.size() / classes);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto row = logits.subspan(i * classes, classes);
    double rest = 0;
    const double most = *std::max_element(row.begin(), row.end());
    for (std::size_t c = 0; c < classes; ++c)
      if (c != label) rest += std::exp(static_cast<double>(row[c]) - most);
    scores[i] = static_cast<double>(row[label]) - most - std::log(rest);
  }
  return scores;
}

}  // namespace

std::span<const ScoreKind> scores() { return kinds; }

const ScoreKind& main_score(const Dataset& data) {
  const auto value = data.regression() ? &Evaluation::r2_pct : &Evaluation::accuracy_pct;
  return *std::find_if(kinds.begin(), kinds.end(), [&](const ScoreKind& kind) { return kind.value == value; });
}

void add_scores(Evaluation& evaluation, std::span<const float> logits, std::span<const Label> labels) {
  const std::size_t classes = labels.empty() ? 0 : logits.size() / labels.size();
  std::vector<Counts> counts(classes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = logits.subspan(i * classes, classes);
    const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    ++counts[labels[i]].truly, ++counts[best].predicted;
    if (best == labels[i]) ++counts[best].right;
  }
  // 0 / 0 is NaN and left out: classes that neither occur nor are predicted say nothing.
  std::vector<double> recall, f1, areas;
  for (std::size_t c = 0; c < classes; ++c) {
    recall.push_back(counts[c].right / counts[c].truly);
    f1.push_back(2 * counts[c].right / (counts[c].truly + counts[c].predicted));
    if (classes > 1) areas.push_back(area(log_odds(logits, classes, c), labels, c));
  }
  evaluation.balanced_accuracy_pct = 100 * mean_of_finite(recall);
  evaluation.f1_pct = 100 * mean_of_finite(f1);
  evaluation.auc_pct = 100 * mean_of_finite(areas);
}

Evaluation evaluation_of(std::span<const float> logits, std::span<const Label> labels) {
  if (labels.empty()) return {};
  const std::size_t count = labels.size(), classes = logits.size() / count;
  std::size_t right = 0;
  double loss = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = logits.subspan(i * classes, classes);
    const std::size_t label = labels[i];
    if (label >= classes)
      throw TrainingError("the network has " + std::to_string(classes) + " outputs, the data has label " +
                          std::to_string(label));
    const auto best = std::max_element(row.begin(), row.end());
    right += static_cast<std::size_t>(best - row.begin()) == label;
    double sum = 0;
    for (const float value : row) sum += std::exp(static_cast<double>(value - *best));
    loss += std::log(sum) - (row[label] - *best);
  }
  if (!std::isfinite(loss)) throw TrainingError("the network's outputs are not finite");
  Evaluation result{100.0 * static_cast<double>(right) / static_cast<double>(count), loss / static_cast<double>(count)};
  add_scores(result, logits, labels);
  return result;
}

Evaluation evaluation_of(std::span<const float> outputs, std::span<const float> targets, const Normalisation& units) {
  std::vector<Errors> errors(units.mean.size());
  double loss = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::size_t target = i % errors.size();
    const double mean{units.mean[target]}, deviation{units.deviation[target]}, error = mean + deviation * double{outputs[i]} - double{targets[i]};
    errors[target].add(double{targets[i]}, error);
    loss += std::pow(error / deviation, 2);
  }
  if (targets.empty()) return {};
  if (!std::isfinite(loss)) throw TrainingError("the network's outputs are not finite");
  std::vector<double> rmse, mae, r2;
  for (const Errors& each : errors) {
    rmse.push_back(std::sqrt(each.squared / each.count));
    mae.push_back(each.absolute / each.count);
    r2.push_back(each.r2());
  }
  Evaluation result;
  result.loss = loss / static_cast<double>(targets.size());
  result.rmse = mean_of_finite(rmse);
  result.mae = mean_of_finite(mae);
  result.r2_pct = 100 * mean_of_finite(r2);
  return result;
}

}  // namespace paretoforge
