// Several fidelities: which trial is measured next, at which budget. Successive halving, asynchronous or in brackets,
// and Hyperband, for several objectives.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "configs/config.hpp"
#include "search/objective.hpp"
#include "search/ranking.hpp"

namespace paretoforge {

/// The `fidelity:` map of a study's `search:`. Matters where objectives have rungs (Criterion::rungs), from rung to
/// rung whatever their budgets are; the papers' ladders rise by eta.
struct FidelitySettings {
  enum class Scheduler : std::uint8_t {
    /// A trial goes on as soon as it is among the best 1/eta of its rung (Li, Jamieson, Rostamizadeh, Gonina,
    /// Ben-tzur, Hardt, Recht and Talwalkar, "A system for massively parallel hyperparameter tuning", 2020); with
    /// several objectives as Schmucker et al. 2021.
    asha,
    /// Brackets of eta^(rungs) trials; the best 1/eta of a rung go on when all of it is known (Jamieson and Talwalkar,
    /// "Non-stochastic best arm identification and hyperparameter optimization", 2016).
    successive_halving,
    /// Brackets that begin at each rung in turn, the more trials the lower (Li, Jamieson, DeSalvo, Rostamizadeh and
    /// Talwalkar, "Hyperband", 2018).
    hyperband,
    /// The searcher says what goes on, by what its model expects of the full budget: see Searcher::promote. The default
    /// where the searcher can: `auto`.
    searcher
  };
  Scheduler scheduler = Scheduler::asha;
  std::uint32_t eta = 3;  ///< one in so many goes on; the papers' 3 (asynchronous: 4)
  Ranking ranking = Ranking::epsilon_net;

  /// {scheduler: asha | successive_halving | hyperband | searcher, eta: 2 to 1000, ranking: epsilon_net | hypervolume}.
  /// Throws ConfigError.
  static FidelitySettings read(const Config& fidelity);
};

/// How many trials Hyperband's bracket s of 0..full has at each of its rungs, from rung full - s to `full`:
/// ceil((full + 1) / (s + 1) * eta^s) are begun, and each rung keeps one in eta, rounded down.
std::vector<std::uint64_t> hyperband_sizes(std::uint32_t full, std::uint32_t s, std::uint32_t eta);

/// Decides what is measured next, from what it was told alone. Trials are told rung by rung; the ranking in a rung is
/// by the objectives known there (cheap ones, and readings or values of that rung); a failed or infeasible trial keeps
/// its place in the counts and never goes on.
class Promotions {
 public:
  /// Throws std::invalid_argument like full_rung.
  Promotions(std::span<const Criterion> criteria, const FidelitySettings& settings);

  struct Job {
    std::uint64_t trial;  ///< 0: a new one
    std::uint32_t rung;   ///< to measure it at
  };
  /// A promotion where there is one, else a new trial; where no more come and nothing can go on, nothing. Without rungs
  /// always a new trial.
  std::optional<Job> next() const { return next_; }
  /// The job was begun; a new trial with its number.
  void begin(Job job);
  /// What a rung gave.
  void tell(const Trial& trial);
  /// Whether promotions come from elsewhere until the study is closed.
  bool left_to_searcher() const { return full_ > 0 && settings_.scheduler == FidelitySettings::Scheduler::searcher; }
  /// No new trial will come: those begun but not told at their first rung are forgotten, brackets end with what they
  /// have, and of each rung that has any at least one goes on.
  void close();

 private:
  struct Entry {
    std::uint64_t trial;
    bool told = false;
    bool promoted = false;
    std::optional<std::vector<double>> costs = {};  ///< empty: cannot go on
  };
  struct Bracket {
    std::uint32_t first;                    ///< its lowest rung
    std::optional<std::uint64_t> size;      ///< trials that begin in it; empty: without end, and nothing waits
    std::vector<std::vector<Entry>> rungs;  ///< from the lowest on
  };

  Bracket bracket(std::size_t index) const;
  std::optional<Job> decide() const;
  std::optional<Job> promotion(const Bracket& bracket) const;
  std::optional<std::uint64_t> promoted_from(const std::vector<Entry>& rung, bool complete, bool waits) const;
  std::vector<double> known_costs(const Trial& trial) const;

  std::vector<Criterion> criteria_;
  FidelitySettings settings_;
  std::uint32_t full_;
  std::vector<Bracket> brackets_;
  std::map<std::uint64_t, std::size_t> bracket_of_;  ///< by trial
  bool closed_ = false;
  std::optional<Job> next_;
};

}  // namespace paretoforge
