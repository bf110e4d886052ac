// A training's score and zero-cost scores of the same network as one number: the mean of where each stands among those of
// reference networks, which are drawn from the space and trained likewise once. A training short enough for a search errs
// by chance, what a network is made of does not: together they rank better than either (experiments/reports/proxies).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "configs/config.hpp"
#include "experiments/scoring.hpp"
#include "experiments/trained_scores.hpp"
#include "search/objective.hpp"
#include "search/trial.hpp"

namespace paretoforge {

/// What `ranks:` of an objective that trains says: a list of scores, or {ensemble: [names], batch, repeats, seed, reference}.
struct RanksWish {
  static constexpr std::uint64_t least_reference = 10;

  std::vector<std::string> scores;        ///< by name, at least one
  Config section = Config::make_map({});  ///< of them, as make_scoring reads it
  std::uint64_t seed = 1;                 ///< of the choice of reference networks and of their trainings
  std::uint64_t reference = 32;           ///< networks, least_reference to 1000

  /// Throws ConfigError.
  static RanksWish read(const Config& ranks);
  /// Of a study whose trials are the reference: other points than the first trials of one with the same seed.
  std::uint64_t reference_seed() const;
};

/// Safe to use from many threads at once, once it knows its reference.
class RankedTraining {
 public:
  /// The score of trainings that is ranked, and what stands beside it.
  struct Parts {
    NamedScore score;
    std::shared_ptr<TrainedScores> trained;
    std::size_t which = 0;  ///< of the scores there
    std::shared_ptr<const Scoring> scoring;
  };
  RankedTraining(RanksWish wish, Parts parts) : wish_(std::move(wish)), parts_(std::move(parts)) {}

  const RanksWish& wish() const { return wish_; }
  /// What a study of reference networks measures last: the training's score, then each of the others.
  std::vector<Objective> objectives() const;
  /// The reference: trials of such a study, of which those that are complete count. Throws std::invalid_argument where
  /// those are fewer than least_reference.
  void rank_among(std::span<const Trial> reference);
  /// As Measure has it: 0 to 1, and beyond the reference a little more or less (see paretoforge::rank_among).
  double value(const Candidate& candidate) const;

 private:
  RanksWish wish_;
  Parts parts_;
  std::vector<Rank> ranks_;  ///< by objective; of costs turned round where less is better
};

}  // namespace paretoforge
