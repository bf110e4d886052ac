// The start of a search with rungs: whose turn it is, that nothing comes twice, and what a short search ends with.
#include <algorithm>
#include <set>

#include "catch.hpp"
#include "search/scouting_internal.hpp"
#include "search/study.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

/// The conflicting objectives, the expensive one with rungs whose readings are low and a little noisy.
std::vector<Objective> readable_objectives(std::vector<double> rungs) {
  auto objectives = conflicting_objectives();
  const auto full = static_cast<double>(rungs.size());
  objectives[1].rungs = std::move(rungs);
  objectives[1].measure = [full, inner = objectives[1].measure](const Candidate& candidate) {
    Random random(derived_seed(candidate.seed, candidate.rung));
    return inner(candidate) - (full - candidate.rung) * (2 + 0.1 * random.uniform());
  };
  return objectives;
}

struct Scout {
  Space space;
  SearchProblem problem;
  Random random{1};
  CandidatePool pool;
  FreshPoints fresh;
  Scouting scouting;

  Scout(const Space& of, const std::vector<Objective>& objectives, std::size_t trials)
      : space(of),
        problem{.space = space, .criteria = criteria(objectives), .cheap = cheap_values(space, objectives)},
        pool(problem, random),
        fresh(problem),
        scouting(problem, pool, trials, 600) {}

  Proposed begin(const Architecture& point) {
    fresh.take(point);
    auto [looked, row] = pool.look_up(point);
    scouting.note_begun(looked);
    return {.point = std::move(looked), .row = std::move(row), .readings = std::vector<ReadingRow>(2)};
  }
  Proposed read(const Architecture& point) {
    Proposed proposed = begin(point);
    proposed.readings[1].costs = {-value_sum(point)};
    scouting.tell(proposed);
    return proposed;
  }
};

StudyState searched(const Space& space, const std::vector<Objective>& objectives, std::uint64_t trials,
                    unsigned threads = 1) {
  Study study{.space = space,
              .objectives = objectives,
              .searcher = searcher_named("auto", Config::make_scalar("auto"))
                              .make({.space = space,
                                     .criteria = criteria(objectives),
                                     .seed = 1,
                                     .cheap = cheap_values(space, objectives)},
                                    std::nullopt),
              .budget = {.trials = trials},
              .threads = threads,
              .identity = Identity::decisions,
              .fidelity = {.scheduler = FidelitySettings::Scheduler::searcher}};
  return study.run();
}

}  // namespace

TEST_CASE("scouting begins once some were read and ends when enough were begun, whoever chose them") {
  Scout scout(chain_space(4, 4), readable_objectives({0.1, 0.5}), 60);
  std::size_t begun = 0;
  for (; begun < 5; ++begun) {
    CHECK_FALSE(scout.scouting.due());
    scout.read(scout.pool[31 * begun].architecture);
  }
  for (; scout.scouting.due(); ++begun) scout.read(scout.scouting.choose({}, scout.fresh).value());
  CHECK(begun == 60);
}

TEST_CASE("what others propose is chosen no more") {
  const Space space = chain_space(4, 4);
  Scout scout(space, readable_objectives({0.1}), 1000);
  std::set<Architecture> seen;
  for (std::size_t i = 0; i < 10; ++i) seen.insert(scout.read(scout.pool[25 * i].architecture).point.architecture);
  for (std::size_t turn = 0; turn < 40; ++turn) {
    // Every third comes from elsewhere: the first that is left.
    Architecture point;
    if (turn % 3 == 0) {
      for (std::size_t i = 0; i < scout.pool.size() && point.empty(); ++i)
        if (scout.fresh.available(scout.pool[i].architecture)) point = scout.pool[i].architecture;
    } else {
      const auto chosen = scout.scouting.choose({}, scout.fresh);
      if (!chosen) break;  // nothing is expected to improve
      point = *chosen;
    }
    REQUIRE(seen.insert(point).second);
    scout.read(point);
  }
}

TEST_CASE("there is no scouting where something modelled has no rungs, or no reading came") {
  auto objectives = readable_objectives({0.1});
  objectives.push_back(
      {{.name = "other", .expensive = true}, [](const Candidate& c) { return value_sum(c.architecture); }});
  Scout mixed(chain_space(3, 3), objectives, 20);
  CHECK_FALSE(mixed.scouting.due());

  Scout failing(chain_space(3, 3), readable_objectives({0.1}), 20);
  for (std::size_t i = 0; i < 10; ++i) failing.scouting.tell(failing.begin(failing.pool[i].architecture));
  CHECK_FALSE(failing.scouting.due());
}

TEST_CASE("a short search with rungs has trained networks fully") {
  const StudyState state = searched(chain_space(4, 5), readable_objectives({0.1}), 50);
  const auto complete = std::count_if(state.trials.begin(), state.trials.end(),
                                      [](const Trial& trial) { return trial.state == TrialState::complete; });
  CHECK(complete >= 50 / 3);  // of those that were read one in three, once no more come
  CHECK(complete < 50);
}

TEST_CASE("in a space that is not weighed whole nothing comes twice, and threads change nothing") {
  const auto objectives = readable_objectives({0.05, 0.3});
  const Space space = chain_space(10, 5);
  auto first = searched(space, objectives, 60).trials;
  auto second = searched(space, objectives, 60, 3).trials;
  for (auto* trials : {&first, &second})
    for (Trial& trial : *trials) trial.seconds = 0;
  CHECK(first == second);
  std::set<Architecture> seen;
  for (const Trial& trial : first) CHECK(seen.insert(trial.architecture).second);
}
