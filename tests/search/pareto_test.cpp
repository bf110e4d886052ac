// Dominance, layers and crowding: closed forms, then brute force.
#include "search/pareto.hpp"

#include <limits>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Costs points_of(std::size_t width, const std::vector<std::vector<double>>& rows) {
  Costs points(width);
  for (const auto& row : rows) points.add(row);
  return points;
}

/// Takes away what nothing dominates, again and again: the definition.
std::vector<std::int32_t> layers_by_definition(const Costs& points) {
  std::vector<std::int32_t> layer(points.size(), -1);
  for (std::int32_t current = 0;; ++current) {
    std::vector<std::size_t> taken;
    for (std::size_t i = 0; i < points.size(); ++i) {
      bool free = layer[i] < 0;
      for (std::size_t j = 0; free && j < points.size(); ++j) free = layer[j] >= 0 || !dominates(points[j], points[i]);
      if (free) taken.push_back(i);
    }
    if (taken.empty()) return layer;
    for (const auto i : taken) layer[i] = current;
  }
}

}  // namespace

TEST_CASE("a point dominates where it is nowhere worse and somewhere better") {
  const std::vector<double> a{1, 2}, b{1, 3}, c{2, 1};
  CHECK(dominates(a, b));
  CHECK_FALSE(dominates(b, a));
  CHECK_FALSE(dominates(a, c));
  CHECK_FALSE(dominates(a, a));
}

TEST_CASE("layers of a known picture") {
  const auto points = points_of(2, {{1, 4}, {2, 2}, {4, 1}, {2, 5}, {3, 3}, {5, 5}, {2, 2}});
  CHECK(nondominated_layers(points) == std::vector<std::int32_t>{0, 0, 0, 1, 1, 2, 0});
  CHECK(nondominated_layers(Costs(3)).empty());
  CHECK(nondominated_layers(points_of(4, {{1, 2, 3, 4}})) == std::vector<std::int32_t>{0});
}

TEST_CASE("layers agree with the definition, ties and infinities included") {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const std::size_t width = 1 + random.below(6), count = random.below(80);
    const std::uint64_t levels = 1 + random.below(round % 2 ? 6 : 1000);
    Costs points(width);
    std::vector<double> row(width);
    for (std::size_t i = 0; i < count; ++i) {
      for (double& value : row) {
        value = static_cast<double>(random.below(levels));
        if (random.chance(0.02)) value = random.chance(0.5) ? infinity : -infinity;
      }
      points.add(row);
    }
    INFO("round " << round << ", " << width << " objectives");
    REQUIRE(nondominated_layers(points) == layers_by_definition(points));
  }
}

TEST_CASE("crowding distance is the gap between neighbours, relative to the range") {
  const auto points = points_of(2, {{0, 10}, {1, 5}, {4, 4}, {10, 0}});
  const std::vector<std::size_t> all{0, 1, 2, 3};
  const auto distance = crowding_distances(points, all);
  CHECK(distance[0] == infinity);
  CHECK(distance[3] == infinity);
  CHECK(distance[1] == Approx(0.4 + 0.6));
  CHECK(distance[2] == Approx(0.9 + 0.5));
  CHECK(crowding_distances(points, std::vector<std::size_t>{}).empty());
}

TEST_CASE("crowding of equal points, of one point and of huge ranges is a number") {
  CHECK(crowding_distances(points_of(2, {{1, 1}}), std::vector<std::size_t>{0}) == std::vector<double>{0});
  const auto equal = crowding_distances(points_of(2, {{1, 1}, {1, 1}, {1, 1}}), std::vector<std::size_t>{0, 1, 2});
  CHECK(equal == std::vector<double>{0, 0, 0});
  const auto huge =
      crowding_distances(points_of(2, {{-1.7e308, 1}, {0, 0.5}, {1.7e308, 0}}), std::vector<std::size_t>{0, 1, 2});
  CHECK(huge[1] == Approx(2));
}
