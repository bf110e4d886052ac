// How the report ranks cheap estimates against what was trained longer.
#include "catch.hpp"
#include "experiments/estimators.hpp"
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
  CHECK(estimates_of(known, trials, {0, 2}, 1).empty());  // where it is made of scores itself
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
  study.estimates = {{.name = "<b>", .of = "accuracy_pct", .trials = 12, .spearman = 0.5, .kendall = 0.4},
                     {.name = "snip", .of = "accuracy_pct", .trials = 12, .spearman = 0.75, .kendall = 0.6, .estimator = "zero_cost", .cost = "one batch"}};
  const std::string page = report_html({study});
  CHECK(page.find("<td>zero_cost</td><td>one batch</td>") != std::string::npos);
  CHECK(page.find("&lt;b&gt;") != std::string::npos);
  CHECK(page.find("Of the cheap estimates snip ranks accuracy_pct best: Spearman 0.75 over the 12 trials that have both.") != std::string::npos);
}

TEST_CASE("an objective says which estimator it is and what that costs") {
  const auto named = [](const std::string& yaml, std::optional<std::size_t> rung = {}) {
    const Estimator* found = estimator_of(Config::parse(yaml, "study.yaml"), rung);
    return found == nullptr ? std::string() : std::string(found->name);
  };
  CHECK(named("{name: a, train: {data: d, epochs: 9}}") == "full_training");
  CHECK(named("{name: a, train: {data: d, epochs: 9, images: 1000}}") == "low_fidelity");
  CHECK(named("{name: a, train: {data: d, epochs: 9, extrapolate: 3}}") == "extrapolation");
  const std::string ladder = "{name: a, train: {data: d, epochs: 9, rungs: [{epochs: 1}, {extrapolate: 3}, {epochs: 6, share: 0.9}]}}";
  CHECK(named(ladder) == "full_training");
  CHECK(named(ladder, 0) == "fewer_epochs");
  CHECK(named(ladder, 1) == "extrapolation");
  CHECK(named(ladder, 2) == "low_fidelity");
  CHECK(named("{name: a, score: synflow}") == "zero_cost");
  CHECK(named("{name: accuracy_rank, train: {data: x, images: 9}, ranks: [params]}") == "ranked_training");
  CHECK(named("{name: a, score: {kind: zen}}") == "zero_cost");
  CHECK(named("{name: a, score: {ensemble: [zen, macs]}}") == "rank_ensemble");
  CHECK(named("{name: a, expensive: true, table: {file: t.csv}}") == "benchmark");
  CHECK(named("{name: a, table: {file: t.csv}}").empty());
  CHECK(named("{name: macs}").empty());
  CHECK(estimate_cost(Config::parse("{name: a, train: {epochs: 8, extrapolate: 2}}", "s"), {}, {}) == "25 % of the full budget");
  CHECK(estimate_cost(Config::parse(ladder, "s"), 0, 1.0 / 8) == "12.5 % of the full budget");
  CHECK(!estimate_cost(Config::parse("{name: a, score: synflow}", "s"), {}, {}).empty());
  for (const Estimator& one : estimators())
    for (const std::string_view part : {one.name, one.summary, one.cost, one.yaml}) CHECK(!part.empty());
}

TEST_CASE("estimates are ranked against the models that were trained fully, each trial once") {
  const Config objectives = Config::parse("[{name: naswot, score: zen}, {name: accuracy_pct, train: {epochs: 9, rungs: [{epochs: 1}]}}, {name: badness}]", "s");
  const std::vector<Trial> trials = {trial(1, 10, 5, 1), trial(2, 30, 4, 2), trial(3, 20, 3, 3), trial(4, 40, 2, 4), trial(5, 50, 1, 5)};
  std::vector<ReportModel> models;
  for (const std::uint64_t number : {3, 1, 2, 5, 4, 4}) {
    models.emplace_back();
    models.back().trial = number, models.back().float_score_pct = 90 - static_cast<double>(number);
  }
  auto found = estimates_of_models(objectives, known, trials, models);
  REQUIRE(found.size() == 2);  // "badness" says nothing of accuracy
  CHECK(found[0].name == "naswot");
  CHECK(found[0].spearman == Approx(-0.9));
  CHECK(found[1].spearman == Approx(-1));
  CHECK(found[1].trials == 5);
  explain(found, objectives, known);
  CHECK(found[0].estimator == "zero_cost");
  CHECK(found[1].estimator == "full_training");
  models.resize(4);
  CHECK(estimates_of_models(objectives, known, trials, models).empty());
  auto rungs = estimates_of(known, trials, {0, 2});
  explain(rungs, objectives, known);
  CHECK(rungs.back().estimator == "fewer_epochs");
  CHECK(rungs.back().cost == "10 % of the full budget");
}
