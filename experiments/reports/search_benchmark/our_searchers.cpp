// A searcher inside a stopwatch, and the study around it.
#include <algorithm>
#include <chrono>
#include <unordered_set>

#include "experiments/reports/search_benchmark/contestant.hpp"
#include "search/searcher.hpp"
#include "search/study.hpp"

namespace paretoforge::benchmark {

namespace {

using Clock = std::chrono::steady_clock;

/// Passes everything on; counts seconds and points proposed twice.
class Watched final : public Searcher {
 public:
  Watched(std::unique_ptr<Searcher> searcher, Outcome& outcome) : searcher_(std::move(searcher)), outcome_(outcome) {}

  std::optional<Architecture> ask() override {
    const auto begin = Clock::now();
    auto proposal = searcher_->ask();
    note_seconds(begin);
    if (proposal) outcome_.repeats += !proposed_.insert(*proposal).second;
    return proposal;
  }
  void tell(const Trial& trial) override {
    const auto begin = Clock::now();
    searcher_->tell(trial);
    note_seconds(begin);
  }
  bool exhausted() const override { return searcher_->exhausted(); }

 private:
  void note_seconds(Clock::time_point begin) {
    outcome_.searcher_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  }

  std::unique_ptr<Searcher> searcher_;
  Outcome& outcome_;
  std::unordered_set<Architecture, ArchitectureHash> proposed_;
};

Outcome run(const Problem& problem, const SearcherKind& kind, const std::optional<Config>& options, std::uint64_t seed,
            std::uint64_t trials) {
  Outcome outcome;
  const std::vector<Objective> objectives = problem.objectives();
  const SearchProblem known{.space = problem.space(),
                            .criteria = criteria(objectives),
                            .seed = seed,
                            .points = problem.points(),
                            .cheap = problem.cheap()};
  Study study{.space = problem.space(),
              .objectives = objectives,
              .searcher = std::make_unique<Watched>(kind.make(known, options), outcome),
              .budget = {.trials = trials},
              .identity = Identity::decisions,
              .seed = seed,
              .on_told = [&](const StudyState& state, bool entered_front) {
                outcome.shares.push_back(entered_front ? problem.share(state.front) : outcome.shares.back());
              }};
  study.run();
  return outcome;
}

}  // namespace

std::vector<Contestant> our_searchers(const std::optional<Config>& options) {
  std::vector<Contestant> result;
  for (const SearcherKind& kind : searchers())
    result.push_back({std::string(kind.name), std::string(kind.summary),
                      [&kind, options](const Problem& problem, std::uint64_t seed, std::uint64_t trials) {
                        // A study refuses other keys when it is read; here a search map comes without one.
                        if (options) options->allow(std::vector<std::string>(kind.options.begin(), kind.options.end()));
                        return run(problem, kind, options, seed, trials);
                      }});
  return result;
}

}  // namespace paretoforge::benchmark
