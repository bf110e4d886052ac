// How the report ranks cheap estimates against what was trained longer.
#include "catch.hpp"
#include "experiments/report_internal.hpp"
#include "experiments/report_study.hpp"

using namespace paretoforge;

namespace {

Criterion criterion(const std::string& name, Goal goal, bool expensive, std::vector<double> rungs = {}) {
  Criterion result;
  result.name = name, result.goal = goal, result.expensive = expensive, result.rungs = std::move(rungs);
  return result;
}

/// A score, an accuracy with one rung, a score that falls where networks are better.
const std::vector<Criterion> known = {criterion("naswot", Goal::maximize, true), criterion("accuracy_pct", Goal::maximize, true, {0.1}),
                                      criterion("badness", Goal::minimize, true)};

Trial trial(std::uint64_t number, double score, double rung, double accuracy) {
  Trial result;
  result.number = number;
  result.values = {score, accuracy, -accuracy};
  result.readings = {{0, 1, rung}};
  return result;
}

}  // namespace

TEST_CASE("estimates are ranked against the accuracies of the same trials") {
  // Accuracies 1..5; the score swaps two neighbours (Spearman 0.9, Kendall 0.8), the rung turns the order round.
  const std::vector<Trial> trials = {trial(1, 10, 5, 1), trial(2, 30, 4, 2), trial(3, 20, 3, 3), trial(4, 40, 2, 4), trial(5, 50, 1, 5)};
  const auto found = estimates_of(known, trials, {0, 2});
  REQUIRE(found.size() == 3);
  CHECK(found[0].name == "naswot");
  CHECK(found[0].of == "accuracy_pct");
  CHECK(found[0].trials == 5);
  CHECK(found[0].spearman == Approx(0.9));
  CHECK(found[0].kendall == Approx(0.8));
  CHECK(found[1].name == "badness");
  CHECK(found[1].spearman == Approx(1));
  CHECK(found[2].spearman == Approx(-1));
  CHECK(found[2].name.find("10") != std::string::npos);
}

TEST_CASE("only trials that have both count, and too few say nothing") {
  std::vector<Trial> trials;
  for (int i = 1; i <= 6; ++i) trials.push_back(trial(static_cast<std::uint64_t>(i), i, i, i));
  trials[0].state = TrialState::pruned;
  trials[1].readings.clear();
  const auto found = estimates_of(known, trials, {0, 2});  // the rung has four pairs
  REQUIRE(found.size() == 2);
  CHECK(found[0].trials == 5);
  CHECK(found[1].trials == 5);
  trials[2].state = TrialState::failed;
  CHECK(estimates_of(known, trials, {0, 2}).empty());
  CHECK(estimates_of(known, {}, {0, 2}).empty());
}

TEST_CASE("a constant estimate has no rank correlation") {
  std::vector<Trial> trials;
  for (int i = 1; i <= 6; ++i) trials.push_back(trial(static_cast<std::uint64_t>(i), 3, i, i));
  const auto found = estimates_of(known, trials, {0});
  REQUIRE(found.size() == 1);
  CHECK(found[0].name != "naswot");
}

TEST_CASE("the page shows estimates as text") {
  ReportStudy study;
  study.name = "study";
  study.criteria = known;
  CHECK(internal::estimates_table(study).empty());
  CHECK(internal::estimate_trust(study).empty());
  study.estimates = {{"<b>", "accuracy_pct", 12, 0.5, 0.4}, {"snip", "accuracy_pct", 12, 0.75, 0.6}};
  const std::string page = report_html({study});
  CHECK(page.find("&lt;b&gt;") != std::string::npos);
  CHECK(page.find("Of the cheap estimates snip ranks accuracy_pct best: Spearman 0.75 over the 12 trials that have both.") != std::string::npos);
}
