// Studies that are degenerate or hopeless, with every searcher of the table: each comes to its end.
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "search/study.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A cheap and an expensive objective of a point.
struct Values {
  std::function<double(const Architecture&)> cheap, dear;
  std::optional<double> cheap_limit = {}, dear_limit = {};
  bool wished = false;  ///< with a region of interest, a soft limit, aspirations and reference points
};

StudyState studied(const SearcherKind& kind, const Space& space, const Values& values, std::uint64_t trials,
                   const std::optional<Config>& options = std::nullopt) {
  std::vector<Objective> objectives(2);
  objectives[0].name = "cheap";
  objectives[0].limit = values.cheap_limit;
  objectives[0].measure = [&](const Candidate& candidate) { return values.cheap(candidate.architecture); };
  objectives[1].name = "dear";
  objectives[1].goal = Goal::maximize;
  objectives[1].expensive = true;
  objectives[1].limit = values.dear_limit;
  if (values.wished) {
    objectives[0].enough = -1e300;
    objectives[0].soft_limit = objectives[0].reference = 1e300;
    objectives[1].soft_limit = 3;
    objectives[0].aspiration = objectives[1].aspiration = 5;
  }
  objectives[1].measure = [&](const Candidate& candidate) { return values.dear(candidate.architecture); };
  const SearchProblem problem{
      .space = space, .criteria = criteria(objectives), .seed = 1, .cheap = cheap_values(space, objectives)};
  return Study{.space = space,
               .objectives = objectives,
               .searcher = kind.make(problem, options),
               .budget = {.trials = trials},
               .identity = Identity::decisions}
      .run();
}

double sum(const Architecture& point) { return value_sum(point); }
double spread(const Architecture& point) { return point.empty() ? 0 : std::sqrt(7.0 * point[0] + value_sum(point)); }

template <class Check>
void with_every_searcher(const Check& check) {
  for (const SearcherKind& kind : searchers()) {
    INFO(kind.name);
    check(kind);
  }
}

}  // namespace

TEST_CASE("every searcher ends a study whose objectives are constant, with one member of the front") {
  with_every_searcher([](const SearcherKind& kind) {
    const auto three = [](const Architecture&) { return 3.0; };
    const auto state = studied(kind, chain_space(2, 6), {three, three}, 100);
    CHECK(state.end == End::exhausted);
    CHECK(state.trials.size() == 36);
    CHECK(state.front.members().size() == 1);
    CHECK(state.front.hypervolume() == 1);
  });
}

TEST_CASE("every searcher finds a single feasible point, and goes on without one to the least infeasible") {
  const Architecture lone{4, 2};
  with_every_searcher([&](const SearcherKind& kind) {
    const auto one = [&](const Architecture& point) { return point == lone ? 1.0 : 9.0; };
    const auto hardly = [&](const Architecture& point) { return -one(point); };
    for (const Values& values : {Values{one, spread, 2.0}, Values{sum, hardly, std::nullopt, -2.0}}) {
      const auto state = studied(kind, chain_space(2, 6), values, 100);
      REQUIRE(state.front.any_fits());
      CHECK(state.front.fitting() == 1);
      CHECK(fits(state.front.criteria(), picks(state.front)[0].trial));
      CHECK(picks(state.front)[0].trial.architecture == lone);
    }
    const auto none = studied(kind, chain_space(2, 6), {sum, spread, -1.0, std::nullopt}, 100);
    CHECK_FALSE(none.front.any_fits());
    CHECK(none.trials.size() == 36);
    CHECK(none.front.nearest_miss()->architecture == Architecture{0, 0});
    const auto dear = studied(kind, chain_space(2, 6), {sum, spread, std::nullopt, 1e9}, 20);
    CHECK_FALSE(dear.front.any_fits());
    CHECK(dear.counted == 20);
    CHECK(dear.front.nearest_miss().has_value());
  });
}

TEST_CASE("every searcher goes on through NaN, infinities, 1e-300 to 1e300 and failures in any number") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> ugly{nan, 1e300, 1e-300, -1e300, infinity, -infinity, 0, -1e-308, 1.7e308, -1.7e308};
  const auto value = [&](int factor) {
    return [&ugly, factor](const Architecture& point) {
      return ugly[(hash(point) / static_cast<unsigned>(factor)) % ugly.size()];
    };
  };
  const auto fails = [](const Architecture&) -> double { throw std::runtime_error("out of memory"); };
  const auto rarely = [](const Architecture& point) -> double {
    if (point[0] != 2) throw std::runtime_error("out of memory");
    return value_sum(point);
  };
  with_every_searcher([&](const SearcherKind& kind) {
    CHECK(studied(kind, chain_space(2, 8), {value(1), value(64)}, 100).trials.size() == 64);
    CHECK(studied(kind, chain_space(2, 8), {value(1), value(64), 0.0, 1e-300}, 100).trials.size() == 64);
    CHECK(
        studied(kind, chain_space(2, 8), {value(1), value(64), std::nullopt, std::nullopt, true}, 100).trials.size() ==
        64);
    CHECK(studied(kind, chain_space(2, 8), {sum, spread, 4.0, std::nullopt, true}, 100).end == End::exhausted);
    const auto all = studied(kind, chain_space(2, 8), {sum, fails}, 30);
    CHECK(all.counted == 30);
    CHECK(all.front.members().empty());
    CHECK_FALSE(all.front.nearest_miss().has_value());
    CHECK(studied(kind, chain_space(2, 8), {fails, sum}, 30).trials.size() == 64);  // none of them counts
    CHECK(studied(kind, chain_space(2, 8), {sum, rarely}, 60).counted == 60);
  });
}

TEST_CASE("every searcher takes spaces of one point, one decision, 500 decisions, more than 2^64 points, any budget") {
  with_every_searcher([](const SearcherKind& kind) {
    const Values values{sum, spread};
    CHECK(studied(kind, chain_space(1, 1), values, 10).trials.size() == 1);
    CHECK(studied(kind, Space(Config::parse("input: [2]\nlayers: [{linear: {out: 3}}]\n", "one.yaml")), values, 10)
              .trials.size() == 1);
    CHECK(studied(kind, chain_space(1, 9), values, 100).trials.size() == 9);  // fewer than a start asks for
    CHECK(studied(kind, chain_space(500, 2), values, 60).counted == 60);
    CHECK(studied(kind, chain_space(40, 8), values, 60).counted == 60);
    CHECK(studied(kind, chain_space(2, 8), values, 0).trials.empty());
    CHECK(studied(kind, chain_space(2, 8), values, 1).counted == 1);
  });
}
