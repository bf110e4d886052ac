// Which paused trial goes on before there is a model: hypervolume of readings, worked out by hand.
#include <limits>

#include "catch.hpp"
#include "search/promising_internal.hpp"

using namespace paretoforge;

namespace {

/// A trial of two costs, the first cheap, the second read.
Proposed read(double cheap, double reading, bool paused = true, double effort = 1) {
  Proposed proposed{};
  proposed.point.costs = {cheap, std::numeric_limits<double>::quiet_NaN()};
  proposed.point.effort = effort;
  proposed.readings = {{}, {{}, {reading}}};
  proposed.paused = paused;
  return proposed;
}

}  // namespace

TEST_CASE("the paused trial goes on whose reading adds most hypervolume") {
  // Scaled to 0 .. 1 in both: (0, 1), (0.5, 0.2), (1, 0), and two worse ones that make the ninth decile.
  std::vector<Proposed> told{read(0, 10), read(5, 2), read(10, 0), read(10, 10), read(10, 10)};
  CHECK(most_promising(told) == 1u);
  told[1].paused = false;
  // Behind (0.5, 0.2) the first adds 0.5 of width and a hair of height, the third the rest of the height and a hair of
  // width: 0.5 * 0.01 against 0.01 * 0.2.
  CHECK(most_promising(told) == 0u);
  told[0].paused = false;
  CHECK(most_promising(told) == 2u);
}

TEST_CASE("what takes less training goes first where both add as much") {
  const std::vector<Proposed> told{read(1, 5, true, 2), read(1, 5, true, 0.5), read(9, 9), read(9, 9)};
  CHECK(most_promising(told) == 1u);
}

TEST_CASE("where nothing adds anything the best of the rest goes on, and nothing where none is paused") {
  std::vector<Proposed> told{read(1, 1, false), read(2, 3), read(2, 2), read(9, 9, false)};
  CHECK(most_promising(told) == 2u);
  for (Proposed& each : told) each.paused = false;
  CHECK_FALSE(most_promising(told));
  CHECK_FALSE(most_promising({}));
  Proposed unread = read(1, 1);
  unread.readings[1].costs.clear();
  CHECK_FALSE(most_promising(std::vector{unread}));
}

TEST_CASE("equal and huge readings") {
  CHECK(most_promising(std::vector{read(1, 5), read(1, 5)}) == 0u);
  CHECK(most_promising(std::vector{read(-1e308, 1e308), read(1e308, -1e308), read(0, 0)}).has_value());
}
