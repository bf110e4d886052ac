// The default searcher: limits known before a trial, cheap problems solved exactly, better than chance where a model
// can know, repeats by network avoided.
#include "search/auto_search.hpp"

#include <algorithm>

#include "catch.hpp"
#include "search/study.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

/// A study of the default searcher that asks what cheap objectives say.
StudyState searched(const Space& space, const std::vector<Objective>& objectives, std::uint64_t trials,
                    const std::string& algorithm = "auto", Identity identity = Identity::decisions,
                    std::uint64_t seed = 1) {
  const auto kind = std::find_if(searchers().begin(), searchers().end(),
                                 [&](const SearcherKind& each) { return each.name == algorithm; });
  const SearchProblem problem{.space = space,
                              .criteria = criteria(objectives),
                              .seed = seed,
                              .points = nullptr,
                              .cheap = cheap_values(space, objectives)};
  Study study{.space = space,
              .objectives = objectives,
              .searcher = kind->make(problem, std::nullopt),
              .budget = {.trials = trials},
              .identity = identity};
  return study.run();
}

}  // namespace

TEST_CASE("candidates known to miss a limit are proposed only when no others are left") {
  const Space space = chain_space(4, 4);
  auto objectives = conflicting_objectives();
  objectives[0].limit = 4;
  std::size_t fitting = 0;
  space.enumerate([&](const Architecture& point) { return fitting += value_sum(point) <= 4, true; });
  const StudyState state = searched(space, objectives, 1000);
  REQUIRE(state.trials.size() == 256);
  for (std::size_t i = 0; i < state.trials.size(); ++i)
    CHECK((state.trials[i].state == TrialState::complete) == (i < fitting));
  // The least infeasible come first.
  CHECK(value_sum(state.trials[fitting].architecture) == 5);
}

TEST_CASE("where a limit leaves almost nothing of a large space, what keeps it is found without a trial") {
  const Space space = chain_space(30, 4);
  auto objectives = conflicting_objectives();
  objectives[0].limit = 8;  // of a mean of 45
  const StudyState state = searched(space, objectives, 20);
  for (const Trial& trial : state.trials) CHECK(trial.state == TrialState::complete);
}

TEST_CASE("where every objective is cheap the front is proposed first") {
  const Space space = chain_space(3, 5);
  auto objectives = conflicting_objectives();
  objectives[1].expensive = false;
  Front whole(criteria(objectives));
  std::uint64_t number = 0;
  space.enumerate([&](const Architecture& point) {
    const auto values = cheap_values(space, objectives)(point).value();
    return whole.add({.number = ++number, .architecture = point, .values = values}), true;
  });
  const StudyState state = searched(space, objectives, whole.members().size());
  CHECK(state.front.members().size() == whole.members().size());
}

TEST_CASE("the front of a smooth problem is found in fewer trials than chance needs") {
  const Space space = chain_space(5, 5);
  const auto objectives = conflicting_objectives();
  const std::vector<double> best{0, -12}, worst{20, 0};
  double model = 0, chance = 0;
  for (const std::uint64_t seed : {1, 2}) {
    model += searched(space, objectives, 40, "auto", Identity::decisions, seed).front.hypervolume(best, worst) / 2;
    chance += searched(space, objectives, 120, "random", Identity::decisions, seed).front.hypervolume(best, worst) / 2;
  }
  CHECK(model > chance);
}

TEST_CASE("in a space too large to weigh whole, few trials find what evolution finds in five times as many") {
  const Space space = chain_space(30, 4);  // 10^18 points
  const auto objectives = conflicting_objectives();
  const std::vector<double> best{0, -349}, worst{90, 0};
  for (const std::uint64_t seed : {1, 2}) {
    const double model =
        searched(space, objectives, 60, "auto", Identity::decisions, seed).front.hypervolume(best, worst);
    const double bred =
        searched(space, objectives, 300, "nsga2", Identity::decisions, seed).front.hypervolume(best, worst);
    INFO("seed " << seed << ": " << model << " beside " << bred);
    CHECK(model > bred);
  }
}

TEST_CASE("where cheap objectives are slow, far fewer candidates are asked what they cost") {
  const auto objectives = conflicting_objectives();
  const Space space = chain_space(30, 4);
  const auto asked = [&](bool slow) {
    std::size_t calls = 0;
    const CheapValues values = cheap_values(space, objectives);
    const SearchProblem problem{.space = space,
                                .criteria = criteria(objectives),
                                .cheap =
                                    [&](const Architecture& point) {
                                      ++calls;
                                      return values(point);
                                    },
                                .cheap_is_slow = slow};
    AutoSearch searcher(problem, {});
    const std::size_t before = calls;
    for (std::uint64_t number = 1; number <= 40; ++number) {
      const auto point = searcher.ask();
      REQUIRE(point);
      searcher.tell({.number = number, .architecture = *point, .values = {value_sum(*point), 1.0}});
    }
    return calls - before;
  };
  const std::size_t quick = asked(false), slow = asked(true);
  INFO(quick << " and " << slow);
  CHECK(quick > 3000);
  CHECK(slow < quick / 5);
}

TEST_CASE("with three objectives, two of them expensive, and with none that is cheap, improvement goes on") {
  const Space space = chain_space(5, 4);
  auto objectives = conflicting_objectives();
  objectives.push_back({{.name = "third", .expensive = true}, [](const Candidate& c) {
                          double sum = 0;
                          for (std::size_t i = 0; i < c.architecture.size(); ++i)
                            sum += (c.architecture[i] - 1.5) * (c.architecture[i] - 1.5) * static_cast<double>(i + 1);
                          return sum;
                        }});
  const std::vector<double> best{0, -12, 0}, worst{15, 0, 34};
  for (const bool any_cheap : {true, false}) {
    objectives[0].expensive = !any_cheap;
    const double model = searched(space, objectives, 60).front.hypervolume(best, worst);
    CHECK(model > searched(space, objectives, 60, "random").front.hypervolume(best, worst));
  }
}

TEST_CASE("once a proposal turned out to be a known network, isomorphic networks are proposed no more") {
  // Cells of none, skip and 1x1 alone: 729 points of which many are the same network.
  const auto objectives = conflicting_objectives();
  const SearchProblem problem{.space = cell_space(),
                              .criteria = criteria(objectives),
                              .seed = 3,
                              .points =
                                  [] {
                                    auto points = std::make_shared<std::vector<Architecture>>();
                                    cell_space().enumerate([&](const Architecture& point) {
                                      if (*std::max_element(point.begin(), point.end()) <= 2) points->push_back(point);
                                      return true;
                                    });
                                    return points;
                                  }(),
                              .cheap = cheap_values(cell_space(), objectives)};
  Study study{.space = cell_space(),
              .objectives = objectives,
              .searcher = std::make_unique<AutoSearch>(problem, AutoOptions{}),
              .budget = {.trials = 100}};
  const StudyState state = study.run();
  CHECK(state.trials.size() == 100);
  CHECK(state.repeats <= 12);
}
