// Readings of the lowest rung as a problem of its own.
#include <algorithm>
#include <cmath>
#include <utility>

#include "search/scouting_internal.hpp"

namespace paretoforge {

namespace {

/// The problem as it is at the lowest rung.
SearchProblem lowest_of(SearchProblem problem) {
  problem.criteria = criteria_of_readings(std::move(problem.criteria));
  return problem;
}

}  // namespace

Scouting::Scouting(const SearchProblem& problem, const CandidatePool& pool, std::size_t trials, std::size_t most_rows)
    : pool_(pool), models_(lowest_of(problem), pool_, most_rows), trials_(trials) {
  const bool readable = std::none_of(models_.modelled().begin(), models_.modelled().end(),
                                     [&](std::size_t c) { return problem.criteria[c].rungs.empty(); });
  if (!readable || models_.modelled().empty()) trials_ = 0;
}

std::optional<Architecture> Scouting::choose(std::span<const Proposed> waiting, const FreshPoints& fresh) {
  if (models_.due(told_.size())) models_.refresh(told_, waiting, pool_, fresh);
  const auto best = models_.best(pool_);
  if (!best) {
    trials_ = 0;
    return std::nullopt;
  }
  Architecture point = pool_[best->position].architecture;
  models_.take(*best, pool_);
  return point;
}

void Scouting::note_begun(const PoolPoint& point) {
  ++begun_;
  models_.note_network(point.network);
  models_.drop(point.architecture, pool_);
}

void Scouting::tell(const Proposed& proposed) {
  if (over()) return;
  Proposed read{.point = proposed.point, .row = proposed.row, .costs = proposed.point.costs};
  for (const std::size_t c : models_.modelled()) {
    if (proposed.readings[c].costs.empty()) {
      read.costs.clear();
      break;
    }
    read.costs[c] = proposed.readings[c].costs.front();
  }
  read.readings.assign(proposed.readings.size(), {});
  read_ += !read.costs.empty();
  models_.tell(read.point.architecture, read.costs);
  told_.push_back(std::move(read));
}

}  // namespace paretoforge
