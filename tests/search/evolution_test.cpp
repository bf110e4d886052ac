// Evolutionary searchers on problems whose fronts are known: all come near, ages pass, ends survive.
#include "search/evolution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "search/hypervolume.hpp"
#include "search/regularized_evolution.hpp"
#include "search/test_problems.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

/// What a searcher proposes on a test problem.
Costs found_by(const std::string& name, const TestProblem& problem, std::size_t decisions, std::size_t objectives,
               std::uint64_t trials) {
  const Space space = test_space(decisions, 1001);
  std::vector<Criterion> criteria;
  for (std::size_t k = 0; k < objectives; ++k) criteria.push_back({.name = "f" + std::to_string(k)});
  const auto searcher = searcher_named(name, Config::parse("{}", "test"))
                            .make({.space = space, .criteria = criteria, .seed = 4}, std::nullopt);
  Costs points(objectives);
  for (std::uint64_t n = 1; n <= trials; ++n) {
    const Architecture point = searcher->ask().value();
    const auto values = problem.values(test_coordinates(space, point), objectives);
    points.add(values);
    searcher->tell({.number = n, .architecture = point, .values = {values.begin(), values.end()}});
  }
  return points;
}

}  // namespace

TEST_CASE("every evolutionary searcher comes near the front of ZDT1 with 1,001 levels") {
  const std::vector<double> reference{11, 11};
  const double front = front_hypervolume(test_problem("zdt1"), reference);
  for (const std::string name : {"nsga2", "nsga3", "moead", "smsemoa", "agemoea2", "regularized_evolution"}) {
    INFO(name);
    const double reached = hypervolume(found_by(name, test_problem("zdt1"), 6, 2, 2000), reference);
    CHECK(reached < front);
    // Random search leaves 8 of 120.7; these leave some hundredths, and some tenths where an end is late.
    CHECK(front - reached < 0.5);
  }
}

TEST_CASE("searchers made for many objectives come nearer to a sphere of six than random search") {
  // NSGA-II does not: its crowding distance rewards the ends, and of those six objectives have many.
  // The mean distance of the twenty nearest points; the sphere's radius is 1.
  const auto distance = [](const std::string& name) {
    const Costs points = found_by(name, test_problem("dtlz2"), 15, 6, 400);
    std::vector<double> lengths;
    for (std::size_t i = 0; i < points.size(); ++i)
      lengths.push_back(std::sqrt(std::inner_product(points[i].begin(), points[i].end(), points[i].begin(), 0.0)) - 1);
    std::sort(lengths.begin(), lengths.end());
    return std::accumulate(lengths.begin(), lengths.begin() + 20, 0.0) / 20;
  };
  const double random = distance("random");
  for (const std::string name : {"nsga3", "moead", "smsemoa", "agemoea2", "regularized_evolution"}) {
    INFO(name);
    CHECK(distance(name) < 0.9 * random);
  }
}

TEST_CASE("in regularised evolution the oldest leaves, however good it is") {
  // Tournaments among all: the best alive is always the parent. The best of all times is told first and dies.
  const Space space = chain_space(8, 5);
  RegularizedEvolution searcher({.space = space, .criteria = {{.name = "a"}}, .seed = 1},
                                {.population = 4, .sample = 100});
  std::vector<Architecture> told;
  const auto tell = [&](const Architecture& point, double value) {
    told.push_back(point);
    searcher.tell({.number = told.size(), .architecture = point, .values = {value}});
  };
  const auto differ = [](const Architecture& a, const Architecture& b) {
    int count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
    return count;
  };
  tell(searcher.ask().value(), 0);
  for (int i = 1; i < 4; ++i) tell(searcher.ask().value(), 100);
  // While it lives every child is one mutation away from it.
  const Architecture child = searcher.ask().value();
  CHECK(differ(child, told[0]) == 1);
  tell(child, 100);
  // Now it is gone: children come of those that are left, and it was far from them.
  const Architecture next = searcher.ask().value();
  int nearest = 99;
  for (std::size_t i = 1; i < 5; ++i) nearest = std::min(nearest, differ(next, told[i]));
  CHECK(nearest == 1);
}

TEST_CASE("a generation is all told before the next is bred, for every generational searcher") {
  for (const std::string name : {"nsga2", "nsga3", "agemoea2"}) {
    INFO(name);
    const auto options = Config::parse("population: 5", "test");
    const auto searcher = searcher_named(name, options)
                              .make({.space = chain_space(10, 6), .criteria = {{.name = "a"}, {.name = "b"}}}, options);
    std::vector<Architecture> asked;
    std::uint64_t told = 0;
    for (int generation = 0; generation < 4; ++generation) {
      for (int i = 0; i < 5; ++i) asked.push_back(searcher->ask().value());
      for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(searcher->ask());
        const Architecture& point = asked[told];
        searcher->tell({.number = told + 1, .architecture = point, .values = {value_sum(point), -value_sum(point)}});
        ++told;
      }
    }
  }
}

TEST_CASE("steady searchers go on while results are awaited") {
  for (const std::string name : {"smsemoa", "moead", "regularized_evolution"}) {
    INFO(name);
    const auto options = Config::parse("population: 5", "test");
    const auto searcher = searcher_named(name, options)
                              .make({.space = chain_space(10, 6), .criteria = {{.name = "a"}, {.name = "b"}}}, options);
    std::vector<Architecture> asked;
    for (int i = 0; i < 5; ++i) asked.push_back(searcher->ask().value());
    CHECK_FALSE(searcher->ask());
    for (std::uint64_t n = 1; n <= 5; ++n)
      searcher->tell({.number = n, .architecture = asked[n - 1], .values = {value_sum(asked[n - 1]), 1.0}});
    for (int i = 0; i < 50; ++i) CHECK(searcher->ask());
  }
}
