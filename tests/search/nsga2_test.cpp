// NSGA-II's operators one by one: ranking, tournament, survival, breeding, generations.
#include "search/nsga2.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "catch.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<Criterion> two{{.name = "a"}, {.name = "b"}};

Individual individual(std::vector<double> costs, double violation = 0) {
  return {.architecture = {}, .costs = std::move(costs), .violation = violation};
}

/// Constrained domination as the paper defines it.
bool constrained_dominates(const Individual& a, const Individual& b) {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation;
  return dominates(a.costs, b.costs);
}

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

std::vector<Individual> random_individuals(std::size_t count, Random& random) {
  std::vector<Individual> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(individual({static_cast<double>(random.below(8)), static_cast<double>(random.below(8))}));
    all.back().architecture = {static_cast<std::int32_t>(i)};
    if (random.chance(0.3)) {
      all.back().violation = random.chance(0.2) ? infinity : static_cast<double>(1 + random.below(3));
      all.back().costs.clear();
    }
  }
  return all;
}

Nsga2 told_generation(const Space& space, const Nsga2Options& options, std::uint64_t seed) {
  Nsga2 searcher({.space = space, .criteria = two, .seed = seed}, options);
  for (std::uint64_t n = 1; n <= options.population; ++n) {
    const Architecture point = searcher.ask().value();
    searcher.tell({.number = n, .architecture = point, .values = {value_sum(point), -value_sum(point)}});
  }
  searcher.ask();  // the next generation begins
  return searcher;
}

}  // namespace

TEST_CASE("ranking follows constrained domination") {
  Random random(1);
  for (int round = 0; round < 100; ++round) {
    auto all = random_individuals(random.below(40), random);
    rank(all);
    const auto expected = layers_by_definition(all);
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(all[i].layer == expected[i]);
  }
}

TEST_CASE("a tournament is won by the lower layer, then by the less crowded, then by the first drawn") {
  std::vector<Individual> pair{individual({1, 1}), individual({2, 2})};
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

TEST_CASE("survivors are whole layers and then the least crowded, as a brute force finds them") {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    const auto all = random_individuals(5 + random.below(40), random);
    const std::size_t count = 1 + random.below(all.size());
    auto ranked = all;
    rank(ranked);
    const auto chosen = survivors(all, count);
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

TEST_CASE("without mutation every gene of a child comes from the population") {
  const Space space = chain_space(12, 9);
  auto searcher = told_generation(space, {.population = 4, .crossover = 1, .mutation = 0}, 4);
  Nsga2 twin({.space = space, .criteria = two, .seed = 4}, {.population = 4, .crossover = 1, .mutation = 0});
  std::vector<Architecture> parents;
  for (int i = 0; i < 4; ++i) parents.push_back(twin.ask().value());
  bool mixed = false;
  for (int i = 0; i < 200; ++i) {
    const Architecture child = searcher.breed();
    for (std::size_t d = 0; d < child.size(); ++d)
      REQUIRE(std::any_of(parents.begin(), parents.end(), [&](const auto& parent) { return parent[d] == child[d]; }));
    mixed |= std::find(parents.begin(), parents.end(), child) == parents.end();
  }
  CHECK(mixed);
}

TEST_CASE("without crossover and mutation a child is a parent; each decision mutates at the rate asked for") {
  const Space space = chain_space(20, 50);
  auto copies = told_generation(space, {.population = 2, .crossover = 0, .mutation = 0}, 5);
  Nsga2 twin({.space = space, .criteria = two, .seed = 5}, {.population = 2});
  const Architecture first = twin.ask().value(), second = twin.ask().value();
  for (int i = 0; i < 20; ++i) {
    const Architecture child = copies.breed();
    CHECK((child == first || child == second));
  }
  auto mutants = told_generation(space, {.population = 2, .crossover = 0, .mutation = 0.1}, 5);
  double changed = 0;
  int untouched = 0;
  for (int i = 0; i < 2000; ++i) {
    const Architecture child = mutants.breed();
    const auto distance = [&](const Architecture& parent) {
      return std::inner_product(child.begin(), child.end(), parent.begin(), 0, std::plus<>(), std::not_equal_to<>());
    };
    const int differences = std::min(distance(first), distance(second));
    changed += differences;
    untouched += differences == 0;
  }
  CHECK(changed / (2000 * 20) == Approx(0.1).margin(0.006));
  // Space::mutate changes 0.1 * 20 decisions, and one where it would be none; taken as often as keeps the mean.
  const double none = std::pow(0.9, 20);
  CHECK(untouched / 2000.0 == Approx(none / (2 + none)).margin(0.015));
}

TEST_CASE("a generation must be told before the next is asked for, and repeats give their place back") {
  Nsga2 searcher({.space = chain_space(6, 5), .criteria = two, .seed = 6}, {.population = 3});
  std::vector<Architecture> asked;
  for (int i = 0; i < 3; ++i) asked.push_back(searcher.ask().value());
  CHECK_FALSE(searcher.ask());
  CHECK_FALSE(searcher.exhausted());
  searcher.tell({.number = 1, .architecture = asked[0], .values = {1, 1}});
  searcher.tell({.number = 1, .architecture = asked[1], .values = {1, 1}});
  CHECK(searcher.ask());
  CHECK_FALSE(searcher.ask());
}

TEST_CASE("NSGA-II reaches the front of a known problem") {
  const Space space = chain_space(10, 12);  // 6e10 points; the front is every point with all genes 0 but the first
  const auto best_after = [&](Searcher& searcher) {
    double least = infinity;
    for (std::uint64_t n = 1; n <= 1500; ++n) {
      const Architecture point = searcher.ask().value();
      const double spoilt = value_sum(point) - point[0];
      least = std::min(least, spoilt);
      searcher.tell({.number = n, .architecture = point, .values = {point[0] + spoilt, 11.0 - point[0] + spoilt}});
    }
    return least;
  };
  const SearchProblem problem{.space = space, .criteria = two, .seed = 7};
  Nsga2 nsga2(problem, {});
  CHECK(best_after(nsga2) == 0);
}
