// The first trials of a search with rungs: a search of its own at the lowest of them. Private to the default searcher.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/auto_models_internal.hpp"

namespace paretoforge {

/// Readings are cheap, and say what the few values of the full budget that a search can pay for do not: which kinds of
/// networks are good. So networks are first chosen for their reading alone, as if the lowest rung were the full budget,
/// until so many were begun. Limits and wishes on what has rungs are of the full budget, and left out here. Only where
/// all that is modelled has rungs.
class Scouting {
 public:
  /// The candidates are a copy of `pool`, and evolve on their own where it is not complete.
  Scouting(const SearchProblem& problem, const CandidatePool& pool, std::size_t trials, std::size_t most_rows);

  /// Whether the next trial should be chosen here.
  bool due() const { return !over() && read_ >= least_read; }

  /// The network whose reading is expected to add most to the front of readings; nothing where none is expected to, and
  /// scouting is over.
  std::optional<Architecture> choose(std::span<const Proposed> waiting, const FreshPoints& fresh);

  /// A trial was begun at the lowest rung, whoever chose it.
  void note_begun(const PoolPoint& point);
  /// What a trial read, or that it read nothing.
  void tell(const Proposed& proposed);
  void skip_networks() { models_.skip_networks(); }

 private:
  bool over() const { return begun_ >= trials_; }

  static constexpr std::size_t least_read = 5;  ///< trials

  CandidatePool pool_;
  AutoModels models_;
  std::size_t trials_, begun_ = 0, read_ = 0;
  std::vector<Proposed> told_;  ///< their costs are their readings
};

}  // namespace paretoforge
