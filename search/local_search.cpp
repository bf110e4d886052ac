// Archive, neighbourhood, restarts.
#include "search/local_search.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "search/breeding.hpp"

namespace paretoforge {

namespace {

std::vector<std::int32_t> other_levels(const Decision& decision, std::int32_t level) {
  const auto count = static_cast<std::int32_t>(decision.labels.size());
  const bool many = decision.ordinal && decision.labels.size() >= Breeder::many_levels;
  std::vector<std::int32_t> others;
  for (std::int32_t step = 1; step < count; step = many ? 4 * step : step + 1) {
    if (level >= step) others.push_back(level - step);
    if (level + step < count) others.push_back(level + step);
  }
  return others;
}

}  // namespace

std::vector<Architecture> local_neighbours(const Space& space, const Architecture& point) {
  std::vector<Architecture> all;
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (point[d] < 0) continue;
    for (const std::int32_t level : other_levels(space.decisions()[d], point[d])) {
      Architecture other = point;
      other[d] = level;
      all.push_back(space.canonical(std::move(other)));
    }
  }
  return all;
}

LocalSearch::LocalSearch(const SearchProblem& problem)
    : space_(problem.space),
      criteria_(problem.criteria),
      wishes_(problem.criteria),
      points_(problem),
      random_(derived_seed(problem.seed, 0)) {
  prepare();
}

std::optional<Architecture> LocalSearch::ask() {
  if (!next_) return std::nullopt;
  ++waiting_;
  auto proposal = std::exchange(next_, std::nullopt);
  prepare();
  return proposal;
}

void LocalSearch::tell(const Trial& trial) {
  --waiting_;
  wishes_.note(trial);
  Individual told = individual(criteria_, trial);
  known_.emplace(trial.architecture, told);
  consider(std::move(told));
  if (!next_) prepare();
}

void LocalSearch::update(const Trial& trial) {
  wishes_.note(trial);
  Individual told = individual(criteria_, trial);
  known_[trial.architecture] = told;
  // One that left the archive, or lived before the last restart, is measured against it again.
  std::erase_if(archive_, [&](const Individual& member) { return member.architecture == trial.architecture; });
  consider(std::move(told));
  if (!next_) prepare();
}

void LocalSearch::prepare() {
  while (!next_) {
    if (!neighbours_.empty()) {
      const Architecture point = std::move(neighbours_.back());
      neighbours_.pop_back();
      if (points_.available(point)) {
        points_.take(point);
        next_ = point;
      } else if (const auto known = known_.find(point); known != known_.end()) {
        consider(known->second);
      }
    } else if (!visit_next()) {
      if (waiting_ > 0 || points_.exhausted()) return;
      archive_.clear();
      visited_.clear();
      next_ = points_.draw(random_);
    }
  }
}

/// Lists the neighbours of a member that was not visited yet; false where there is none.
bool LocalSearch::visit_next() {
  const Architecture* chosen = nullptr;
  double least = 0;
  std::size_t equals = 0;
  for (const Individual& member : archive_) {
    if (visited_.contains(member.architecture)) continue;
    const double miss = wishes_.miss(member.costs, member.rungs_short == 0);
    if (chosen != nullptr && miss > least) continue;
    equals = chosen != nullptr && miss == least ? equals + 1 : 1;
    least = miss;
    if (random_.below(equals) == 0) chosen = &member.architecture;
  }
  if (chosen == nullptr) return false;
  visiting_ = *chosen;
  visited_.insert(visiting_);
  neighbours_ = local_neighbours(space_, visiting_);
  random_.shuffle(neighbours_);
  return true;
}

void LocalSearch::consider(Individual candidate) {
  if (!std::isfinite(candidate.violation)) return;
  const auto keeps_out = [&](const Individual& member) {
    return constrained_dominates(member, candidate) ||
           (member.violation == candidate.violation && member.rungs_short == candidate.rungs_short &&
            (member.violation > 0 || member.costs == candidate.costs));
  };
  if (std::any_of(archive_.begin(), archive_.end(), keeps_out)) return;
  std::erase_if(archive_, [&](const Individual& member) {
    if (!constrained_dominates(candidate, member)) return false;
    if (member.architecture == visiting_) neighbours_.clear();
    return true;
  });
  archive_.push_back(std::move(candidate));
}

}  // namespace paretoforge
