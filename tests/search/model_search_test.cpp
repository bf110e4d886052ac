// What model-based searchers share: scales, history, candidates, forecasts; and scalarisations, growth, batches.
#include <algorithm>
#include <cmath>
#include <set>

#include "catch.hpp"
#include "search/forecast_internal.hpp"
#include "search/gp_ehvi.hpp"
#include "search/history_internal.hpp"
#include "search/parego.hpp"
#include "search/progressive.hpp"
#include "search/tree_ensembles.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

const std::vector<Criterion> two{{.name = "size"}, {.name = "error", .expensive = true}};

Trial trial(std::uint64_t number, Architecture point, double a, double b) {
  return {.number = number, .architecture = std::move(point), .values = {a, b}};
}

Trial failure(std::uint64_t number, Architecture point) {
  return {.number = number,
          .architecture = std::move(point),
          .state = TrialState::failed,
          .values = {std::nullopt, std::nullopt}};
}

CheapValues sum_of_values() {
  return [](const Architecture& point) -> std::optional<std::vector<std::optional<double>>> {
    return std::vector<std::optional<double>>{value_sum(point), std::nullopt};
  };
}

ForecastModels forests() {
  return {[] { return std::make_unique<RandomForest>(); }};
}

}  // namespace

TEST_CASE("the common scale is linear to the upper quartile and bounded beyond, for numbers of any size") {
  const RangeScale scale{10, 30};
  CHECK(scale(10) == 0);
  CHECK(scale(20) == Approx(0.5));
  CHECK(scale(30) == Approx(1));
  CHECK(scale(50) == Approx(1.5));
  CHECK(scale(-10) == Approx(-0.5));
  const RangeScale wide{-1e308, 1e308};
  CHECK(wide(0) == Approx(0.5));
  const RangeScale tiny{1e-300, 2e-300};
  CHECK(tiny(1e300) <= 2);
  CHECK(tiny(-1e300) >= -1);
  const RangeScale constant{5, 5};
  CHECK(constant(5) == 0);
  CHECK(constant(6) > 0);
  for (double x = -100; x < 200; x += 0.5) CHECK(scale(x) < scale(x + 0.5));
}

TEST_CASE("the history tells repeats, pending, the front, and which trials to learn from") {
  History history(two);
  for (const Architecture& point : {Architecture{0}, {1}, {2}, {3}}) history.asked(point);
  history.tell(trial(1, {0}, 1, 5));
  history.tell(trial(2, {1}, 2, 4));
  CHECK(history.pending().size() == 2);
  history.tell(trial(1, {3}, 1, 5));
  CHECK(history.trials() == 2);
  CHECK(history.told()[2].repeat);
  CHECK(history.pending().size() == 1);
  history.tell(trial(3, {2}, 3, 6));
  const auto scales = history.scales();
  CHECK(scales[0].low == 1);
  CHECK(history.front(scales).size() == 3);  // the repeat is as good as what it repeats
  CHECK(history.ranked(scales)[3].layer == 1);
  CHECK(history.instructive(10).size() == 4);
  CHECK(history.instructive(2) == std::vector<std::size_t>{0, 3});  // the fittest of the older, and the newest
}

TEST_CASE("candidates are distinct and available: all where few are left, bred and drawn where many") {
  Random random(1);
  const Space small = chain_space(2, 4), large = chain_space(20, 6);
  const SearchProblem few{.space = small, .criteria = two}, many{.space = large, .criteria = two};
  FreshPoints left(few);
  left.take({0, 0});
  CHECK(BredCandidates(few).gather(left, {}, 100, random).size() == 15);
  const FreshPoints all(many);
  std::vector<Individual> parents{{.architecture = Architecture(20, 0)}, {.architecture = Architecture(20, 5)}};
  const auto bred = BredCandidates(many).gather(all, parents, 200, random);
  CHECK(bred.size() == 200);
  CHECK(std::set<Architecture>(bred.begin(), bred.end()).size() == 200);
  const auto near = std::count_if(bred.begin(), bred.end(), [](const Architecture& point) {
    return std::count(point.begin(), point.end(), 0) + std::count(point.begin(), point.end(), 5) >= 15;
  });
  CHECK(near > 100);  // a random point has 7 of them on average
}

TEST_CASE("candidates of a list are of the list, near parents among them") {
  Random random(1);
  const Space space = chain_space(12, 6);
  auto list = std::make_shared<std::vector<Architecture>>();
  for (int i = 0; i < 500; ++i) list->push_back(space.sample(random));
  const SearchProblem problem{.space = space, .criteria = two, .points = list};
  const FreshPoints points(problem);
  const std::vector<Individual> parents{{.architecture = list->front()}};
  const auto found = BredCandidates(problem).gather(points, parents, 64, random);
  CHECK(found.size() == 64);
  for (const Architecture& point : found) CHECK(std::find(list->begin(), list->end(), point) != list->end());
  CHECK(std::find(found.begin(), found.end(), list->front()) != found.end());
}

TEST_CASE("cheap costs are exact, limits are chances, and what surely breaks a cheap limit is left out") {
  const Space space = chain_space(3, 4);
  SearchProblem problem{.space = space, .criteria = two, .cheap = sum_of_values()};
  problem.criteria[0].limit = 4;
  problem.criteria[1].limit = 6;
  History history(problem.criteria);
  Random random(3);
  for (std::uint64_t n = 1; n <= 30; ++n) {
    const Architecture point = space.sample(random);
    history.tell(trial(n, point, value_sum(point), 9 - value_sum(point)));
  }
  Forecaster forecaster(problem, forests(), 100);
  forecaster.fit(history, {}, 1);
  const auto outlooks = forecaster.outlooks({{0, 0, 0}, {1, 1, 2}, {3, 3, 3}});
  REQUIRE(outlooks.size() == 2);
  CHECK(outlooks[0].costs[0].mean == forecaster.scales()[0](0));
  CHECK(outlooks[0].costs[0].deviation == 0);
  CHECK(outlooks[1].costs[1].deviation > 0);
  CHECK(outlooks[0].chance < outlooks[1].chance);  // an error near 9 against one near 5, allowed is 6
  CHECK(outlooks[0].overshoot > 0);
  const auto hopeless = forecaster.outlooks({{3, 3, 3}, {3, 3, 2}});
  REQUIRE(hopeless.size() == 2);
  CHECK(hopeless[0].chance == 0);
  CHECK(most_promising(hopeless, std::vector{1.0, 1.0}) == 1);  // the nearer miss
}

TEST_CASE("where there are rungs a history is seen at the highest that enough have reached") {
  std::vector<Criterion> criteria = two;
  criteria[1].rungs = {0.1, 0.3};
  criteria[1].limit = 5;
  const auto read = [](std::uint64_t number, std::vector<double> readings) {
    Trial trial{.number = number,
                .architecture = {static_cast<std::int32_t>(number)},
                .state = readings.size() > 2 ? TrialState::complete : TrialState::pruned,
                .values = {1.0, readings.back()}};
    trial.rung = static_cast<std::uint32_t>(readings.size()) - 1;
    for (std::uint32_t rung = 0; rung < std::min<std::size_t>(2, readings.size()); ++rung)
      trial.readings.push_back({rung, 1, readings[rung]});
    return trial;
  };
  History history(criteria);
  const auto cost = [&](std::size_t i) { return history.told()[i].costs[1]; };
  for (std::uint64_t n = 1; n <= 12; ++n) history.tell(read(n, {20.0 + static_cast<double>(n)}));
  CHECK(history.rung() == 0);
  CHECK(cost(3) == 24.0);
  CHECK(history.told()[3].complete);
  CHECK(history.told()[3].violation == 0);  // a reading over the limit breaks nothing
  CHECK_FALSE(history.criteria()[1].limit);
  for (std::uint64_t n = 1; n <= 9; ++n) history.update(read(n, {20.0 + static_cast<double>(n), 12}));
  CHECK(history.rung() == 0);
  CHECK(cost(3) == 24.0);
  history.update(read(10, {30, 12}));
  CHECK(history.rung() == 1);
  CHECK(cost(3) == 12.0);
  CHECK_FALSE(cost(11));
  CHECK_FALSE(history.told()[11].complete);
  CHECK(history.front(history.scales()).size() > 0);
  for (std::uint64_t n = 1; n <= 10; ++n)
    history.update(read(n, {20.0 + static_cast<double>(n), 12, n < 3 ? 4.0 : 6.0}));
  CHECK(history.rung() == 2);
  CHECK(cost(3) == 6.0);
  CHECK(history.told()[0].violation == 0);
  CHECK(history.told()[3].violation > 0);  // of the full budget the limit holds
  CHECK(history.criteria()[1].limit == 5.0);
}

TEST_CASE("readings do not count where another expensive objective has none") {
  std::vector<Criterion> criteria = two;
  criteria[0].expensive = true;
  criteria[1].rungs = {0.1};
  History history(criteria);
  for (std::uint64_t n = 1; n <= 20; ++n) {
    Trial trial{.number = n, .state = TrialState::pruned, .values = {std::nullopt, 3.0}, .readings = {{0, 1, 3.0}}};
    history.tell(trial);
  }
  CHECK(history.rung() == 1);
  CHECK_FALSE(history.told()[0].costs[1]);
  CHECK_FALSE(history.told()[0].complete);
}

TEST_CASE("a front is thinned to what boxes can be built for, its ends kept") {
  Costs line(6);
  for (int i = 0; i < 50; ++i) {
    const double t = i / 49.0;
    line.add(std::vector{t, 1 - t, t, 1 - t, t, 1 - t});
  }
  const Costs thin = thinned_front(line);
  CHECK(thin.size() == most_in_front(6));
  double least = 1, greatest = 0;
  for (std::size_t i = 0; i < thin.size(); ++i) {
    least = std::min(least, thin[i][0]);
    greatest = std::max(greatest, thin[i][0]);
  }
  CHECK(least == 0);
  CHECK(greatest == 1);
  CHECK(thinned_front(Costs(2)).size() == 0);
}

TEST_CASE("the augmented Tchebycheff function and its weights have their closed forms") {
  CHECK(augmented_tchebycheff(std::vector{2.0, 4.0}, std::vector{0.75, 0.25}) == Approx(1.5 + 0.05 * 2.5));
  CHECK(augmented_tchebycheff(std::vector{-1.0, -2.0}, std::vector{0.5, 0.5}, 0) == -0.5);
  Random random(1);
  std::set<std::vector<double>> seen;
  for (int i = 0; i < 2000; ++i) {
    const auto weights = lattice_weights(3, 4, random);
    CHECK(weights[0] + weights[1] + weights[2] == Approx(1));
    seen.insert(weights);
  }
  CHECK(seen.size() == 15);  // 6 over 2
  CHECK(lattice_weights(1, 10, random) == std::vector<double>{1});
}

TEST_CASE("growth sets decisions that take their first alternative, and only those") {
  Random random(2);
  const Space space = chain_space(6, 3);
  const Architecture grown_by_two = grown(space, {0, 2, 0, 0, 1, 0}, 2, random);
  CHECK(complexity(grown_by_two) == 4);
  CHECK(grown_by_two[1] == 2);
  CHECK(grown_by_two[4] == 1);
  CHECK(complexity(grown(space, Architecture(6, 0), 99, random)) == 6);
  for (int i = 0; i < 20; ++i)
    CHECK(conditional_space().is_canonical(grown(conditional_space(), {0, 0, -1, -1}, 3, random)));
}

TEST_CASE("progressive search begins with the simplest point and goes on with simple ones") {
  const auto searcher = make_progressive({.space = chain_space(10, 4), .criteria = two}, {.beam = 6, .stages = 5});
  CHECK(searcher->ask() == Architecture(10, 0));
  for (int i = 0; i < 6; ++i) CHECK(complexity(searcher->ask().value()) <= 2);
  for (int i = 0; i < 6; ++i) {
    const auto size = complexity(searcher->ask().value());
    CHECK(size >= 3);
    CHECK(size <= 4);
  }
}

TEST_CASE("a batch asked for at once has no repeats and is spread over the front") {
  const Space space = chain_space(6, 8);
  const SearchProblem problem{.space = space, .criteria = two, .cheap = sum_of_values()};
  for (const bool ehvi : {true, false}) {
    const auto searcher = ehvi ? make_gp_ehvi(problem, {.start = 10}) : make_parego(problem, {.start = 10});
    for (std::uint64_t n = 1; n <= 30; ++n) {
      const auto point = searcher->ask().value();
      searcher->tell(trial(n, point, value_sum(point), std::pow(42 - value_sum(point), 2)));
    }
    std::set<Architecture> batch;
    std::set<double> sizes;
    for (int i = 0; i < 8; ++i) {
      const auto point = searcher->ask().value();
      batch.insert(point);
      sizes.insert(value_sum(point));
    }
    CHECK(batch.size() == 8);
    CHECK(sizes.size() >= 3);
  }
}

TEST_CASE("nothing feasible yet: what is likelier to keep the limits is proposed") {
  const Space space = chain_space(6, 8);
  SearchProblem problem{.space = space, .criteria = two};
  problem.criteria[0].limit = 3;
  const auto searcher = make_gp_ehvi(problem, {.start = 10, .pool = 200});
  int kept = 0;
  for (std::uint64_t n = 1; n <= 40; ++n) {
    const auto point = searcher->ask().value();
    kept += value_sum(point) <= 3;
    if (value_sum(point) <= 3)
      searcher->tell(trial(n, point, value_sum(point), 1));
    else
      searcher->tell({.number = n,
                      .architecture = point,
                      .state = TrialState::infeasible,
                      .values = {value_sum(point), std::nullopt}});
  }
  CHECK(kept >= 3);  // one random point in three thousand does
}

TEST_CASE("failures are avoided where they gather") {
  const Space space = chain_space(5, 4);
  const SearchProblem problem{.space = space, .criteria = two};
  const auto searcher = make_gp_ehvi(problem, {.start = 15, .pool = 200});
  int late = 0;
  for (std::uint64_t n = 1; n <= 50; ++n) {
    const auto point = searcher->ask().value();
    // Half of the space fails, the half that would be best.
    if (point[0] < 2) {
      late += n > 25;
      searcher->tell(failure(n, point));
    } else {
      searcher->tell(trial(n, point, value_sum(point), 20 - value_sum(point)));
    }
  }
  CHECK(late <= 6);
}

TEST_CASE("six objectives") {
  std::vector<Criterion> six;
  for (int k = 0; k < 6; ++k) six.push_back({.name = std::to_string(k), .expensive = true});
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    const auto searcher = kind.make({.space = chain_space(8, 5), .criteria = six}, std::nullopt);
    for (std::uint64_t n = 1; n <= 40; ++n) {
      const auto point = searcher->ask().value();
      Trial told{.number = n, .architecture = point};
      for (int k = 0; k < 6; ++k)
        told.values.push_back(std::abs(point[static_cast<std::size_t>(k)] - k / 2.0) + point[7]);
      searcher->tell(told);
    }
  }
}
