// ZDT and DTLZ: volumes by closed form against fine samples of the front, known values, spaces.
#include "search/test_problems.hpp"

#include <cmath>

#include "catch.hpp"
#include "search/hypervolume.hpp"

using namespace paretoforge;

TEST_CASE("the volume of every front is what a fine sample of it approaches from below") {
  for (const TestProblem& problem : test_problems()) {
    const bool dtlz = problem.name.starts_with("dtlz");
    for (std::size_t objectives = 2; objectives <= (dtlz ? 3 : 2); ++objectives) {
      INFO(problem.name << " with " << objectives << " objectives");
      std::vector<double> reference(objectives, 1.5);
      reference.back() = 7;
      const double exact = front_hypervolume(problem, reference);
      const double coarse = hypervolume(front_points(problem, objectives, objectives == 2 ? 1001 : 31), reference);
      const double fine = hypervolume(front_points(problem, objectives, objectives == 2 ? 4001 : 121), reference);
      CHECK(coarse < fine);
      CHECK(fine <= exact + 1e-9);
      // The first missing part of a staircase shrinks with the step: what is left follows from two samples.
      CHECK(exact - fine < 0.3 * (exact - coarse));
    }
  }
}

TEST_CASE("volumes that are published") {
  CHECK(front_hypervolume(test_problem("zdt1"), std::vector<double>{11, 11}) == Approx(120 + 2.0 / 3));
  CHECK(front_hypervolume(test_problem("zdt2"), std::vector<double>{11, 11}) == Approx(120 + 1.0 / 3));
  CHECK(front_hypervolume(test_problem("zdt3"), std::vector<double>{11, 11}) == Approx(128.77811613).margin(1e-6));
  CHECK(front_hypervolume(test_problem("dtlz1"), std::vector<double>{1, 1, 1}) == Approx(1 - 1.0 / 48));
  CHECK(front_hypervolume(test_problem("dtlz2"), std::vector<double>{1, 1, 1}) == Approx(1 - std::acos(-1.0) / 6));
  CHECK(front_hypervolume(test_problem("dtlz2"), std::vector<double>{1, 1}) == Approx(1 - std::acos(-1.0) / 4));
}

TEST_CASE("values at known points") {
  CHECK(test_problem("zdt1").values(std::vector<double>{0.25, 0, 0}, 2) == std::vector<double>{0.25, 0.5});
  CHECK(test_problem("zdt1").values(std::vector<double>{1, 1, 1}, 2)[1] == Approx(10 - std::sqrt(10)));
  CHECK(test_problem("zdt4").values(std::vector<double>{0.25, 0.5, 0.5}, 2)[1] == Approx(0.5));
  const auto plane = test_problem("dtlz1").values(std::vector<double>{0.3, 0.6, 0.5, 0.5}, 3);
  CHECK(plane[0] + plane[1] + plane[2] == Approx(0.5));
  const auto sphere = test_problem("dtlz2").values(std::vector<double>{0.3, 0.6, 0.5, 0.5, 0.5, 0.5}, 3);
  CHECK(sphere[0] * sphere[0] + sphere[1] * sphere[1] + sphere[2] * sphere[2] == Approx(1));
  CHECK(test_problem("dtlz7").values(std::vector<double>{0, 0, 0, 0}, 3) == std::vector<double>{0, 0, 6});
  for (const TestProblem& problem : test_problems())  // one decision more than objectives, and none
    for (const std::size_t n : {problem.objectives, problem.objectives + 1})
      for (const double value : problem.values(std::vector<double>(n, 0.7), problem.objectives))
        CHECK(std::isfinite(value));
}

TEST_CASE("test spaces have ordinal decisions from 0 to 1") {
  const Space space = test_space(6, 1001);
  REQUIRE(space.decisions().size() == 6);
  CHECK(space.decisions()[5].ordinal);
  CHECK(space.size().digits == "1006015020015006001");
  CHECK(test_coordinates(space, {0, 1000, 500, 250, 1, 999}) == std::vector<double>{0, 1, 0.5, 0.25, 0.001, 0.999});
}

TEST_CASE("an unknown problem, a reference before the front and a wrong dimension are refused") {
  CHECK_THROWS_AS(test_problem("zdt5"), std::invalid_argument);
  CHECK_THROWS_AS(front_hypervolume(test_problem("zdt1"), std::vector<double>{0.5, 2}), std::invalid_argument);
  CHECK_THROWS_AS(front_hypervolume(test_problem("zdt1"), std::vector<double>{2, 2, 2}), std::invalid_argument);
  CHECK_THROWS_AS(front_hypervolume(test_problem("dtlz7"), std::vector<double>{1, 1, 5}), std::invalid_argument);
}
