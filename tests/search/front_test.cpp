// Limits, the front, its knee and its picks.
#include "search/front.hpp"

#include <limits>

#include "catch.hpp"
#include "search/hypervolume.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

const std::vector<Criterion> latency_and_accuracy{
    {.name = "latency_ms", .limit = 40},
    {.name = "accuracy_pct", .goal = Goal::maximize, .limit = 60, .expensive = true}};

Trial complete(std::uint64_t number, std::vector<double> values) {
  Trial trial{.number = number};
  for (const double value : values) trial.values.emplace_back(value);
  return trial;
}

std::vector<std::uint64_t> numbers(const std::vector<Trial>& trials) {
  std::vector<std::uint64_t> result;
  for (const Trial& trial : trials) result.push_back(trial.number);
  return result;
}

}  // namespace

TEST_CASE("limits are inclusive and follow the goal; misses are relative") {
  const Criterion most{.name = "a", .limit = 40}, least{.name = "b", .goal = Goal::maximize, .limit = 60};
  CHECK(keeps_limit(most, 40));
  CHECK_FALSE(keeps_limit(most, 40.1));
  CHECK(keeps_limit(least, 60));
  CHECK_FALSE(keeps_limit(least, 59));
  CHECK(excess(most, 50) == Approx(0.25));
  CHECK(excess(least, 45) == Approx(0.25));
  CHECK(excess(most, 10) == 0);
  CHECK(excess({.name = "c", .limit = 0}, 3) == 3);
  CHECK(excess({.name = "c", .limit = 1e-300}, 1e300) == std::numeric_limits<double>::max());
  CHECK(excess({.name = "c", .limit = 1}, std::nextafter(1.0, 2.0)) > 0);
}

TEST_CASE("what counts against the budget is what began its expensive objective") {
  const auto& both = latency_and_accuracy;
  const std::vector<Criterion> cheap{{.name = "macs"}};
  CHECK(counts(both, complete(1, {1, 2})));
  CHECK_FALSE(counts(both, {.number = 1, .state = TrialState::infeasible, .values = {50, std::nullopt}}));
  CHECK(counts(both, {.number = 1, .state = TrialState::failed, .values = {10, std::nullopt}}));
  CHECK_FALSE(counts(both, {.number = 1, .state = TrialState::failed, .values = {std::nullopt, std::nullopt}}));
  CHECK(counts(both, {.number = 1, .state = TrialState::pruned, .values = {10, 1}}));
  CHECK(counts(cheap, complete(1, {1})));
  CHECK_FALSE(counts(cheap, {.number = 1, .state = TrialState::failed, .values = {std::nullopt}}));
}

TEST_CASE("the front keeps what nothing dominates, in trial order, and the first of equals") {
  Front front({{.name = "a"}, {.name = "b", .goal = Goal::maximize}});
  CHECK(front.hypervolume() == 0);
  CHECK(front.add(complete(1, {2, 2})));
  CHECK(front.add(complete(2, {1, 1})));
  CHECK_FALSE(front.add(complete(3, {2, 2})));
  CHECK_FALSE(front.add(complete(4, {3, 1})));
  CHECK_FALSE(front.add({.number = 5, .state = TrialState::failed, .values = {std::nullopt, std::nullopt}}));
  CHECK(front.add(complete(6, {2, 5})));
  CHECK(numbers(front.members()) == std::vector<std::uint64_t>{2, 6});
}

TEST_CASE("the front agrees with the definition and its hypervolume with the plain one") {
  Random random(5);
  std::vector<Trial> trials;
  for (std::uint64_t n = 1; n <= 200; ++n)
    trials.push_back(complete(n, {random.uniform(), random.uniform(), random.uniform()}));
  const std::vector<Criterion> three{{.name = "a"}, {.name = "b"}, {.name = "c", .goal = Goal::maximize}};
  const Front front(three, trials);
  std::vector<std::uint64_t> expected;
  for (const Trial& trial : trials) {
    bool dominated = false;
    for (const Trial& other : trials) dominated |= dominates(costs(three, other), costs(three, trial));
    if (!dominated) expected.push_back(trial.number);
  }
  CHECK(numbers(front.members()) == expected);

  Costs points(3);
  for (const Trial& trial : trials) points.add(costs(three, trial));
  double box = 1;
  for (std::size_t k = 0; k < 3; ++k) box *= front.worst()[k] - front.best()[k];
  CHECK(front.hypervolume() == Approx(hypervolume(points, front.worst()) / box));

  const auto history = hypervolume_history(three, trials);
  REQUIRE(history.size() == trials.size());
  CHECK(std::is_sorted(history.begin(), history.end()));
  CHECK(history.back() == Approx(front.hypervolume()));
}

TEST_CASE("members over the limit of an expensive objective stay and are told apart") {
  const Front front(latency_and_accuracy, std::vector<Trial>{complete(1, {10, 55}), complete(2, {20, 70})});
  CHECK(numbers(front.members()) == std::vector<std::uint64_t>{1, 2});
  CHECK(front.fitting() == 1);
  CHECK(front.any_fits());
  CHECK_FALSE(front.nearest_miss());
}

TEST_CASE("while nothing fits the nearest miss is kept") {
  Front front(latency_and_accuracy);
  front.add({.number = 1, .state = TrialState::infeasible, .values = {80, std::nullopt}});
  front.add({.number = 2, .state = TrialState::infeasible, .values = {42, std::nullopt}});
  front.add({.number = 3, .state = TrialState::failed, .values = {1, std::nullopt}});
  REQUIRE(front.nearest_miss());
  CHECK(front.nearest_miss()->number == 2);
  const auto list = picks(front);
  REQUIRE(list.size() == 1);
  CHECK(list[0].reason == "nothing fits the limits; nearest: latency_ms is 42, over its limit 40");
}

TEST_CASE("the knee is the best bargain") {
  const std::vector<Criterion> two{{.name = "a"}, {.name = "b"}};
  CHECK(knee(two, std::vector<Trial>{complete(1, {0, 10}), complete(2, {1, 2}), complete(3, {10, 0})}) == 1);
  CHECK(knee(two, std::vector<Trial>{complete(1, {3, 3})}) == 0);
  CHECK_FALSE(knee(two, std::vector<Trial>{}));
  CHECK(knee(two, std::vector<Trial>{complete(1, {-1.7e308, 1.7e308}), complete(2, {-1.6e308, -1.6e308}),
                                     complete(3, {1.7e308, -1.7e308})}) == 1);
}

TEST_CASE("picks: most accurate that fits, best bargain, then the best of each other objective, each once") {
  const std::vector<Criterion> three{{.name = "latency_ms", .limit = 40},
                                     {.name = "peak_activation_bytes"},
                                     {.name = "accuracy_pct", .goal = Goal::maximize, .expensive = true}};
  const Front front(three, std::vector<Trial>{complete(1, {39, 900, 95}), complete(2, {12, 300, 92}),
                                              complete(3, {5, 280, 60}), complete(4, {30, 100, 70})});
  const auto list = picks(front);
  REQUIRE(list.size() == 4);
  CHECK(list[0].trial.number == 1);
  CHECK(list[0].reason == "most accurate that fits the limits");
  CHECK(list[1].trial.number == 2);
  CHECK(list[1].reason == "best bargain");
  CHECK(list[2].trial.number == 3);
  CHECK(list[2].reason == "fastest");
  CHECK(list[3].trial.number == 4);
  CHECK(list[3].reason == "least memory");
  CHECK(picks(Front(three)).empty());
  const auto lone = picks(Front(three, std::vector<Trial>{complete(7, {1, 1, 1})}));
  REQUIRE(lone.size() == 1);
  CHECK(lone[0].reason == "most accurate that fits the limits, best bargain, fastest, least memory");
}

TEST_CASE("objectives that never vary and huge ranges leave the hypervolume a number in 0..1") {
  const std::vector<Criterion> two{{.name = "a"}, {.name = "b"}};
  CHECK(Front(two, std::vector<Trial>{complete(1, {3, 3}), complete(2, {3, 3})}).hypervolume() == 1);
  const double huge =
      Front(two, std::vector<Trial>{complete(1, {-1.7e308, 1e300}), complete(2, {1.7e308, 1e-300})}).hypervolume();
  CHECK(huge >= 0);
  CHECK(huge <= 1);
}
