// Crossover and mutation of decisions: where genes come from, closed forms of the operators on numbers, rates.
#include "search/breeding.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "catch.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

int differences(const Architecture& a, const Architecture& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0, std::plus<>(), std::not_equal_to<>());
}

}  // namespace

TEST_CASE("simulated binary crossover keeps the mean of its parents where bounds are far") {
  for (const double u : {0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999}) {
    const auto [first, second] = simulated_binary_crossover(3, 5, -1e9, 1e9, 15, u);
    CHECK(first + second == Approx(8));
    CHECK(first <= second);
    // Contracting below one half and expanding above, by (2u)^(1/16) and (2 - 2u)^(-1/16).
    const double expected = u <= 0.5 ? std::pow(2 * u, 1.0 / 16) : std::pow(2 - 2 * u, -1.0 / 16);
    CHECK(second - first == Approx(2 * expected));
  }
  const auto [first, second] = simulated_binary_crossover(5, 3, -1e9, 1e9, 15, 0.9);
  CHECK(first > 5);
  CHECK(second < 3);
}

TEST_CASE("simulated binary crossover and polynomial mutation stay within their bounds, and reach them") {
  Random random(1);
  for (int i = 0; i < 20000; ++i) {
    const double index = random.uniform(0.1, 30), low = random.uniform(-5, 0), high = low + random.uniform(0, 9);
    const double a = random.uniform(low, high), b = random.uniform(low, high);
    const auto [first, second] = simulated_binary_crossover(a, b, low, high, index, random.uniform());
    REQUIRE((first >= low && first <= high && second >= low && second <= high));
    const double mutant = polynomial_mutation(a, low, high, index, random.uniform());
    REQUIRE((mutant >= low && mutant <= high));
  }
  CHECK(polynomial_mutation(3, 0, 10, 20, 0) == 0);
  CHECK(polynomial_mutation(3, 0, 10, 20, 1) == 10);
  CHECK(polynomial_mutation(3, 0, 10, 20, 0.5) == Approx(3));
  CHECK(simulated_binary_crossover(2, 4, 0, 10, 15, 1).first == Approx(0).margin(1e-9));
  CHECK(simulated_binary_crossover(2, 4, 0, 10, 15, 1).second == Approx(10).margin(0.01));
  CHECK(simulated_binary_crossover(4, 4, 0, 10, 15, 0.7) == std::pair(4.0, 4.0));
  CHECK(polynomial_mutation(4, 4, 4, 20, 0.7) == 4);
}

TEST_CASE("polynomial mutation moves as far as its index says") {
  // Far from both bounds the step relative to the range has the density (index + 1) (1 - s)^index / 2 on either side.
  Random random(2);
  double sum = 0, magnitude = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    const double step = polynomial_mutation(0.5, 0, 1, 20, random.uniform()) - 0.5;
    sum += step;
    magnitude += std::abs(step);
  }
  CHECK(sum / draws == Approx(0).margin(0.002));
  CHECK(magnitude / draws == Approx(1.0 / 22).margin(0.002));
}

TEST_CASE("without order or with few levels every gene of a child comes from a parent") {
  const Space space = chain_space(12, 9);
  const Breeder breeder(space, {.crossover = 1, .mutation = 0});
  Random random(4);
  double from_mother = 0, either = 0;
  for (int i = 0; i < 500; ++i) {
    const Architecture mother = space.sample(random), father = space.sample(random);
    const Architecture child = breeder.child(mother, father, random);
    for (std::size_t d = 0; d < child.size(); ++d) {
      REQUIRE((child[d] == mother[d] || child[d] == father[d]));
      if (mother[d] == father[d]) continue;
      ++either;
      from_mother += child[d] == mother[d];
    }
  }
  CHECK(from_mother / either == Approx(0.5).margin(0.03));
}

TEST_CASE("with many levels a child lies about its parents") {
  const Space space = chain_space(1, 1001);
  const Breeder breeder(space, {.crossover = 1, .mutation = 0});
  Random random(5);
  int near = 0, kept = 0;
  double sum = 0;
  const int children = 4000;
  for (int i = 0; i < children; ++i) {
    const Architecture child = breeder.child({400}, {600}, random);
    kept += child[0] == 400;
    near += std::abs(child[0] - 400) <= 30 || std::abs(child[0] - 600) <= 30;
    sum += child[0];
  }
  CHECK(near > 0.9 * children);  // index 15: nine in ten within a sixth of the parents' distance
  CHECK(kept > 0.5 * children);
  CHECK(kept < 0.6 * children);
  CHECK(sum / children == Approx(450).margin(5));  // the mother's half the time, else the mean of both
}

TEST_CASE("each decision mutates at the rate asked for, to another alternative") {
  for (const int levels : {2, 15, 50}) {
    const Space space = chain_space(20, levels);
    Random random(6);
    for (const double rate : {0.0, 0.1, 1.0}) {
      const Breeder breeder(space, {.crossover = 0, .mutation = rate});
      double changed = 0;
      for (int i = 0; i < 1000; ++i) {
        const Architecture parent = space.sample(random);
        const Architecture child = breeder.child(parent, parent, random);
        REQUIRE(space.is_canonical(child));
        changed += differences(parent, child);
        REQUIRE(differences(parent, breeder.mutate_one(parent, random)) == 1);
      }
      CHECK(changed / (1000 * 20) == Approx(rate).margin(0.007));
    }
  }
}

TEST_CASE("the default rate is one over the decisions that can change") {
  const Space space(Config::parse(
      "input: [2]\nlayers: [{linear: {out: {choice: [3], name: fixed}}}, {linear: {out: {choice: [1, 2], name: a}}}, "
      "{linear: {out: {choice: [1, 2], name: b}}}]",
      "space.yaml"));
  const Breeder breeder(space);
  Random random(7);
  double changed = 0;
  for (int i = 0; i < 4000; ++i) changed += differences({0, 0, 1}, breeder.mutate({0, 0, 1}, random));
  CHECK(changed / 4000 == Approx(1).margin(0.04));
}

TEST_CASE("children in spaces with conditions, of one point and of 500 decisions are canonical") {
  for (const Space& space : {conditional_space(), chain_space(1, 1), chain_space(500, 2), chain_space(3, 1001),
                             Space::load(PARETOFORGE_SOURCE_DIR "/configs/spaces/ofa_mobilenetv3.yaml")}) {
    const Breeder breeder(space, {.crossover = 0.9, .mutation = 0.3});
    Random random(8);
    for (int i = 0; i < 100; ++i) {
      const Architecture mother = space.sample(random), father = space.sample(random);
      REQUIRE(space.is_canonical(breeder.child(mother, father, random)));
      REQUIRE(space.is_canonical(breeder.mutate_one(mother, random)));
    }
  }
}
