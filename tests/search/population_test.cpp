// Ranking under constrained domination, tournaments, and NSGA-II's survival, against their definitions.
#include "search/population.hpp"

#include <algorithm>
#include <limits>

#include "catch.hpp"
#include "individuals.hpp"
#include "search/nsga2.hpp"

using namespace paretoforge;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Layers by taking away what nothing dominates.
std::vector<std::int32_t> layers_by_definition(const std::vector<Individual>& all) {
  std::vector<std::int32_t> layer(all.size(), -1);
  for (std::int32_t current = 0;; ++current) {
    std::vector<std::size_t> taken;
    for (std::size_t i = 0; i < all.size(); ++i) {
      bool free = layer[i] < 0;
      for (std::size_t j = 0; free && j < all.size(); ++j)
        free = layer[j] >= 0 || !constrained_dominates(all[j], all[i]);
      if (free) taken.push_back(i);
    }
    if (taken.empty()) return layer;
    for (const auto i : taken) layer[i] = current;
  }
}

}  // namespace

TEST_CASE("constrained domination asks for the limits first") {
  CHECK(constrained_dominates(with_costs({1, 1}), with_costs({1, 2})));
  CHECK_FALSE(constrained_dominates(with_costs({1, 2}), with_costs({2, 1})));
  CHECK(constrained_dominates(with_costs({9, 9}), with_costs({1, 1}, 0.1)));
  CHECK(constrained_dominates(with_costs({9, 9}, 0.1), with_costs({}, 0.2)));
  CHECK_FALSE(constrained_dominates(with_costs({1, 1}, 0.2), with_costs({2, 2}, 0.2)));
  CHECK_FALSE(constrained_dominates(with_costs({}, infinity), with_costs({}, infinity)));
}

TEST_CASE("what was measured at a higher rung comes before what was not, and after it what breaks limits") {
  const auto at_rung = [](std::vector<double> costs, std::uint32_t rungs_short) {
    Individual read = with_costs(std::move(costs));
    read.rungs_short = rungs_short;
    return read;
  };
  CHECK(constrained_dominates(with_costs({9, 9}), at_rung({1, 1}, 1)));
  CHECK(constrained_dominates(at_rung({9, 9}, 1), at_rung({1, 1}, 2)));
  CHECK_FALSE(constrained_dominates(at_rung({1, 2}, 1), at_rung({2, 1}, 1)));
  CHECK(constrained_dominates(at_rung({1, 2}, 1), at_rung({2, 2}, 1)));
  CHECK(constrained_dominates(at_rung({9, 9}, 2), with_costs({1, 1}, 0.1)));
}

TEST_CASE("of a trial its costs, or its readings and how far below the full budget they are") {
  const std::vector<Criterion> criteria{
      {.name = "size", .limit = 5},
      {.name = "quality", .goal = Goal::maximize, .limit = 80, .expensive = true, .rungs = {0.1, 0.3}}};
  const Individual full = individual(criteria, {.values = {3, 70}, .rung = 2});
  CHECK(full.costs == std::vector<double>{3, -70});
  CHECK(full.violation > 0);
  // A reading says nothing of a limit.
  const Individual read = individual(criteria, {.state = TrialState::pruned, .values = {3, 40}, .rung = 1});
  CHECK(read.costs == std::vector<double>{3, -40});
  CHECK(read.violation == 0);
  CHECK(read.rungs_short == 1);
  CHECK(individual(criteria, {.state = TrialState::pruned, .values = {3, {}}, .rung = 0}).costs ==
        std::vector<double>{3, 0});
  CHECK(individual(criteria, {.state = TrialState::failed, .values = {3, {}}, .rung = 1}).violation == infinity);
}

TEST_CASE("layers follow constrained domination and name their members") {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    auto all = random_individuals(random.below(40), random);
    if (round % 2 == 1)
      for (Individual& each : all) each.rungs_short = static_cast<std::uint32_t>(random.below(3));
    const Layers layers = assign_layers(all);
    const auto expected = layers_by_definition(all);
    std::size_t members = 0;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      REQUIRE_FALSE(layers[layer].empty());
      REQUIRE(std::is_sorted(layers[layer].begin(), layers[layer].end()));
      for (const std::size_t i : layers[layer]) REQUIRE(all[i].layer == static_cast<std::int32_t>(layer));
      members += layers[layer].size();
    }
    REQUIRE(members == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i].layer == expected[i]);
  }
}

TEST_CASE("a tournament is won by the lower layer, then by the less crowded, then by the first drawn") {
  std::vector<Individual> pair{with_costs({1, 1}), with_costs({2, 2})};
  rank(pair);
  Random random(2);
  int wins = 0;
  for (int i = 0; i < 4000; ++i) wins += &binary_tournament(pair, random) == pair.data();
  // Loses only where the worse is drawn twice: one time in four.
  CHECK(wins / 4000.0 == Approx(0.75).margin(0.03));
  CHECK(fitter({.layer = 0}, {.layer = 1, .crowding = infinity}));
  CHECK(fitter({.layer = 1, .crowding = 2}, {.layer = 1, .crowding = 1}));
  CHECK_FALSE(fitter({.layer = 1, .crowding = 1}, {.layer = 1, .crowding = 1}));
}

TEST_CASE("survivors of NSGA-II are whole layers and then the least crowded, as a brute force finds them") {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    const auto all = random_individuals(5 + random.below(40), random);
    const std::size_t count = 1 + random.below(all.size());
    auto ranked = all;
    rank(ranked);
    const auto chosen = least_crowded(all, count);
    REQUIRE(chosen.size() == count);
    // The position of each chosen one, and that none left behind beats any chosen.
    std::vector<bool> lives(all.size(), false);
    for (const auto& one : chosen) lives[static_cast<std::size_t>(one.architecture[0])] = true;
    REQUIRE(std::count(lives.begin(), lives.end(), true) == static_cast<std::ptrdiff_t>(count));
    for (std::size_t dead = 0; dead < all.size(); ++dead)
      for (std::size_t alive = 0; alive < all.size(); ++alive)
        if (!lives[dead] && lives[alive]) REQUIRE_FALSE(fitter(ranked[dead], ranked[alive]));
  }
}
