#include "kernels_bench.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "search/hypervolume.hpp"
#include "search/pareto.hpp"
#include "space/random.hpp"

#ifdef PARETOFORGE_PAGMO
#include <pagmo/utils/hv_algos/hv_hv3d.hpp>
#include <pagmo/utils/hv_algos/hv_hvwfg.hpp>
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>
#endif

using namespace paretoforge;

namespace {

enum class Shape { sphere, uniform, levels };
constexpr const char* words[] = {"all on one front", "uniform", "uniform, 20 levels"};

Costs random_points(std::size_t count, std::size_t width, Shape shape) {
  Random random(2);
  Costs points(width);
  std::vector<double> row(width);
  for (std::size_t i = 0; i < count; ++i) {
    double length = 0;
    for (double& value : row) {
      value = shape == Shape::sphere ? std::abs(random.normal()) : random.uniform();
      if (shape == Shape::levels) value = std::floor(20 * value) / 20;
      length += value * value;
    }
    // Seen from the corner (1, ..., 1) every point of the sphere around it is on the front.
    if (shape == Shape::sphere)
      for (double& value : row) value = 1 - value / std::sqrt(length);
    points.add(row);
  }
  return points;
}

/// The least time of each, tried in turns for a second in all.
std::vector<double> least_seconds(const std::vector<std::function<void()>>& works) {
  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
  };
  std::vector<double> least(works.size(), std::numeric_limits<double>::infinity());
  const auto start = Clock::now();
  for (int round = 0; round < 3 || (round < 100 && since(start) < 1); ++round) {
    for (std::size_t w = 0; w < works.size(); ++w) {
      const auto begin = Clock::now();
      works[w]();
      least[w] = std::min(least[w], since(begin));
    }
  }
  return least;
}

void print(const std::string& what, const std::vector<std::function<void()>>& works) {
  const std::vector<double> seconds = least_seconds(works);
  std::printf("%-72s %10.3f ms", what.c_str(), 1e3 * seconds[0]);
  if (seconds.size() > 1) {
    const double pagmo = *std::min_element(seconds.begin() + 1, seconds.end());
    std::printf("   pagmo %10.3f ms, %.1f times ours", 1e3 * pagmo, pagmo / seconds[0]);
  }
  std::printf("\n");
}

#ifdef PARETOFORGE_PAGMO
std::vector<pagmo::vector_double> pagmo_points(const Costs& points) {
  std::vector<pagmo::vector_double> rows;
  for (std::size_t i = 0; i < points.size(); ++i) rows.emplace_back(points[i].begin(), points[i].end());
  return rows;
}

void check(bool same, const std::string& what) {
  if (!same) std::printf("DIFFERS FROM PAGMO: %s\n", what.c_str());
}
#endif

void bench_layers(std::size_t count, std::size_t width, Shape shape) {
  const Costs points = random_points(count, width, shape);
  const std::string what = "non-dominated layers of " + std::to_string(count) + " points x " + std::to_string(width) +
                           ", " + words[static_cast<int>(shape)];
  std::vector<std::int32_t> layers;
  std::vector<std::function<void()>> works{[&] { layers = nondominated_layers(points); }};
#ifdef PARETOFORGE_PAGMO
  const auto rows = pagmo_points(points);
  pagmo::fnds_return_type sorted;
  works.emplace_back([&] { sorted = pagmo::fast_non_dominated_sorting(rows); });
#endif
  print(what, works);
#ifdef PARETOFORGE_PAGMO
  const auto& ranks = std::get<3>(sorted);
  check(std::equal(ranks.begin(), ranks.end(), layers.begin(), layers.end(),
                   [](auto a, auto b) { return a == static_cast<decltype(a)>(b); }),
        what);
#endif
}

void bench_hypervolume(std::size_t count, std::size_t width, Shape shape) {
  const Costs points = random_points(count, width, shape);
  const std::vector<double> reference(width, 1.0);
  const std::string of =
      std::to_string(count) + " points x " + std::to_string(width) + ", " + words[static_cast<int>(shape)];
  double volume = 0;
  std::vector<std::function<void()>> works{[&] { volume = hypervolume(points, reference); }};
#ifdef PARETOFORGE_PAGMO
  const pagmo::hypervolume theirs(pagmo_points(points), false);
  double their_volume = 0;
  const auto with = [&](auto algorithm) {
    works.emplace_back([&, algorithm]() mutable { their_volume = theirs.compute(reference, algorithm); });
  };
  if (width == 3) with(pagmo::hv3d());
  if (width > 3)
    for (const unsigned stop : {2u, 3u}) with(pagmo::hvwfg(stop));
#endif
  print("hypervolume of " + of, works);
#ifdef PARETOFORGE_PAGMO
  check(std::abs(volume - their_volume) < 1e-9 * volume, "hypervolume of " + of);
#endif
  print("hypervolume contributions of " + of, {[&] { hypervolume_contributions(points, reference); }});
}

}  // namespace

void bench_kernels() {
#ifndef PARETOFORGE_PAGMO
  std::printf("pagmo 2 was not found when this was built (Debian: libpagmo-dev): no comparison\n");
#endif
  for (const Shape shape : {Shape::sphere, Shape::uniform, Shape::levels}) {
    for (const std::size_t width : {2, 3, 5}) bench_layers(10'000, width, shape);
    bench_hypervolume(1000, 3, shape);
    for (const std::size_t width : {4, 5}) bench_hypervolume(200, width, shape);
  }
}
