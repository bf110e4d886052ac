// Which candidates the default searcher follows until its models are made anew.
#include <algorithm>
#include <cassert>

#include "search/auto_models_internal.hpp"

namespace paretoforge {

namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::size_t most_followed = 2048;  ///< candidates between two refreshes
constexpr double most_weighing = 4e9;        ///< multiplications that choosing candidates may take
/// Candidates kept, bred in one generation, and generations: at a refresh in a space that is not weighed whole.
constexpr std::size_t kept = 512, bred = 96, generations = 20, breeding_candidates = 24;
constexpr std::size_t generations_where_slow = 2;  ///< SearchProblem::cheap_is_slow

Encoded rows_at(const CandidatePool& pool, std::span<const std::size_t> positions) {
  Encoded rows;
  rows.columns = pool.rows().columns;
  for (const std::size_t i : positions) rows.add(pool.rows().row(i));
  return rows;
}

/// The `count` best, in order.
void keep_best(std::vector<Promising>& all, std::size_t count) {
  std::stable_sort(all.begin(), all.end(), [](const Promising& a, const Promising& b) { return a.gain > b.gain; });
  if (all.size() > count) all.resize(count);
}

std::vector<std::size_t> positions_of(const std::vector<Promising>& all) {
  std::vector<std::size_t> positions;
  for (const Promising& each : all) positions.push_back(each.position);
  return positions;
}

}  // namespace

/// In long studies what was bred last has nothing left to give before what was told says anything new.
std::size_t AutoModels::gap(std::size_t told) { return std::clamp<std::size_t>(told / 8, 12, 50); }

bool AutoModels::is_candidate(const PoolPoint& point, const FreshPoints& fresh) const {
  return point.broken == 0 && !(skip_networks_ && networks_.contains(point.network)) &&
         fresh.available(point.architecture);
}

std::vector<std::size_t> AutoModels::candidates(const CandidatePool& pool, const FreshPoints& fresh,
                                                std::size_t rows) const {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (is_candidate(pool[i], fresh)) free.push_back(i);
  // A long history is dear to ask about each of many candidates: then some of them, others the next time.
  const double per_candidate = static_cast<double>(rows * rows * std::max<std::size_t>(1, modelled_.size()));
  const auto affordable = static_cast<std::size_t>(most_weighing / std::max(1.0, per_candidate));
  const std::size_t most = std::max(most_followed, affordable);
  if (free.size() <= most) return free;
  Random(derived_seed(problem_.seed, told_ + 1)).shuffle(free);
  free.resize(most);
  std::sort(free.begin(), free.end());
  return free;
}

std::vector<Promising> AutoModels::expected_gains(const OpenBoxes& open, std::span<const std::size_t> positions,
                                                  const CandidatePool& pool) const {
  constexpr std::size_t chunk = 1024;
  std::vector<Promising> result;
  std::vector<double> means(modelled_.size()), variances(modelled_.size());
  for (std::size_t begin = 0; begin < positions.size(); begin += chunk) {
    const auto part = positions.subspan(begin, std::min(chunk, positions.size() - begin));
    const BlockedRows rows(rows_at(pool, part), blocks_);
    std::vector<std::pair<VectorXd, VectorXd>> beliefs;
    for (const Posterior& posterior : posteriors_) beliefs.push_back(posterior.predict(rows));
    for (std::size_t i = 0; i < part.size(); ++i) {
      for (std::size_t m = 0; m < beliefs.size(); ++m) {
        means[m] = beliefs[m].first[static_cast<Index>(i)];
        variances[m] = beliefs[m].second[static_cast<Index>(i)];
      }
      result.push_back({part[i], improvement(open, pool[part[i]], means, variances)});
    }
  }
  return result;
}

/// Where the pool is the whole space: those that promise most. With rungs models are made anew for each reading or two,
/// and the candidates stay the same meanwhile.
std::vector<std::size_t> AutoModels::listed_candidates(std::size_t rows, const CandidatePool& pool,
                                                       const FreshPoints& fresh) {
  if (!followed_.empty() && told_ < listed_at_ + gap(told_)) {
    std::vector<std::size_t> left = followed_;
    std::erase_if(left, [&](std::size_t i) { return !is_candidate(pool[i], fresh); });
    return left;
  }
  listed_at_ = told_;
  std::vector<std::size_t> positions = candidates(pool, fresh, rows);
  if (positions.size() <= most_followed) return positions;
  std::vector<Promising> best = expected_gains(boxes(false), positions, pool);
  keep_best(best, most_followed);
  return positions_of(best);
}

/// Where it is not: candidates evolve under the models, generation by generation.
std::vector<std::size_t> AutoModels::bred_candidates(std::span<const Proposed> told, std::size_t rows,
                                                     CandidatePool& pool, const FreshPoints& fresh) const {
  const OpenBoxes open = boxes(false);
  std::vector<Promising> best = expected_gains(open, candidates(pool, fresh, rows), pool);
  keep_best(best, kept);
  std::vector<Architecture> front;
  for (const Proposed& each : told)
    if (std::find(front_.begin(), front_.end(), each.costs) != front_.end()) front.push_back(each.point.architecture);
  const std::size_t most_generations = problem_.cheap_is_slow ? generations_where_slow : generations;
  for (std::size_t generation = 0; generation < most_generations; ++generation) {
    std::vector<Architecture> parents = front;
    for (std::size_t i = 0; i < std::min(breeding_candidates, best.size()); ++i)
      parents.push_back(pool[best[i].position].architecture);
    pool.breed(positions_of(best), parents, bred, fresh, derived_seed(told.size(), generation));
    std::vector<std::size_t> children;
    for (std::size_t i = best.size(); i < pool.size(); ++i)
      if (is_candidate(pool[i], fresh)) children.push_back(i);
    assert(pool.size() >= best.size());
    for (std::size_t i = 0; i < best.size(); ++i) best[i].position = i;  // the pool keeps them all, in this order
    const std::vector<Promising> born = expected_gains(open, children, pool);
    best.insert(best.end(), born.begin(), born.end());
    keep_best(best, kept);
  }
  return positions_of(best);
}

}  // namespace paretoforge
