// How far cheap estimates of accuracy can be trusted: their rank correlation with what was trained longer in the same
// study.
#include <algorithm>
#include <cmath>

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
void add(std::vector<ReportEstimate>& all, const std::string& name, const std::string& of, Pairs pairs, bool turned) {
  if (pairs.values.size() < least_pairs) return;
  if (turned)
    for (double& value : pairs.estimates) value = -value;
  const double rho = spearman(pairs.estimates, pairs.values), tau = kendall(pairs.estimates, pairs.values);
  if (std::isfinite(rho) && std::isfinite(tau)) all.push_back({name, of, pairs.values.size(), rho, tau});
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

}  // namespace

std::vector<ReportEstimate> estimates_of(const std::vector<Criterion>& criteria, const std::vector<Trial>& trials,
                                         const std::vector<std::uint64_t>& scores) {
  std::vector<ReportEstimate> all;
  const auto is_score = [&](std::size_t i) { return std::find(scores.begin(), scores.end(), i) != scores.end(); };
  for (std::size_t value = 0; value < criteria.size(); ++value) {
    const Criterion& of = criteria[value];
    if (!of.expensive || is_score(value)) continue;
    for (const std::uint64_t score : scores)
      add(all, criteria[score].name, of.name, of_objective(trials, score, value), criteria[score].goal != of.goal);
    for (std::uint32_t rung = 0; rung < of.rungs.size(); ++rung)
      add(all, of.name + " at " + quantity_text("share_pct", 100 * of.rungs[rung], 3) + " of the budget", of.name,
          of_rung(trials, rung, value), false);
  }
  return all;
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
                     head_row({"Estimate", "of", "trials with both", "Spearman", "Kendall"}, {false, false, true, true, true}) + "<tbody>\n";
  for (const ReportEstimate& estimate : study.estimates)
    html += "<tr>" + element("th", estimate.name, "scope=\"row\"") + element("td", estimate.of) +
            element("td", std::to_string(estimate.trials), "class=\"number\"") +
            element("td", value_text("", estimate.spearman), "class=\"number\"") +
            element("td", value_text("", estimate.kendall), "class=\"number\"") + "</tr>\n";
  return scrolled("How cheap estimates rank what was trained longer", html + "</tbody></table>\n");
}

}  // namespace paretoforge
