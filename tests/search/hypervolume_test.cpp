// Hypervolume: closed forms, then inclusion and exclusion over all subsets.
#include "search/hypervolume.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

Costs costs_of(const std::vector<std::vector<double>>& rows, std::size_t width) {
  Costs points(width);
  for (const auto& row : rows) points.add(row);
  return points;
}

double volume_of(const std::vector<std::vector<double>>& rows, const std::vector<double>& reference) {
  return hypervolume(costs_of(rows, reference.size()), reference);
}

/// The sum over all subsets of the box that they share, with alternating sign.
double by_inclusion_exclusion(const std::vector<std::vector<double>>& rows, const std::vector<double>& reference) {
  double sum = 0;
  for (unsigned subset = 1; subset < (1u << rows.size()); ++subset) {
    double box = 1;
    for (std::size_t k = 0; k < reference.size(); ++k) {
      double corner = -std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < rows.size(); ++i)
        if (subset >> i & 1) corner = std::max(corner, rows[i][k]);
      box *= std::max(0.0, reference[k] - corner);
    }
    sum += std::popcount(subset) % 2 == 1 ? box : -box;
  }
  return sum;
}

std::vector<std::vector<double>> random_rows(std::size_t count, std::size_t width, std::uint64_t levels,
                                             Random& random) {
  std::vector<std::vector<double>> rows(count, std::vector<double>(width));
  for (auto& row : rows)
    for (double& value : row) value = static_cast<double>(random.below(levels)) / static_cast<double>(levels);
  return rows;
}

}  // namespace

TEST_CASE("hypervolume of boxes and stairs") {
  CHECK(volume_of({}, {1, 1}) == 0);
  CHECK(volume_of({{0.5}}, {2}) == 1.5);
  CHECK(volume_of({{0, 0}}, {2, 3}) == 6);
  CHECK(volume_of({{0, 2}, {1, 1}, {2, 0}}, {3, 3}) == 6);
  CHECK(volume_of({{0, 0, 1}, {0, 1, 0}, {1, 0, 0}}, {2, 2, 2}) == 7);
  CHECK(volume_of({{0, 0, 0, 0, 0}}, {1, 2, 3, 4, 5}) == 120);
  CHECK(volume_of({{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}, {2, 2, 2, 2}) == 15);
}

TEST_CASE("points that do not reach the reference, doubled and dominated ones add nothing") {
  CHECK(volume_of({{0, 0}, {0, 0}, {0.5, 0.5}}, {1, 1}) == 1);
  CHECK(volume_of({{1, 0}, {2, -5}}, {1, 1}) == 0);
  CHECK(volume_of({{0, 0, 0}, {0, 0, 0}, {0, 0.5, 0.5}, {3, 3, 3}}, {1, 1, 1}) == 1);
  CHECK_THROWS_AS(hypervolume(Costs(2), std::vector<double>{1, 1, 1}), std::invalid_argument);
}

TEST_CASE("hypervolume agrees with inclusion and exclusion in 1 to 6 objectives") {
  Random random(2);
  for (int round = 0; round < 240; ++round) {
    const std::size_t width = 1 + static_cast<std::size_t>(round) % 6;
    const auto rows = random_rows(random.below(11), width, random.chance(0.5) ? 4 : 1000, random);
    const std::vector<double> reference(width, 0.9);
    INFO("round " << round << ", " << width << " objectives, " << rows.size() << " points");
    REQUIRE(volume_of(rows, reference) == Approx(by_inclusion_exclusion(rows, reference)).epsilon(1e-12).margin(1e-14));
  }
}

TEST_CASE("hypervolume does not depend on the order of points or of objectives") {
  Random random(3);
  for (std::size_t width = 2; width <= 5; ++width) {
    auto rows = random_rows(60, width, 1000, random);
    const double volume = volume_of(rows, std::vector<double>(width, 1.0));
    random.shuffle(rows);
    for (auto& row : rows) std::rotate(row.begin(), row.begin() + 1, row.end());
    CHECK(volume_of(rows, std::vector<double>(width, 1.0)) == Approx(volume).epsilon(1e-12));
  }
}

TEST_CASE("an objective that is constant scales the volume of the others") {
  Random random(4);
  const auto flat = random_rows(80, 3, 1000, random);
  auto lifted = flat;
  for (auto& row : lifted) row.push_back(0.25);
  CHECK(volume_of(lifted, {1, 1, 1, 1}) == Approx(0.75 * volume_of(flat, {1, 1, 1})).epsilon(1e-12));
}

TEST_CASE("contributions of boxes and stairs") {
  const auto of = [](const std::vector<std::vector<double>>& rows, const std::vector<double>& reference) {
    return hypervolume_contributions(costs_of(rows, reference.size()), reference);
  };
  using Volumes = std::vector<double>;
  CHECK(of({}, {1, 1}).empty());
  CHECK(of({{0.5}, {0.25}, {3}}, {2}) == Volumes{0, 0.25, 0});
  CHECK(of({{0, 2}, {1, 1}, {2, 0}}, {3, 3}) == Volumes{1, 1, 1});
  CHECK(of({{0, 0}, {0.5, 0.5}}, {1, 1}) == Volumes{0.75, 0});  // what a dominated point covers is not covered alone
  CHECK(of({{0, 0}, {0, 0}, {0.5, 0.5}}, {1, 1}) == Volumes{0, 0, 0});
  CHECK(of({{0, 0, 1}, {0, 1, 0}, {1, 0, 0}}, {2, 2, 2}) == Volumes{1, 1, 1});
  CHECK(of({{0, 0, 0}}, {1, 2, 3}) == Volumes{6});
  CHECK(of({{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}, {2, 2, 2, 2}) == Volumes{1, 1, 1, 1});
  CHECK_THROWS_AS(hypervolume_contributions(Costs(2), std::vector<double>{1, 1, 1}), std::invalid_argument);
}

TEST_CASE("a contribution is what the volume loses without the point, ties and doubles included") {
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    const std::size_t width = 1 + static_cast<std::size_t>(round) % 5;
    const auto rows = random_rows(random.below(30), width, random.chance(0.5) ? 5 : 1000, random);
    const std::vector<double> reference(width, 0.9);
    const auto contributions = hypervolume_contributions(costs_of(rows, width), reference);
    REQUIRE(contributions.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto others = rows;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      INFO("round " << round << ", " << width << " objectives, point " << i << " of " << rows.size());
      REQUIRE(contributions[i] == Approx(volume_of(rows, reference) - volume_of(others, reference)).margin(1e-12));
    }
  }
}

TEST_CASE("contributions of a front of hundreds, and of coordinates far apart") {
  Random random(6);
  for (const std::size_t width : {2, 3}) {
    // On a plane nobody dominates anybody.
    auto rows = random_rows(300, width, 100000, random);
    for (auto& row : rows) {
      row.back() = 3;
      for (std::size_t k = 0; k + 1 < width; ++k) row.back() -= row[k];
    }
    const std::vector<double> reference(width, 4.0);
    const auto contributions = hypervolume_contributions(costs_of(rows, width), reference);
    const double all = volume_of(rows, reference);
    for (std::size_t i = 0; i < rows.size(); i += 17) {
      auto others = rows;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      CHECK(contributions[i] == Approx(all - volume_of(others, reference)).margin(1e-11));
    }
  }
  const std::vector<std::vector<double>> far{{0, 1e-200, 0}, {1e-200, 0, 0}};
  for (const double contribution : hypervolume_contributions(costs_of(far, 3), std::vector<double>{1e100, 1e100, 1}))
    CHECK(contribution == Approx(1e-100));
}

TEST_CASE("a power of two on an objective is one on the volume, to the bit") {
  Random random(7);
  for (std::size_t width = 1; width <= 6; ++width) {
    const auto rows = random_rows(25, width, 1000, random);
    // Two far ends that cancel, so that the product itself stays a number.
    auto far = rows;
    std::vector<double> reference(width, 1.0), far_reference = reference;
    for (const auto& [k, exponent] : {std::pair<std::size_t, int>{0, 900}, {width - 1, -880}}) {
      for (auto& row : far) row[k] = std::ldexp(row[k], exponent);
      far_reference[k] = std::ldexp(far_reference[k], exponent);
    }
    INFO(width << " objectives");
    const int total = 20;
    CHECK(volume_of(far, far_reference) == std::ldexp(volume_of(rows, reference), total));
    const auto near_parts = hypervolume_contributions(costs_of(rows, width), reference);
    const auto far_parts = hypervolume_contributions(costs_of(far, width), far_reference);
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(far_parts[i] == std::ldexp(near_parts[i], total));
  }
}
