// A small study as a process of its own, to be killed: study_child FOLDER SEARCHER THREADS TRIALS SLEEP_MICROSECONDS
// [SCHEDULER]; with a scheduler its expensive objective has two rungs.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include "search/study.hpp"
#include "search/trials_csv.hpp"
#include "spaces.hpp"

using namespace paretoforge;

int main(int count, char** arguments) try {
  const std::filesystem::path folder = arguments[1];
  const int sleep = std::stoi(arguments[5]);
  const Space space = cell_space();
  auto objectives = conflicting_objectives();
  objectives[0].limit = 12;
  objectives[1].measure = [sleep, inner = objectives[1].measure](const Candidate& candidate) {
    Random random(candidate.seed);
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(static_cast<std::uint64_t>(sleep) + 1)));
    if (random.chance(0.1)) throw std::runtime_error("unlucky");
    return inner(candidate) + random.uniform() - (2 - candidate.rung);
  };
  const std::string scheduler = count > 6 ? arguments[6] : "";
  if (!scheduler.empty()) objectives[1].rungs = {1.0 / 9, 1.0 / 3};
  Store store = Store::open(folder, {"child", arguments[2]});
  const SearchProblem problem{.space = space, .criteria = criteria(objectives), .seed = 3};
  const auto settings = SearchSettings::read(
      Config::parse(std::string("{algorithm: ") + arguments[2] + ", trials: " + arguments[4] +
                        (scheduler.empty() ? "" : ", fidelity: {scheduler: " + scheduler + "}") + "}",
                    "child"));
  Study study{.space = space,
              .objectives = objectives,
              .searcher = settings.make(problem),
              .budget = {.trials = settings.trials},
              .store = &store,
              .threads = static_cast<unsigned>(std::stoi(arguments[3])),
              .seed = 3,
              .fidelity = settings.fidelity};
  const StudyState state = study.run();
  replace_file(folder / "trials.csv", trials_csv(space, problem.criteria, state.trials));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
