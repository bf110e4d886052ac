// Wishes: what they say of a value, how they order trials, and that searchers are steered by them.
#include "search/wishes.hpp"

#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "search/front.hpp"
#include "search/nsga2.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

Trial complete(std::uint64_t number, std::vector<double> values) {
  Trial trial{.number = number};
  for (const double value : values) trial.values.emplace_back(value);
  return trial;
}

Costs rows(const std::vector<std::vector<double>>& all) {
  Costs points(all.at(0).size());
  for (const auto& row : all) points.add(row);
  return points;
}

/// a + b = 1 on 101 points: all of it is the front.
std::vector<std::vector<double>> line() {
  std::vector<std::vector<double>> all;
  for (int i = 0; i <= 100; ++i) all.push_back({i / 100.0, 1 - i / 100.0});
  return all;
}

}  // namespace

TEST_CASE("a soft limit is missed relative to itself, a region relative to its width, on both sides") {
  const Wishes soft({{.name = "a", .soft_limit = 40}, {.name = "b", .goal = Goal::maximize, .soft_limit = 60}});
  CHECK(soft.any());
  CHECK(soft.outside(std::vector{40.0, -60.0}) == 0);
  CHECK(soft.outside(std::vector{50.0, -60.0}) == Approx(0.25));
  CHECK(soft.outside(std::vector{50.0, -45.0}) == Approx(0.5));
  const Wishes region({{.name = "a", .soft_limit = 20, .enough = 5}, {.name = "b"}});
  CHECK(region.outside(std::vector{5.0, 1e9}) == 0);
  CHECK(region.outside(std::vector{20.0, 0.0}) == 0);
  CHECK(region.outside(std::vector{23.0, 0.0}) == Approx(0.2));
  CHECK(region.outside(std::vector{2.0, 0.0}) == Approx(0.2));
  CHECK_FALSE(Wishes({{.name = "a", .limit = 1, .reference = 2}}).any());
}

TEST_CASE("misses stay finite for the smallest and greatest numbers") {
  for (const double bound : {0.0, 1e-300, 1.0, 1e300, 1.7e308})
    for (const double value : {-1.7e308, -1e-300, 0.0, 1e-300, 1e300, 1.7e308}) {
      Wishes wishes({{.name = "a", .soft_limit = bound, .enough = -bound, .aspiration = bound}, {.name = "b"}});
      wishes.note(complete(1, {value, 1}));
      wishes.note(complete(2, {-1.7e308, 2}));
      CHECK(std::isfinite(wishes.miss(std::vector{value, 0.0})));
      CHECK(wishes.miss(std::vector{value, 0.0}) >= 0);
    }
}

TEST_CASE("without wishes the layers are the non-dominated ones; with them each layer is ordered by its misses") {
  const Costs points = rows({{1, 9}, {5, 5}, {9, 1}, {6, 6}, {8, 4}, {9, 9}});
  const std::vector<Criterion> plain{{.name = "a"}, {.name = "b"}};
  CHECK(Wishes(plain).layers(points) == nondominated_layers(points));
  CHECK(Wishes().layers(points) == nondominated_layers(points));
  const Wishes soft({{.name = "a", .soft_limit = 5}, {.name = "b"}});
  // Layer 0 is {1,9}, {5,5}, {9,1}, {8,4}: the first two keep it, then 8, then 9; {6,6} and {9,9} follow as before.
  CHECK(soft.layers(points) == std::vector<std::int32_t>{0, 0, 2, 3, 1, 4});
}

TEST_CASE("what lies around the point of the front nearest to the aspiration misses nothing") {
  Wishes wishes({{.name = "a", .aspiration = 0.3}, {.name = "b", .aspiration = 0.3}});
  CHECK(wishes.miss(std::vector{5.0, 5.0}) == 0);  // nothing is known of the front yet
  std::uint64_t number = 0;
  for (const auto& row : line()) wishes.note(complete(++number, row));
  // The nearest is (0.5, 0.5) at sqrt(0.08); so far plus 0.1 counts as near.
  const double nearest = std::sqrt(0.08);
  CHECK(wishes.distance(std::vector{0.5, 0.5}) == Approx(nearest));
  CHECK(wishes.miss(std::vector{0.5, 0.5}) == 0);
  CHECK(wishes.miss(std::vector{0.6, 0.4}) == 0);
  CHECK(wishes.miss(std::vector{1.0, 0.0}) == Approx(std::hypot(0.7, 0.3) - nearest - Wishes::nearness));
  // Trials that break a limit, and objectives nobody hopes for, have no part in it.
  Wishes limited({{.name = "a", .limit = 0.6, .aspiration = 0.3}, {.name = "b"}});
  limited.note(complete(1, {0.9, 0}));
  CHECK(limited.miss(std::vector{0.9, 0.0}) == 0);
}

TEST_CASE(
    "the box of improvement ends at the reference, at limits, at soft limits once they are kept, near the aspiration") {
  const std::vector<double> best{1, 2}, worst{100, 50};
  const Costs front = rows({{1, 40}, {30, 20}, {90, 2}});
  const auto box = [&](std::vector<Criterion> criteria) {
    Wishes wishes(criteria);
    for (std::size_t i = 0; i < front.size(); ++i) wishes.note(complete(i + 1, {front[i][0], front[i][1]}));
    return wishes.box(front, best, worst);
  };
  CHECK(box({{.name = "a"}, {.name = "b"}}).worst == worst);
  CHECK(box({{.name = "a", .reference = 200}, {.name = "b"}}).worst == std::vector<double>{200, 50});
  CHECK(box({{.name = "a", .limit = 60}, {.name = "b", .limit = 70}}).worst == std::vector<double>{60, 50});
  CHECK(box({{.name = "a", .soft_limit = 40}, {.name = "b", .soft_limit = 30}}).worst == std::vector<double>{40, 30});
  CHECK(box({{.name = "a", .soft_limit = 40}, {.name = "b", .soft_limit = 10}}).worst == worst);  // none keeps both
  const Box region = box({{.name = "a", .soft_limit = 40, .enough = 10}, {.name = "b"}});
  CHECK(region.best == std::vector<double>{10, 2});
  CHECK(region.worst == std::vector<double>{40, 50});
  // The nearest is (30, 20); the ranges of the front are 89 and 38.
  const Box near = box({{.name = "a", .aspiration = 30}, {.name = "b", .aspiration = 10}});
  CHECK(near.worst[0] == Approx(38.9));
  CHECK(near.worst[1] == Approx(23.8));
}

TEST_CASE("survivors keep the soft limit first, and all of the front where there is room") {
  std::vector<Individual> all;
  const Wishes soft({{.name = "a", .soft_limit = 0.2}, {.name = "b"}});
  for (const auto& row : line()) all.push_back({.costs = row, .miss = soft.miss(row)});
  for (const Individual& kept : least_crowded(all, 10)) CHECK(kept.costs[0] <= 0.2);
  const auto more = least_crowded(all, 30);
  CHECK(std::count_if(more.begin(), more.end(), [](const auto& i) { return i.costs[0] <= 0.2; }) == 21);
  CHECK(std::all_of(more.begin(), more.end(), [](const auto& i) { return i.costs[0] <= 0.2901; }));
  std::vector<Individual> broken{{.costs = {0.1, 0.1}, .violation = 1}, {.costs = {0.9, 0.1}, .miss = 1e6}};
  CHECK(least_crowded(broken, 1)[0].costs[0] == 0.9);  // a limit comes before every wish
}

TEST_CASE("every searcher that learns finds more of what is wished for than without the wish") {
  const Space space = chain_space(12, 6);
  // What cannot be had together: few units, and much of what each brings.
  const auto measured = [](std::uint64_t number, const Architecture& point) {
    double quality = 0;
    for (std::size_t i = 0; i < point.size(); ++i)
      quality += std::sqrt(static_cast<double>(point[i]) * static_cast<double>(i + 1));
    return Trial{.number = number, .architecture = point, .values = {value_sum(point), quality}};
  };
  // Of the second half of 400 trials; of 120 where each ask weighs candidates with a model.
  const auto inside = [&](const SearcherKind& kind, const std::vector<Criterion>& criteria, double from, double to) {
    const auto searcher = kind.make({.space = space, .criteria = criteria, .seed = 3}, std::nullopt);
    const std::uint64_t trials = kind.modelled ? 120 : 400;
    int found = 0;
    for (std::uint64_t n = 1; n <= trials; ++n) {
      const Trial trial = measured(n, searcher->ask().value());
      searcher->tell(trial);
      found += n > trials / 2 && *trial.values[0] >= from && *trial.values[0] <= to;
    }
    return found;
  };
  const Criterion quality{.name = "quality", .goal = Goal::maximize};
  for (const SearcherKind& kind : searchers()) {
    if (kind.name != "nsga2" && kind.name != "reinforce" && (!kind.modelled || kind.name == "auto")) continue;
    INFO(kind.name);
    const int plain = inside(kind, {{.name = "size"}, quality}, 40, 45);
    CHECK(inside(kind, {{.name = "size", .soft_limit = 45, .enough = 40}, quality}, 40, 45) > 2 * plain);
    // A policy takes thousands of trials to turn: of it more is asked, not twice as much.
    const int factor = kind.name == "reinforce" ? 1 : 2;
    CHECK(inside(kind, {{.name = "size", .aspiration = 42}, quality}, 40, 45) > factor * plain);
    const int small = inside(kind, {{.name = "size"}, quality}, 0, 20);
    CHECK(inside(kind, {{.name = "size", .soft_limit = 20}, quality}, 0, 20) > small);
  }
}

TEST_CASE("the reference point is where the hypervolume's box ends, in whatever is told") {
  const std::vector<Criterion> criteria{{.name = "a", .reference = 10},
                                        {.name = "b", .goal = Goal::maximize, .reference = 0}};
  Front front(criteria);
  front.add(complete(1, {20, 5}));
  CHECK(front.hypervolume() == 0);  // worse than the reference
  front.add(complete(2, {5, 10}));
  CHECK(front.hypervolume() == 1);  // the best corner so far
  front.add(complete(3, {0, 5}));
  CHECK(front.hypervolume() == Approx(0.75));  // (10 x 5 + 5 x 5) / (10 x 10)
  CHECK(front.worst() == std::vector<double>{10, 0});
  CHECK(hypervolume_history(criteria, std::vector<Trial>{complete(1, {20, 5}), complete(2, {5, 10}),
                                                         complete(3, {0, 5})}) == std::vector<double>{0, 0.5, 0.75});
}

TEST_CASE("picks are taken among what is wished for; the best past it is added") {
  const std::vector<Trial> trials{complete(1, {5, 80}), complete(2, {15, 90}), complete(3, {30, 95}),
                                  complete(4, {50, 96})};
  const auto reasons = [&](std::vector<Criterion> criteria) {
    std::vector<std::pair<std::uint64_t, std::string>> list;
    for (const Pick& pick : picks(Front(std::move(criteria), trials)))
      list.emplace_back(pick.trial.number, pick.reason);
    return list;
  };
  const Criterion accuracy{.name = "accuracy_pct", .goal = Goal::maximize, .expensive = true};
  using List = std::vector<std::pair<std::uint64_t, std::string>>;
  CHECK(reasons({{.name = "latency_ms", .soft_limit = 20}, accuracy}) ==
        List{{2, "most accurate within the soft limits"},
             {1, "best bargain, fastest"},
             {4, "most accurate, past the soft limits"}});
  CHECK(reasons({{.name = "latency_ms", .soft_limit = 2}, accuracy})[0] ==
        std::pair<std::uint64_t, std::string>{1, "nearest to the soft limits, fastest"});
  CHECK(reasons({{.name = "latency_ms", .aspiration = 29}, accuracy})[2] ==
        std::pair<std::uint64_t, std::string>{3, "nearest to the aspiration"});
}
