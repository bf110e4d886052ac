// Stages of growing complexity.
#include "search/progressive.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "search/model_search_internal.hpp"
#include "search/neural_ensemble.hpp"
#include "search/nsga2.hpp"

namespace paretoforge {

std::size_t complexity(const Architecture& point) {
  return static_cast<std::size_t>(
      std::count_if(point.begin(), point.end(), [](std::int32_t value) { return value > 0; }));
}

Architecture grown(const Space& space, const Architecture& point, std::size_t steps, Random& random) {
  Architecture result = point;
  std::vector<std::size_t> simple;
  for (std::size_t step = 0; step < steps; ++step) {
    simple.clear();
    for (std::size_t d = 0; d < result.size(); ++d)
      if (result[d] == 0 && space.decisions()[d].labels.size() > 1) simple.push_back(d);
    if (simple.empty()) break;
    const std::size_t d = simple[random.below(simple.size())];
    result[d] = static_cast<std::int32_t>(1 + random.below(space.decisions()[d].labels.size() - 1));
    result = space.canonical(std::move(result));
  }
  return result;
}

namespace {

constexpr int tries_per_candidate = 4;

class Progressive final : public ForecastSearch {
 public:
  Progressive(const SearchProblem& problem, const ProgressiveOptions& options)
      : ForecastSearch(problem, {[] { return std::make_unique<NeuralEnsemble>(); }, false},
                       {.start = 0, .refit = options.beam, .pool = options.pool}),
        options_(options),
        decisions_(problem.space.decisions().size()),
        simplest_(problem.space.canonical(Architecture(decisions_, -1))) {}

 protected:
  std::vector<Outlook> candidates() override {
    if (in_stage_ >= (stage_ == 0 ? 1 : options_.beam)) next_stage();
    std::vector<Outlook> passed_over;
    for (std::size_t turn = 0; turn <= options_.stages; ++turn, next_stage()) {
      std::vector<Outlook> outlooks = forecaster_.outlooks(grown_points());
      if (outlooks.empty()) continue;
      if (hopeless(outlooks)) {
        if (passed_over.empty()) passed_over = std::move(outlooks);
        continue;
      }
      ++in_stage_;
      return outlooks;
    }
    return passed_over;
  }

  std::size_t pick(std::span<const Outlook> outlooks) override {
    return history_.trials() == 0 ? random_.below(outlooks.size()) : most_improving(outlooks);
  }

 private:
  /// The greatest complexity of a stage's points; stage 0 is the simplest point alone.
  std::size_t most_complex(std::size_t stage) const {
    return (decisions_ * stage + options_.stages - 1) / options_.stages;
  }

  /// Whether a stage, once all were tried, has nothing that is expected to come as near to limits and wishes as what is
  /// known already.
  bool hopeless(std::span<const Outlook> outlooks) const {
    if (!came_round_) return false;
    double least = std::numeric_limits<double>::infinity();
    for (const Individual& known : history_.ranked(forecaster_.scales()))
      if (known.violation == 0) least = std::min(least, known.miss);
    return std::isfinite(least) && std::none_of(outlooks.begin(), outlooks.end(), [&](const Outlook& outlook) {
             return outlook.overshoot == 0 && outlook.miss <= least + Wishes::nearness;
           });
  }

  void next_stage() {
    came_round_ = came_round_ || stage_ == options_.stages;
    stage_ = stage_ % options_.stages + 1;
    in_stage_ = 0;
  }

  bool in_stage(const Architecture& point) const {
    const std::size_t size = complexity(point);
    return size <= most_complex(stage_) && (size == 0 ? stage_ <= 1 : size > most_complex(stage_ - 1));
  }

  /// The fittest of the stages before this one.
  std::vector<Individual> beam() const {
    std::vector<Individual> all = history_.ranked(forecaster_.scales());
    std::erase_if(all,
                  [&](const Individual& tried) { return complexity(tried.architecture) > most_complex(stage_ - 1); });
    if (all.empty()) all.push_back({.architecture = simplest_});
    return least_crowded(std::move(all), options_.beam);
  }

  std::vector<Architecture> grown_points() {
    std::set<Architecture> found;
    const auto add = [&](const Architecture& point) {
      if (in_stage(point) && points_.available(point)) found.insert(point);
    };
    if (stage_ == 0) {
      if (points_.available(simplest_)) found.insert(simplest_);
    } else if (problem_.points) {
      for (std::size_t i = 0; i < tries_per_candidate * settings_.pool && found.size() < settings_.pool; ++i)
        add((*problem_.points)[random_.below(problem_.points->size())]);
    } else {
      const std::vector<Individual> parents = beam();
      for (std::size_t i = 0; i < tries_per_candidate * settings_.pool && found.size() < settings_.pool; ++i) {
        const Architecture& parent = parents[random_.below(parents.size())].architecture;
        const std::size_t room = most_complex(stage_) - complexity(parent);
        const std::size_t least = most_complex(stage_ - 1) + 1 - std::min(complexity(parent), most_complex(stage_ - 1));
        if (room >= least) add(grown(problem_.space, parent, least + random_.below(room - least + 1), random_));
      }
    }
    return {found.begin(), found.end()};
  }

  ProgressiveOptions options_;
  std::size_t decisions_;
  Architecture simplest_;
  std::size_t stage_ = 0, in_stage_ = 0;
  bool came_round_ = false;  ///< all stages had their turn
};

}  // namespace

ProgressiveOptions ProgressiveOptions::read(const Config& search) {
  ProgressiveOptions options;
  read_count(search, "beam", options.beam, 1, 100000);
  read_count(search, "stages", options.stages, 1, 1000);
  read_count(search, "pool", options.pool, 10, 100000);
  return options;
}

std::unique_ptr<Searcher> make_progressive(const SearchProblem& problem, const ProgressiveOptions& options) {
  return std::make_unique<Progressive>(problem, options);
}

}  // namespace paretoforge
