// Orders within a layer: known pictures, and that they are orders.
#include "search/ranking.hpp"

#include <algorithm>
#include <numeric>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

Costs costs_of(const std::vector<std::vector<double>>& rows) {
  Costs costs(rows[0].size());
  for (const auto& row : rows) costs.add(row);
  return costs;
}

std::vector<std::size_t> all(const Costs& costs) {
  std::vector<std::size_t> members(costs.size());
  std::iota(members.begin(), members.end(), std::size_t{0});
  return members;
}

}  // namespace

TEST_CASE("an epsilon-net takes the ends, then the middle, then the quarters") {
  const Costs line = costs_of({{3, 1}, {1, 3}, {2, 2}, {0, 4}, {4, 0}});
  CHECK(epsilon_net_order(line, all(line)) == std::vector<std::size_t>{3, 4, 2, 0, 1});
  const std::vector<std::size_t> some{1, 2, 4};
  CHECK(epsilon_net_order(line, some) == std::vector<std::size_t>{1, 4, 2});
}

TEST_CASE("an epsilon-net does not depend on the units of objectives") {
  const Costs line = costs_of({{0, 4e300}, {1e-300, 3e300}, {2e-300, 2e300}, {3e-300, 1e300}, {4e-300, 0}});
  CHECK(epsilon_net_order(line, all(line)) == std::vector<std::size_t>{0, 4, 2, 1, 3});
}

TEST_CASE("points by the hypervolume that is theirs alone") {
  // Scaled to 0..1 below (1.1, 1.1): alone the ends have 0.4 * 0.1 and 0.1 * 0.45, the inner ones 0.2 * 0.4 and 0.4 *
  // 0.15.
  const Costs four = costs_of({{0, 10}, {4, 6}, {6, 4.5}, {10, 0}});
  const auto order = hypervolume_order(four, all(four));
  CHECK(order == std::vector<std::size_t>{1, 2, 3, 0});
}

TEST_CASE("the best are whole layers first, and of equal points all have a place") {
  const Costs points = costs_of({{5, 5}, {0, 1}, {1, 0}, {2, 2}, {9, 9}});
  for (const Ranking ranking : {Ranking::epsilon_net, Ranking::hypervolume}) {
    CHECK(best(points, 3, ranking) == std::vector<std::size_t>{1, 2, 3});
    CHECK(best(points, 0, ranking).empty());
    CHECK(best(points, 99, ranking) == std::vector<std::size_t>{1, 2, 3, 0, 4});
  }
  const Costs equal = costs_of({{1, 1}, {1, 1}, {1, 1}});
  CHECK(best(equal, 2, Ranking::epsilon_net) == std::vector<std::size_t>{0, 1});
  CHECK(best(equal, 2, Ranking::hypervolume) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("each beginning of an epsilon-net covers its layer within twice the best radius") {
  Random random(5);
  for (int round = 0; round < 20; ++round) {
    Costs line(2);
    std::vector<double> at(9);
    for (double& x : at) x = random.uniform();
    at[0] = 0, at[1] = 1;
    for (const double x : at) line.add(std::vector<double>{x, 1 - x});
    const auto order = epsilon_net_order(line, all(line));
    std::vector<std::size_t> sorted = order;
    std::sort(sorted.begin(), sorted.end());
    REQUIRE(sorted == all(line));
    const auto radius = [&](const std::vector<std::size_t>& centres) {
      double worst = 0;
      for (const double x : at) {
        double nearest = 2;
        for (const std::size_t c : centres) nearest = std::min(nearest, std::abs(x - at[c]));
        worst = std::max(worst, nearest);
      }
      return worst;
    };
    double least = 2;  // over all sets of three
    for (std::size_t a = 0; a < 9; ++a)
      for (std::size_t b = 0; b < a; ++b)
        for (std::size_t c = 0; c < b; ++c) least = std::min(least, radius({a, b, c}));
    CHECK(radius({order[0], order[1], order[2]}) <= 2 * least + 1e-12);
  }
}
