// The search benchmark: its protocol on a table whose front is known in closed form, its results, its page.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <iterator>

#include "catch.hpp"
#include "experiments/reports/search_benchmark/contestant.hpp"
#include "experiments/reports/search_benchmark/page.hpp"
#include "experiments/reports/search_benchmark/results.hpp"
#include "search/spaces.hpp"

using namespace paretoforge;
using namespace paretoforge::benchmark;
namespace fs = std::filesystem;

namespace {

constexpr ProblemKind kind{"made_up", "nasbench_macro.yaml", "table.csv", "cost", "table.csv", "accuracy_pct"};

/// All 6,561 points: cost is the sum of the alternatives taken (0 to 16), accuracy 80 plus it, less 1 where the first
/// layer is not an identity, so that only points that begin with one are on the front.
void write_table(const fs::path& folder, std::size_t rows) {
  const Space space = Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/nasbench_macro.yaml");
  std::ofstream table(folder / "table.csv");
  for (const Decision& decision : space.decisions()) table << decision.name << ",";
  table << "cost,accuracy_pct\n";
  space.enumerate([&](const Architecture& point) {
    int sum = 0;
    for (const auto value : point) sum += value;
    for (const std::string& label : space.labels(point)) table << label << ",";
    table << sum << "," << 80 + sum - (point[0] > 0) << "\n";
    return --rows > 0;
  });
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Row row_of(const std::string& searcher, const std::string& problem, std::uint64_t seed, double share) {
  Row row{{problem, searcher, "", seed}, most_trials, 0, 0.25, {}};
  for (std::uint64_t t = trials_per_column; t <= most_trials; t += trials_per_column)
    row.shares.push_back(1 - (1 - share) * 10 / static_cast<double>(t));
  return row;
}

}  // namespace

TEST_CASE("errors are scaled from the best to the 90th percentile, costs over all of the table") {
  const TemporaryFolder scratch;
  write_table(scratch.path(), 6561);
  const Problem problem(kind, scratch.path());
  CHECK(problem.points() == nullptr);

  // The sum of 8 throws of 0, 1, 2; where the first is not 0 the accuracy is one less.
  std::vector<double> errors;
  for (int code = 0; code < 6561; ++code) {
    int sum = 0;
    for (int rest = code; rest > 0; rest /= 3) sum += rest % 3;
    errors.push_back(-(80 + sum - (code % 3 > 0)));
  }
  std::sort(errors.begin(), errors.end());
  const double best = errors.front(), worst = errors[static_cast<std::size_t>(0.9 * 6560)];
  REQUIRE(errors[5904] == errors[5905]);  // so the percentile is no mean of two ranks

  // The staircase: with a cost of c up to 14 the error is -(80 + c); with 15 and 16 it is -(79 + c).
  double expected = 0, least = 1;
  for (int c = 0; c <= 16; ++c) {
    least = std::min(least, (-(80 + c - (c > 14)) - best) / (worst - best));
    expected += std::max(0.0, 1 - least) / 16 * (c < 16);
  }
  CHECK(problem.true_hypervolume() == Approx(expected));

  Front front(criteria(problem.objectives()));
  CHECK(problem.share(front) == 0);
  problem.space().enumerate([&, number = std::uint64_t{0}](const Architecture& point) mutable {
    const auto [cost, accuracy] = problem.values(point);
    CHECK(*(*problem.cheap()(point))[0] == cost);
    front.add({.number = ++number, .architecture = point, .values = {cost, accuracy}});
    return number < 6561;
  });
  CHECK(problem.share(front) == Approx(1));
}

TEST_CASE("a run of more trials begins as one of fewer, and proposes nothing twice") {
  const TemporaryFolder scratch;
  write_table(scratch.path(), 6561);
  const Problem problem(kind, scratch.path());
  for (const Contestant& contestant : our_searchers(std::nullopt)) {
    if (contestant.name != "random" && contestant.name != "nsga2") continue;  // the others have tests of their own
    INFO(contestant.name);
    const Outcome brief = contestant.run(problem, 3, 40), full = contestant.run(problem, 3, 90);
    CHECK(brief.shares.size() == 40);
    REQUIRE(full.shares.size() == 90);
    CHECK(std::equal(brief.shares.begin(), brief.shares.end(), full.shares.begin()));
    CHECK(std::is_sorted(full.shares.begin(), full.shares.end()));
    CHECK(full.shares.back() <= 1);
    CHECK(full.repeats == 0);
    CHECK(contestant.run(problem, 4, 40).shares != brief.shares);
  }
}

TEST_CASE("an option that a searcher does not have is refused") {
  const TemporaryFolder scratch;
  write_table(scratch.path(), 6561);
  const Problem problem(kind, scratch.path());
  for (const Contestant& contestant : our_searchers(Config::parse("population: 12\n", "--option"))) {
    if (contestant.name == "nsga2") CHECK(contestant.run(problem, 1, 20).shares.size() == 20);
    if (contestant.name == "random") CHECK_THROWS_AS(contestant.run(problem, 1, 20), ConfigError);
  }
}

TEST_CASE("a table of a part of a space restricts the search to it") {
  const TemporaryFolder scratch;
  write_table(scratch.path(), 30);
  const Problem problem(kind, scratch.path());
  REQUIRE(problem.points() != nullptr);
  CHECK(problem.points()->size() == 30);
  for (const Contestant& contestant : our_searchers(std::nullopt))
    if (contestant.name == "random") {
      const Outcome outcome = contestant.run(problem, 1, 50);
      CHECK(outcome.shares.size() == 30);
      CHECK(outcome.shares.back() == Approx(1));
    }
}

TEST_CASE("pagmo's NSGA-II is charged once for a point, or each time") {
  const TemporaryFolder scratch;
  write_table(scratch.path(), 6561);
  const Problem problem(kind, scratch.path());
  if (peers().empty()) std::cout << "SKIPPED: pagmo was not found when this was built\n";
  for (const Contestant& contestant : peers()) {
    const Outcome outcome = contestant.run(problem, 1, 200);
    CHECK(outcome.shares.size() == 200);
    CHECK(std::is_sorted(outcome.shares.begin(), outcome.shares.end()));
    CHECK(outcome.repeats > 0);
    CHECK(outcome.shares.back() > outcome.shares.front());
    CHECK(contestant.run(problem, 1, 200).shares == outcome.shares);
  }
}

TEST_CASE("results read back as they were written, and tell what is left to do") {
  const TemporaryFolder scratch;
  const fs::path file = scratch.path() / "results.csv";
  Results results(file);
  CHECK(results.rows().empty());
  Row partial = row_of("nsga2", "pixel3", 1, 0.5);
  partial.key.options = "population=40 crossover=0.5";
  partial.trials = 25;
  partial.shares.resize(2);
  results.add(partial);
  results.add(row_of("nsga2", "pixel3", 1, 0.75));

  Row longer = partial;  // run again, for more trials
  longer.trials = 40;
  longer.shares = {0.5, 0.75, 0.75, 1};
  results.add(longer);
  REQUIRE(results.rows().size() == 2);

  const Results again(file);
  REQUIRE(again.rows().size() == 2);
  CHECK(again.rows()[0].key == partial.key);
  CHECK(again.rows()[0].shares == longer.shares);
  CHECK(again.rows()[1].shares.size() == most_trials / trials_per_column);
  CHECK(again.rows()[1].searcher_seconds == 0.25);
  CHECK(again.find(partial.key, 40) != nullptr);
  CHECK(again.find(partial.key, 50) == nullptr);
  CHECK(again.find({"pixel3", "nsga2", "", 2}, 10) == nullptr);

  std::ofstream(file) << "something,else\n1,2\n";
  CHECK_THROWS_AS(Results(file), ConfigError);
}

TEST_CASE("the mean of some numbers and their deviation") {
  CHECK(spread({}).count == 0);
  CHECK(spread({3}).deviation == 0);
  CHECK(spread({1, 2, 3, 6}).mean == Approx(3));
  CHECK(spread({1, 2, 3, 6}).deviation == Approx(std::sqrt(14.0 / 3)));
}

TEST_CASE("only what is complete is on the page, with its tests") {
  const TemporaryFolder scratch;
  Results results(scratch.path() / "results.csv");
  for (std::uint64_t seed = 1; seed <= seeds_of_a_page; ++seed) {
    for (const ProblemKind& each : problem_kinds()) {
      results.add(row_of("better", std::string(each.name), seed, 0.8 + 0.001 * static_cast<double>(seed)));
      results.add(row_of("worse", std::string(each.name), seed, 0.7));
    }
    Row shorter = row_of("shorter", "pixel3", seed, 0.7);
    shorter.trials = 100;
    shorter.shares.resize(10);
    results.add(shorter);
    if (seed > 1) results.add(row_of("unfinished", "pixel3", seed, 0.9));
  }
  CHECK_THROWS_AS(write_page(results, scratch.path()), std::runtime_error);  // no page to write into
  std::ofstream(scratch.path() / "README.md") << "before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n";
  write_page(results, scratch.path());
  const std::string page = text_of(scratch.path() / "README.md");
  CHECK(page.starts_with("before\n<!-- results -->\n"));
  CHECK(page.ends_with("<!-- end of results -->\nafter\n"));
  CHECK(page.find("\nold\n") == std::string::npos);
  CHECK(page.find("unfinished") == std::string::npos);
  CHECK(page.find("| better | 0.981 ± 0.001 |") != std::string::npos);  // after 100 trials
  CHECK(page.find("| worse | 0 / 0 / 8, **-0.0111** |") != std::string::npos);
  CHECK(page.find("| shorter | 0 / 0 / 1, **-0.0111** | | |\n") != std::string::npos);
  write_page(results, scratch.path());
  CHECK(text_of(scratch.path() / "README.md") == page);
  const std::string curves = text_of(scratch.path() / "curves_pixel3.svg");
  CHECK(curves.find("<polyline") != std::string::npos);
  CHECK(curves.find("nan") == std::string::npos);
  CHECK(text_of(scratch.path() / "summary.csv").find("better,pixel3,100,20,0.98105,") != std::string::npos);
}
