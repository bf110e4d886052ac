// Searchers without a population: exhaustive, Latin hypercube, local search.
#include <algorithm>
#include <map>
#include <set>

#include "catch.hpp"
#include "search/exhaustive.hpp"
#include "search/latin_hypercube.hpp"
#include "search/local_search.hpp"
#include "search/test_problems.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

SearchProblem on(const Space& space, std::uint64_t seed = 1) {
  return {.space = space, .criteria = {{.name = "a"}, {.name = "b"}}, .seed = seed};
}

}  // namespace

TEST_CASE("exhaustive search goes through a space in order, and through a list in its own") {
  for (const Space& space : {conditional_space(), chain_space(3, 3), chain_space(1, 1)}) {
    Exhaustive searcher(on(space));
    space.enumerate([&](const Architecture& point) {
      REQUIRE(searcher.ask() == point);
      return true;
    });
    CHECK(searcher.exhausted());
    CHECK_FALSE(searcher.ask());
  }
  auto problem = on(chain_space(2, 3));
  problem.points = std::make_shared<std::vector<Architecture>>(std::vector<Architecture>{{2, 1}, {0, 0}});
  Exhaustive listed(problem);
  CHECK(listed.ask() == Architecture{2, 1});
  CHECK_FALSE(listed.exhausted());
  CHECK(listed.ask() == Architecture{0, 0});
  CHECK(listed.exhausted());
  CHECK_FALSE(listed.ask());
}

TEST_CASE("in a Latin hypercube every alternative of a decision comes up equally often") {
  for (const int levels : {2, 3, 7, 20, 50}) {
    const Space space = chain_space(8, levels);
    FreshPoints points(on(space));
    Random random(3);
    const auto design = latin_hypercube(space, points, 21, random);
    REQUIRE(design.size() == 21);
    for (std::size_t d = 0; d < 8; ++d) {
      std::map<std::int32_t, int> uses;
      for (const Architecture& point : design) ++uses[point[d]];
      for (std::int32_t level = 0; level < levels; ++level) {
        // Between the whole parts of 21/levels that surely lie within a level and those that touch it.
        REQUIRE(uses[level] >= 21 / levels - 1);
        REQUIRE(uses[level] <= 21 / levels + 2);
        if (21 % levels == 0) REQUIRE(uses[level] == 21 / levels);
        if (levels % 21 == 0) REQUIRE(uses[level] <= 1);
      }
    }
  }
}

TEST_CASE("a Latin hypercube larger than what is left takes all of it, and nothing twice") {
  const Space space = conditional_space();
  FreshPoints points(on(space));
  Random random(4);
  points.take(space.first());
  auto design = latin_hypercube(space, points, 1000, random);
  CHECK(design.size() == 38);
  CHECK(std::set<Architecture>(design.begin(), design.end()).size() == 38);
  CHECK(latin_hypercube(space, points, 5, random).empty());
}

TEST_CASE("local neighbours differ in one decision, by any step or by powers of four") {
  const Space few = chain_space(3, 4);
  auto all = local_neighbours(few, {0, 1, 3}), expected = few.neighbours({0, 1, 3});
  std::sort(all.begin(), all.end());
  std::sort(expected.begin(), expected.end());
  CHECK(all == expected);
  std::vector<std::int32_t> levels;
  for (const auto& point : local_neighbours(chain_space(1, 1001), {500})) levels.push_back(point[0] - 500);
  std::sort(levels.begin(), levels.end());
  CHECK(levels == std::vector<std::int32_t>{-256, -64, -16, -4, -1, 1, 4, 16, 64, 256});
  for (const auto& point : local_neighbours(conditional_space(), {1, 0, 2, -1}))
    CHECK(conditional_space().is_canonical(point));
}

TEST_CASE("local search tries the neighbours of what it has, then starts again elsewhere") {
  // The sum of the alternatives is its only objective: from any start a chain of improvements leads to all zeros.
  const Space space = chain_space(4, 4);
  LocalSearch searcher({.space = space, .criteria = {{.name = "sum"}}, .seed = 5});
  std::vector<Architecture> seen;
  std::size_t optimum = 0;
  for (std::uint64_t n = 1; n <= 256; ++n) {
    const Architecture point = searcher.ask().value();
    // Before the optimum every proposal but the first is a neighbour of one seen before.
    if (optimum == 0 && n > 1)
      CHECK(std::any_of(seen.begin(), seen.end(), [&](const Architecture& other) {
        const auto near = space.neighbours(other);
        return std::find(near.begin(), near.end(), point) != near.end();
      }));
    seen.push_back(point);
    if (value_sum(point) == 0) optimum = n;
    searcher.tell({.number = n, .architecture = point, .values = {value_sum(point)}});
  }
  CHECK(optimum > 0);
  CHECK(optimum < 60);
  CHECK(searcher.exhausted());
  CHECK_FALSE(searcher.ask());
}

TEST_CASE("an ask of local search that gives nothing changes nothing") {
  const Space space = chain_space(5, 4);
  LocalSearch patient(on(space, 6)), eager(on(space, 6));
  for (std::uint64_t n = 1; n <= 200; ++n) {
    auto a = patient.ask(), b = eager.ask();
    REQUIRE(a == b);
    REQUIRE(a);
    while (n == 1 && eager.ask()) FAIL("nothing can be proposed before the first point is told");
    const Trial trial{.number = n, .architecture = *a, .values = {value_sum(*a), -static_cast<double>((*a)[0])}};
    patient.tell(trial);
    eager.tell(trial);
  }
}
