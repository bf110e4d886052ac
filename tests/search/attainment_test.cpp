// Attainment surfaces: by hand, and against the definition.
#include "search/attainment.hpp"

#include <algorithm>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

using Surface = std::vector<std::array<double, 2>>;

Costs run(const Surface& points) {
  Costs costs(2);
  for (const auto& point : points) costs.add(point);
  return costs;
}

bool attains(std::span<const double> point, std::span<const double> at) {
  return point[0] <= at[0] && point[1] <= at[1];
}

}  // namespace

TEST_CASE("the surfaces of three runs, by hand") {
  const std::vector<Costs> runs{run({{1, 3}, {3, 1}}), run({{2, 2}}), run({{3, 3}, {4, 4}})};
  CHECK(attainment_surface(runs, 0.01) == Surface{{1, 3}, {2, 2}, {3, 1}});  // the best of all
  CHECK(attainment_surface(runs, 1.0 / 3) == attainment_surface(runs, 0.01));
  CHECK(attainment_surface(runs, 0.5) == Surface{{2, 3}, {3, 2}});
  CHECK(attainment_surface(runs, 1) == Surface{{3, 3}});  // the worst of all
}

TEST_CASE("runs without points, no runs, and what is no share") {
  const std::vector<Costs> runs{run({{1, 1}}), run({})};
  CHECK(attainment_surface(runs, 0.5) == Surface{{1, 1}});
  CHECK(attainment_surface(runs, 1).empty());
  CHECK(attainment_surface(std::span<const Costs>(), 0.5).empty());
  CHECK_THROWS_AS(attainment_surface(runs, 0), std::invalid_argument);
  CHECK_THROWS_AS(attainment_surface(runs, 1.5), std::invalid_argument);
  CHECK_THROWS_AS(attainment_surface(std::vector{Costs(3)}, 1), std::invalid_argument);
}

TEST_CASE("a point lies on or behind the surface exactly where enough runs attain it") {
  Random random(9);
  std::vector<Costs> runs;
  for (int r = 0; r < 7; ++r) {
    Surface points;
    for (int i = 0; i < 12; ++i)
      points.push_back({static_cast<double>(random.below(20)), static_cast<double>(random.below(20))});
    runs.push_back(run(points));
  }
  for (const double share : {0.25, 0.5, 0.75, 1.0}) {
    const Surface surface = attainment_surface(runs, share);
    for (double x = -1; x <= 20; ++x)
      for (double y = -1; y <= 20; ++y) {
        const std::array<double, 2> at{x, y};
        const auto count = std::count_if(runs.begin(), runs.end(), [&](const Costs& points) {
          bool any = false;
          for (std::size_t i = 0; i < points.size(); ++i) any |= attains(points[i], at);
          return any;
        });
        const bool behind =
            std::any_of(surface.begin(), surface.end(), [&](const auto& corner) { return attains(corner, at); });
        REQUIRE(behind == (static_cast<double>(count) >= share * 7));
      }
  }
}
