// What many-objective searchers stand on: reference points, normalisation, niches.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "catch.hpp"
#include "search/normalisation.hpp"
#include "search/nsga3.hpp"
#include "search/reference_points.hpp"

using namespace paretoforge;

namespace {

Costs points_of(std::size_t objectives, const std::vector<std::vector<double>>& rows) {
  Costs points(objectives);
  for (const auto& row : rows) points.add(row);
  return points;
}

std::vector<double> row(const Costs& points, std::size_t i) { return {points[i].begin(), points[i].end()}; }

constexpr auto achievement = Normalisation::Extremes::achievement;
constexpr auto corners = Normalisation::Extremes::corners;

}  // namespace

TEST_CASE("Das-Dennis points are all multiples of one part that add up to one") {
  CHECK(das_dennis_count(3, 12) == 91);  // as in Deb and Jain's table
  CHECK(das_dennis_count(5, 6) == 210);
  CHECK(das_dennis_count(2, 19) == 20);
  CHECK(das_dennis_count(1, 7) == 1);
  CHECK(das_dennis_count(4, 0) == 1);
  CHECK(das_dennis_count(60, 1000) == std::numeric_limits<std::uint64_t>::max());
  for (std::size_t objectives = 1; objectives <= 6; ++objectives)
    for (std::size_t partitions = 1; partitions <= 5; ++partitions) {
      const Costs points = das_dennis(objectives, partitions);
      REQUIRE(points.size() == das_dennis_count(objectives, partitions));
      std::set<std::vector<double>> distinct;
      for (std::size_t i = 0; i < points.size(); ++i) {
        double sum = 0;
        for (const double v : points[i]) {
          REQUIRE(v * static_cast<double>(partitions) == Approx(std::round(v * static_cast<double>(partitions))));
          sum += v;
        }
        REQUIRE(sum == Approx(1));
        distinct.insert(row(points, i));
      }
      REQUIRE(distinct.size() == points.size());
    }
}

TEST_CASE("reference points are as many as fit, in two layers where one would be all boundary") {
  CHECK(reference_points(2, 20).size() == 20);
  CHECK(reference_points(3, 20).size() == 15);
  CHECK(reference_points(3, 100).size() == 91);
  CHECK(reference_points(1, 20).size() == 1);
  CHECK(reference_points(6, 2).size() == 6);  // never fewer than objectives
  CHECK(reference_points(2, 2).size() == 2);
  const Costs two_layers = reference_points(6, 20);  // one part: 6 corners, and 6 half-way to the centre
  REQUIRE(two_layers.size() == 12);
  for (std::size_t i = 6; i < 12; ++i) {
    double sum = 0;
    for (const double v : two_layers[i]) {
      CHECK(v > 0);
      sum += v;
    }
    CHECK(sum == Approx(1));
  }
}

TEST_CASE("the hyperplane through extreme points gives the intercepts of a plane, in any units") {
  // On the plane x/2 + y/4 + z/8 = 1 above an ideal point, the extremes a little off the axes.
  for (const double unit : {1e-300, 1.0, 1e300}) {
    const std::vector<double> ideal{5 * unit, -3 * unit, 0};
    std::vector<std::vector<double>> rows;
    for (const auto& [x, y] : std::vector<std::pair<double, double>>{{1.6, 0.4}, {0.2, 3.2}, {0.2, 0.4}, {0.7, 1.3}})
      rows.push_back({ideal[0] + x * unit, ideal[1] + y * unit, ideal[2] + 8 * (1 - x / 2 - y / 4) * unit});
    for (const auto kind : {achievement, corners}) {
      const Normalisation normalise(points_of(3, rows), ideal, kind);
      CHECK(normalise.extremes() == std::vector<std::size_t>{0, 1, 2});
      for (const auto& each : rows) {
        const auto point = normalise(each);
        CHECK(point[0] + point[1] + point[2] == Approx(1));
        CHECK(point[0] == Approx((each[0] - ideal[0]) / unit / 2));
      }
    }
  }
}

TEST_CASE("without a hyperplane axes end at the worst of the front, and constant objectives are 0") {
  const Normalisation line(points_of(2, {{1, 10}, {3, 6}}), std::vector<double>{1, 6}, achievement);
  CHECK(line(std::vector<double>{2, 8}) == std::vector<double>{0.5, 0.5});
  const Normalisation single(points_of(3, {{1, 2, 3}}), std::vector<double>{1, 2, 3}, corners);
  CHECK(single(std::vector<double>{1, 2, 3}) == std::vector<double>{0, 0, 0});
  CHECK(single(std::vector<double>{2, 2, 3})[0] > 1);
  const Normalisation constant(points_of(3, {{0, 4, 7}, {4, 0, 7}}), std::vector<double>{0, 0, 7}, achievement);
  CHECK(constant(std::vector<double>{4, 1, 7}) == std::vector<double>{1, 0.25, 0});
  const Normalisation huge(points_of(2, {{-1e308, 1e308}, {1e308, -1e308}}), std::vector<double>{-1e308, -1e308},
                           achievement);
  CHECK(huge(std::vector<double>{0, 0}) == std::vector<double>{0.5, 0.5});
  for (const double v : huge(std::vector<double>{1e308, 1e308})) CHECK(v <= 1.0 + 1e-9);
}

TEST_CASE("niches: directions without anyone are served first, by the nearest to them") {
  const Costs directions = das_dennis(2, 4);  // (0,1) (.25,.75) (.5,.5) (.75,.25) (1,0)
  const Costs chosen = points_of(2, {{0, 1}, {0.01, 0.99}, {1, 0}});
  const Costs last = points_of(2, {{0.02, 0.98}, {0.5, 0.55}, {0.5, 0.49}, {0.24, 0.76}, {0.74, 0.26}, {0.99, 0.01}});
  Random random(1);
  auto three = niched(chosen, last, directions, 3, random);
  std::sort(three.begin(), three.end());
  CHECK(three == std::vector<std::size_t>{2, 3, 4});
  // Then (.5,.5) and (1,0) have one each and a candidate left, (0,1) has two already.
  auto five = niched(chosen, last, directions, 5, random);
  std::sort(five.begin(), five.end());
  CHECK(five == std::vector<std::size_t>{1, 2, 3, 4, 5});
  CHECK(niched(chosen, last, directions, 6, random).size() == 6);
  CHECK(niched(chosen, last, directions, 0, random).empty());
}

TEST_CASE("niches with the same number of members are served with the same chance") {
  const Costs directions = das_dennis(2, 1);
  const Costs last = points_of(2, {{0.1, 1}, {1, 0.1}});
  Random random(2);
  int first = 0;
  for (int i = 0; i < 2000; ++i) first += niched(Costs(2), last, directions, 1, random)[0] == 0;
  CHECK(first / 2000.0 == Approx(0.5).margin(0.04));
}
