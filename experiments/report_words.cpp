// The report's sentences: every section's answer before its picture.
#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/quantity.hpp"
#include "experiments/report_internal.hpp"

namespace paretoforge::internal {
namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : std::string(between)) + part;
  return text;
}

/// A value and its unit, which no line break parts.
std::string text_of(std::string_view name, double value, int digits) {
  std::string text = quantity_text(name, value, digits);
  if (const auto space = text.find(' '); space != std::string::npos) text.replace(space, 1, "\u00a0");
  return text;
}

std::string percent(double share) { return text_of("share_pct", 100 * share, 2); }

bool has_limits(const ReportStudy& study) {
  return std::any_of(study.criteria.begin(), study.criteria.end(), [](const Criterion& c) { return c.limit; });
}

bool has_reference(const ReportStudy& study) {
  return std::any_of(study.criteria.begin(), study.criteria.end(), [](const Criterion& c) { return c.reference; });
}

/// "latency 41.2 ms where 40 ms is allowed" for every limit the trial breaks.
std::string misses(const ReportStudy& study, const Trial& trial) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < study.criteria.size(); ++i) {
    const Criterion& criterion = study.criteria[i];
    const auto& value = trial.values.at(i);
    if (!value || keeps_limit(criterion, *value)) continue;
    parts.push_back(quantity_label(criterion.name) + " " + text_of(criterion.name, *value, 4) + " where " +
                    text_of(criterion.name, *criterion.limit, 4) +
                    (criterion.goal == Goal::minimize ? " is allowed" : " is asked for"));
  }
  return joined(parts, ", ");
}

std::string capitalised(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

/// Predicted against measured latency, over the exported models.
std::string latency_trust(const ReportStudy& study) {
  std::size_t models = 0, inside = 0;
  double error = 0;
  for (const ReportModel& model : study.models) {
    if (!model.predicted_latency_ms || !model.measured_latency_ms || !(*model.measured_latency_ms > 0)) continue;
    const auto& [value, low, high] = *model.predicted_latency_ms;
    const double measured = *model.measured_latency_ms;
    ++models;
    error += std::abs(value - measured) / measured;
    if (low <= measured && measured <= high) ++inside;
  }
  if (models == 0) return {};
  return "Measured again after export, " + counted(models, "model", "models") + " differed from the prediction by " +
         percent(error / static_cast<double>(models)) + " on average, and " + std::to_string(inside) + " of " +
         std::to_string(models) + " lay inside the 90 % interval.";
}

std::string accuracy_trust(const ReportStudy& study) {
  std::size_t models = 0;
  double loss = -std::numeric_limits<double>::infinity();
  for (const ReportModel& model : study.models)
    if (model.float_score_pct && model.int8_score_pct) {
      ++models;
      loss = std::max(loss, *model.float_score_pct - *model.int8_score_pct);
    }
  if (models == 0) return {};
  const double points = std::round(100 * loss) / 100;
  if (points <= 0) return " No model lost " + score_word(study.models) + " when it became int8.";
  return " Becoming int8 cost at most " + text_of("points", points, 3) + " points of " + score_word(study.models) + ".";
}

std::string parity_trust(const ReportStudy& study) {
  double agreement = std::numeric_limits<double>::infinity();
  std::size_t told = 0, fused = 0;
  for (const ReportModel& model : study.models) {
    if (model.agreement_pct) agreement = std::min(agreement, *model.agreement_pct);
    if (model.fused) ++told;
    if (model.fused.value_or(false)) ++fused;
  }
  std::string text;
  if (std::isfinite(agreement))
    text += std::string(" The files and the reference ") + (of_regression(study.models) ? "gave the same numbers, within 4 steps," : "chose the same class") +
            " for at least " + text_of("agreement_pct", agreement, 4) + " of the inputs.";
  if (told > 0)
    text += fused == told ? " The runtime fused every convolution to an integer one."
                          : " In " + counted(told - fused, "model", "models") +
                                " the runtime left convolutions in floating point.";
  return text;
}

std::string predictor_trust(const ReportPredictor& predictor) {
  std::vector<std::string> scores;
  if (predictor.within_10_pct)
    scores.push_back(text_of("share_pct", *predictor.within_10_pct, 3) + " were predicted within 10 %");
  if (predictor.coverage_90_pct)
    scores.push_back(text_of("share_pct", *predictor.coverage_90_pct, 3) + " lay inside the 90 % interval");
  if (predictor.spearman) scores.push_back("the rank correlation was " + text_of("", *predictor.spearman, 3));
  if (scores.empty()) return {};
  return " Of " + counted(predictor.test_rows, "network", "networks") + " that the predictor of " +
         quantity_label(predictor.metric) + " had not seen, " + joined(scores, ", ") + ".";
}

struct Favourite {
  std::string words;
  double gain;
};
/// The alternative whose share of the front exceeds its share of all trials the most.
Favourite favourite(const ReportStudy& study, std::size_t decision) {
  const auto share = [&](const std::vector<Trial>& trials, std::size_t alternative) {
    const auto taken = std::count_if(trials.begin(), trials.end(), [&](const Trial& trial) {
      return trial.architecture.at(decision) == static_cast<std::int32_t>(alternative);
    });
    return static_cast<double>(taken) / static_cast<double>(trials.size());
  };
  Favourite best{{}, 0};
  const Decision& from = study.decisions[decision];
  for (std::size_t i = 0; i < from.labels.size(); ++i) {
    const double front = share(study.front, i), all = share(study.trials, i);
    if (front - all > best.gain)
      best = {from.name + " = " + from.labels[i] + " in " + percent(front) + " (of all trials " + percent(all) + ")",
              front - all};
  }
  return best;
}

}  // namespace

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  std::string digits = std::to_string(count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits + " " + std::string(count == 1 ? one : many);
}

std::string trial_name(std::uint64_t number) { return "#" + std::to_string(number); }

std::string value_text(std::string_view name, const std::optional<double>& value) {
  if (!value) return "–";
  return text_of(name, *value, name.ends_with("_pct") ? 4 : 3);
}

std::string value_text(const Criterion& criterion, const Trial& trial, std::size_t objective) {
  return value_text(criterion.name, trial.values.at(objective));
}

std::string values_words(const ReportStudy& study, const Trial& trial) {
  std::vector<std::string> parts;
  for (const Goal goal : {Goal::maximize, Goal::minimize})
    for (std::size_t i = 0; i < study.criteria.size(); ++i)
      if (study.criteria[i].goal == goal && trial.values.at(i))
        parts.push_back(value_text(study.criteria[i], trial, i) + " " + quantity_label(study.criteria[i].name));
  return joined(parts, ", ");
}

std::string pick_reason(const ReportStudy& study, const Pick& pick) {
  return fitting(study) == 0 ? "nearest to the limits" : pick.reason;
}

std::size_t fitting(const ReportStudy& study) {
  return static_cast<std::size_t>(std::count_if(study.front.begin(), study.front.end(),
                                                [&](const Trial& trial) { return fits(study.criteria, trial); }));
}

std::string verdict(const ReportStudy& study) {
  if (study.trials.empty()) return "Nothing was tried yet.";
  const std::size_t fit = fitting(study);
  if (fit == 0)
    return study.front.empty() && !has_limits(study) ? "No trial was completed." : "Nothing fits the limits.";
  const std::size_t worth = study.picks.size();
  return counted(fit, "model ", "models ") +
         (has_limits(study) ? (fit == 1 ? "fits the limits." : "fit the limits.")
                            : (fit == 1 ? "is the whole front." : "make the front.")) +
         (worth > 0 && worth < fit ? " " + std::to_string(worth) + (worth == 1 ? " is" : " are") + " worth a look."
                                   : "");
}

std::string verdict_detail(const ReportStudy& study) {
  if (study.picks.empty()) return {};
  const Pick& first = study.picks.front();
  if (fitting(study) == 0)
    return "The nearest is " + trial_name(first.trial.number) + ": " + misses(study, first.trial) + ".";
  std::string text = capitalised(first.reason) + ": " + trial_name(first.trial.number) + " with " +
                     values_words(study, first.trial) + ".";
  for (const Pick& pick : study.picks)
    if (&pick != &first && pick.reason.find("best bargain") != std::string::npos)
      text += " Best bargain: " + trial_name(pick.trial.number) + " with " + values_words(study, pick.trial) + ".";
  return text;
}

std::string span_words(const ReportStudy& study) {
  if (study.front.empty()) return "No trial is complete, so there is nothing to choose from yet.";
  if (study.front.size() == 1) return "One model is best in everything: there is no trade-off among the trials so far.";
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < study.criteria.size(); ++i) {
    const auto [low, high] =
        std::minmax_element(study.front.begin(), study.front.end(),
                            [&](const auto& a, const auto& b) { return a.values.at(i) < b.values.at(i); });
    const Criterion& criterion = study.criteria[i];
    parts.push_back(quantity_label(criterion.name) + " from " + value_text(criterion, *low, i) + " to " +
                    value_text(criterion, *high, i));
  }
  return "The front holds " + counted(study.front.size(), "model", "models") + ", with " + joined(parts, ", ") + ".";
}

std::string trust_words(const ReportStudy& study) {
  std::string text = latency_trust(study) + accuracy_trust(study) + parity_trust(study);
  for (const ReportPredictor& predictor : study.predictors) text += predictor_trust(predictor);
  text += estimate_trust(study);
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "No model was exported and measured again yet." : text.substr(begin);
}

std::string length_words(const ReportStudy& study) {
  const auto& history = study.hypervolume;
  if (history.empty() || !(history.back() > 0))
    return has_reference(study) && !study.front.empty()
               ? "No trial is better than the reference point in everything: hypervolume is still 0."
           : study.front.empty() ? "No complete trial: hypervolume is still 0."
                                 : "No trial is better than the worst of the front in everything: hypervolume is still 0.";
  const double last = history.back();
  const auto reached = std::find_if(history.begin(), history.end(), [&](double v) { return v >= 0.99 * last; });
  const std::size_t late = history.size() - std::max<std::size_t>(1, history.size() / 4);
  const double gained = 1 - history[late > 0 ? late - 1 : 0] / last;
  return "99 % of the final hypervolume was reached after " +
         counted(static_cast<std::size_t>(reached - history.begin()) + 1, "trial", "trials") + " of " +
         quantity_text("", static_cast<double>(history.size())) + ", and the last quarter of the trials added " +
         percent(gained) +
         (gained < 0.01 ? ": more trials would probably add little." : ": more trials may still pay.");
}

std::string shared_words(const ReportStudy& study) {
  std::vector<Favourite> favourites;
  if (!study.front.empty())
    for (std::size_t i = 0; i < study.decisions.size(); ++i) favourites.push_back(favourite(study, i));
  std::stable_sort(favourites.begin(), favourites.end(), [](const auto& a, const auto& b) { return a.gain > b.gain; });
  std::vector<std::string> parts;
  for (const Favourite& found : favourites)
    if (found.gain > 0.1 && parts.size() < 3) parts.push_back(found.words);
  if (parts.empty()) return "No choice stands out: the front takes each about as often as all trials do.";
  return "What the front takes more often than all trials: " + joined(parts, "; ") + ".";
}

}  // namespace paretoforge::internal
