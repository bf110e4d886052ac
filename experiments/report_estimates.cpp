// How far cheap estimates of accuracy can be trusted: their rank correlation with what was trained longer in the same
// study.
#include <algorithm>
#include <cmath>

#include "experiments/estimators.hpp"
#include "experiments/quantity.hpp"
#include "experiments/report_internal.hpp"
#include "experiments/report_study.hpp"
#include "predictors/scores.hpp"

namespace paretoforge {
namespace {

/// Values of the trials that have both; fewer have no rank correlation worth a look.
constexpr std::size_t least_pairs = 5;

struct Pairs {
  std::vector<double> estimates, values;
};

/// One in which less is better is turned round, so that a good estimate has a correlation near 1.
void add(std::vector<ReportEstimate>& all, ReportEstimate estimate, Pairs pairs, bool turned) {
  if (pairs.values.size() < least_pairs) return;
  if (turned)
    for (double& value : pairs.estimates) value = -value;
  const double rho = spearman(pairs.estimates, pairs.values), tau = kendall(pairs.estimates, pairs.values);
  if (!std::isfinite(rho) || !std::isfinite(tau)) return;
  estimate.trials = pairs.values.size(), estimate.spearman = rho, estimate.kendall = tau;
  all.push_back(std::move(estimate));
}

Pairs of_objective(const std::vector<Trial>& trials, std::size_t estimate, std::size_t value) {
  Pairs pairs;
  for (const Trial& trial : trials)
    if (trial.state == TrialState::complete && trial.values.at(estimate) && trial.values.at(value)) {
      pairs.estimates.push_back(*trial.values[estimate]);
      pairs.values.push_back(*trial.values[value]);
    }
  return pairs;
}

Pairs of_rung(const std::vector<Trial>& trials, std::uint32_t rung, std::size_t objective) {
  Pairs pairs;
  for (const Trial& trial : trials)
    for (const Reading& reading : trial.readings)
      if (trial.state == TrialState::complete && reading.rung == rung && reading.objective == objective && trial.values.at(objective)) {
        pairs.estimates.push_back(reading.value);
        pairs.values.push_back(*trial.values[objective]);
      }
  return pairs;
}

/// Each trial once, whatever its model was quantised to.
Pairs of_models(const std::vector<Trial>& trials, std::size_t objective, const std::vector<ReportModel>& models) {
  Pairs pairs;
  for (const Trial& trial : trials) {
    const auto model = std::find_if(models.begin(), models.end(), [&](const ReportModel& m) { return m.trial == trial.number && m.float_score_pct; });
    if (model == models.end() || !trial.values.at(objective)) continue;
    pairs.estimates.push_back(*trial.values[objective]);
    pairs.values.push_back(*model->float_score_pct);
  }
  return pairs;
}

}  // namespace

std::vector<ReportEstimate> estimates_of(const std::vector<Criterion>& criteria, const std::vector<Trial>& trials,
                                         const std::vector<std::uint64_t>& scores, std::optional<std::uint64_t> ranked) {
  std::vector<ReportEstimate> all;
  const auto is_score = [&](std::size_t i) { return std::find(scores.begin(), scores.end(), i) != scores.end(); };
  for (std::size_t value = 0; value < criteria.size(); ++value) {
    const Criterion& of = criteria[value];
    if (!of.expensive || is_score(value) || value == ranked) continue;
    for (const std::uint64_t score : scores)
      add(all, {.name = criteria[score].name, .of = of.name, .objective = score}, of_objective(trials, score, value),
          criteria[score].goal != of.goal);
    for (std::uint32_t rung = 0; rung < of.rungs.size(); ++rung)
      add(all, {.name = of.name + " at " + quantity_text("share_pct", 100 * of.rungs[rung], 3) + " of the budget", .of = of.name, .objective = value, .rung = rung},
          of_rung(trials, rung, value), false);
  }
  return all;
}

std::vector<ReportEstimate> estimates_of_models(const Config& objectives, const std::vector<Criterion>& criteria,
                                                const std::vector<Trial>& trials, const std::vector<ReportModel>& models) {
  const std::vector<Config> sections = objectives.items();
  std::vector<ReportEstimate> all;
  for (std::size_t i = 0; i < sections.size(); ++i)
    if (estimator_of(sections[i]) != nullptr)
      add(all, {.name = criteria[i].name, .of = score_word(models) + " of the finished models", .objective = i}, of_models(trials, i, models),
          criteria[i].goal != Goal::maximize);
  return all;
}

void explain(std::vector<ReportEstimate>& estimates, const Config& objectives, const std::vector<Criterion>& criteria) {
  const std::vector<Config> sections = objectives.items();
  for (ReportEstimate& estimate : estimates) {
    const Config& section = sections.at(estimate.objective);
    const Estimator* estimator = estimator_of(section, estimate.rung);
    if (estimator == nullptr) continue;
    estimate.estimator = estimator->name;
    const auto share = estimate.rung ? std::optional(criteria[estimate.objective].rungs[*estimate.rung]) : std::nullopt;
    estimate.cost = estimate_cost(section, estimate.rung, share);
  }
}

std::string internal::estimate_trust(const ReportStudy& study) {
  if (study.estimates.empty()) return {};
  const auto less = [](const ReportEstimate& a, const ReportEstimate& b) { return a.spearman < b.spearman; };
  const ReportEstimate& best = *std::max_element(study.estimates.begin(), study.estimates.end(), less);
  return " Of the cheap estimates " + best.name + " ranks " + best.of + " best: Spearman " + value_text("", best.spearman) + " over the " +
         counted(best.trials, "trial that has", "trials that have") + " both.";
}

std::string internal::estimates_table(const ReportStudy& study) {
  if (study.estimates.empty()) return {};
  std::string html = "<table class=\"estimates-table\">\n" +
                     head_row({"Estimate", "estimator", "cost", "of", "trials with both", "Spearman", "Kendall"}, {false, false, false, false, true, true, true}) + "<tbody>\n";
  for (const ReportEstimate& estimate : study.estimates)
    html += "<tr>" + element("th", estimate.name, "scope=\"row\"") + element("td", estimate.estimator) +
            element("td", estimate.cost) + element("td", estimate.of) +
            element("td", std::to_string(estimate.trials), "class=\"number\"") +
            element("td", value_text("", estimate.spearman), "class=\"number\"") +
            element("td", value_text("", estimate.kendall), "class=\"number\"") + "</tr>\n";
  return scrolled("How cheap estimates rank what was trained longer", html + "</tbody></table>\n");
}

}  // namespace paretoforge
