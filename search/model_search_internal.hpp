// The loop of model-based searchers: a random start, then what their model says, never a point twice.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "search/forecast_internal.hpp"
#include "search/fresh_points.hpp"
#include "search/history_internal.hpp"
#include "search/searcher.hpp"

namespace paretoforge {

/// `start` trials are drawn at random; once so many were asked for and one was told (at once where 0) `choose`
/// proposes, and where it has nothing that may be proposed the nearest point (of a list) or a random one takes its
/// place.
class ModelSearch : public Searcher {
 public:
  std::optional<Architecture> ask() final;
  void tell(const Trial& trial) override { history_.tell(trial); }
  void update(const Trial& trial) override { history_.update(trial); }
  bool exhausted() const final { return points_.exhausted(); }

 protected:
  ModelSearch(const SearchProblem& problem, std::size_t start);
  /// A point that may be proposed, or another that says where to look for one.
  virtual std::optional<Architecture> choose() = 0;

  SearchProblem problem_;
  FreshPoints points_;
  Random random_;
  History history_;

 private:
  std::size_t start_;
};

/// Reads a whole number of a `search:` map where it has the key; throws ConfigError outside `least` .. `most`.
void read_count(const Config& search, std::string_view key, std::size_t& value, std::int64_t least, std::int64_t most);

/// What searchers with one surrogate per objective have in common.
struct ForecastSettings {
  std::size_t start = 20;       ///< random trials before the first model
  std::size_t refit = 1;        ///< trials told between fits
  std::size_t pool = 500;       ///< candidates weighed for each proposal
  BreedingRates rates = {};     ///< of candidates
  std::size_t most_rows = 500;  ///< trials that models are fitted on
};

/// Candidates are bred, foreseen and weighed; the best is proposed, and counts as a fantasy until it is told.
class ForecastSearch : public ModelSearch {
 protected:
  ForecastSearch(const SearchProblem& problem, const ForecastModels& models, const ForecastSettings& settings)
      : ModelSearch(problem, settings.start),
        forecaster_(problem, models, settings.most_rows),
        pool_(problem, settings.rates),
        settings_(settings) {
    // Every forty columns more make models and candidates dearer: fewer are weighed, and fits are further apart.
    const std::size_t wide = 1 + problem.space.encoding_width() / 40;
    settings_.refit *= wide;
    settings_.pool = std::max<std::size_t>(10, settings_.pool / wide);
  }
  std::optional<Architecture> choose() final;
  /// What may be proposed, foreseen: bred from the fittest trials.
  virtual std::vector<Outlook> candidates();
  /// The position of the one to propose; there is at least one.
  virtual std::size_t pick(std::span<const Outlook> outlooks) = 0;

  /// What is pending and was foreseen, in the order of the asks.
  std::span<const Outlook> fantasies() const { return fantasies_; }
  /// The front as measured, and what is pending at its expected costs.
  Costs expected_front() const;
  /// Where hypervolume should be improved, given that front.
  Box box_beyond(const Costs& front) const;
  /// The position of the outlook whose means improve that front most.
  std::size_t most_improving(std::span<const Outlook> outlooks) const;
  /// The fittest trials, ranked.
  std::vector<Individual> parents() const;

  Forecaster forecaster_;
  BredCandidates pool_;
  ForecastSettings settings_;

 private:
  void refit();
  std::vector<Outlook> fantasies_;
  std::size_t fitted_at_ = 0;  ///< trials told when the models were fitted last
};

}  // namespace paretoforge
