// Scales and models, made anew from what was told.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "search/auto_models_internal.hpp"
#include "search/pareto.hpp"

namespace paretoforge {

namespace {

using Eigen::Index;
using Eigen::VectorXd;

constexpr std::size_t most_tuning = 200;   ///< rows that hyperparameters are found on
constexpr std::size_t most_waiting = 128;  ///< proposals not told that models stand in for
constexpr std::size_t reading_gap = 4;     ///< trials told at least before readings are looked at again

}  // namespace

AutoModels::AutoModels(const SearchProblem& problem, const CandidatePool& pool, std::size_t most_rows)
    : problem_(problem),
      wishes_(problem.criteria),
      most_rows_(most_rows),
      least_(problem.criteria.size(), std::numeric_limits<double>::infinity()),
      greatest_(problem.criteria.size(), -std::numeric_limits<double>::infinity()) {
  std::vector<bool> known(problem.criteria.size(), false);
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (pool[i].broken > 0) continue;
    for (std::size_t c = 0; c < known.size(); ++c) {
      if (std::isnan(pool[i].costs[c])) continue;
      known[c] = true;
      least_[c] = std::min(least_[c], pool[i].costs[c]), greatest_[c] = std::max(greatest_[c], pool[i].costs[c]);
    }
  }
  for (std::size_t c = 0; c < known.size(); ++c)
    if (!known[c]) modelled_.push_back(c);
  for (const Criterion& criterion : problem.criteria)
    if (!criterion.rungs.empty()) rung_share_ = std::max(rung_share_, criterion.rungs[0]);
}

bool AutoModels::due(std::size_t told) const {
  const bool readings = std::any_of(readings_.begin(), readings_.end(), [](const auto& each) { return each.ready(); });
  return full_ || told >= refreshed_at_ + (readings ? std::clamp(told / 16, reading_gap, gap(told)) : gap(told));
}

namespace {

/// At most `count` of the complete trials: all, or else half the best layers, half the newest of the others.
std::vector<std::size_t> chosen_rows(std::span<const Proposed> told, std::size_t objectives, std::size_t count) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < told.size(); ++i)
    if (!told[i].costs.empty()) rows.push_back(i);
  if (rows.size() <= count) return rows;
  Costs all(objectives);
  for (const std::size_t i : rows) all.add(told[i].costs);
  const auto layers = nondominated_layers(all);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return layers[a] < layers[b]; });
  std::sort(order.begin() + static_cast<std::ptrdiff_t>(count / 2), order.end(), std::greater<>());
  order.resize(count);
  std::sort(order.begin(), order.end());
  for (std::size_t& place : order) place = rows[place];
  return order;
}

}  // namespace

void AutoModels::learn_readings(std::span<const Proposed> told, const CandidatePool& pool) {
  readings_.resize(modelled_.size());
  for (std::size_t m = 0; m < modelled_.size(); ++m) {
    std::vector<ReadingRow> rows;
    for (std::size_t i = told.size(); i-- > 0 && rows.size() < most_rows_;)
      if (!told[i].readings[modelled_[m]].costs.empty()) {
        rows.push_back(told[i].readings[modelled_[m]]);
        rows.back().row = told[i].row;
      }
    readings_[m].learn(rows, pool.blocks());
  }
}

void AutoModels::scale(std::span<const std::size_t> rows, std::span<const Proposed> told) {
  scales_.assign(problem_.criteria.size(), {});
  for (std::size_t c = 0; c < scales_.size(); ++c) {
    std::vector<double> seen;
    for (const std::size_t i : rows) seen.push_back(told[i].costs[c]);
    if (std::find(modelled_.begin(), modelled_.end(), c) == modelled_.end()) seen = {least_[c], greatest_[c]};
    scales_[c] = CostScale(seen);
  }
}

void AutoModels::fit(std::span<const std::size_t> rows, std::span<const Proposed> told, std::size_t room) {
  posteriors_.clear();
  if (modelled_.empty()) return;
  Encoded all;
  for (const std::size_t i : rows) all.add(told[i].row);
  const bool tune = hyper_.empty() || told.size() * 4 >= tuned_at_ * 5;
  if (hyper_.empty()) hyper_.assign(modelled_.size(), KernelHyper(blocks_.size()));
  std::vector<Index> part(rows.size());
  std::iota(part.begin(), part.end(), Index{0});
  if (part.size() > most_tuning) {
    Random(derived_seed(problem_.seed, rows.size())).shuffle(part);
    part.resize(most_tuning);
  }
  Distances distances;
  if (tune) {
    Encoded some;
    for (const Index p : part) some.add(all.row(static_cast<std::size_t>(p)));
    distances = squared_distances(some, some, blocks_);
  }
  for (std::size_t m = 0; m < modelled_.size(); ++m) {
    VectorXd y(static_cast<Index>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i)
      y[static_cast<Index>(i)] = scales_[modelled_[m]](told[rows[i]].costs[modelled_[m]]);
    if (tune) hyper_[m] = tuned(distances, y(part), hyper_[m], tuned_at_ == 0 ? 40 : 15);
    add_posterior(m, all, y, static_cast<Index>(room));
  }
  if (tune) tuned_at_ = told.size();
}

/// The model of a criterion, with its readings as kin where there are enough.
void AutoModels::add_posterior(std::size_t m, const Encoded& rows, const VectorXd& y, Index room) {
  const ReadingModel& readings = readings_[m];
  if (!readings.ready()) {
    posteriors_.emplace_back(hyper_[m], BlockedRows(rows, blocks_), y, room);
    return;
  }
  Encoded all = readings.rows();
  for (std::size_t i = 0; i < rows.rows(); ++i) all.add(rows.row(i));
  VectorXd values(readings.values().size() + y.size());
  values << readings.values(), y;
  const auto [full, kin] = readings.kin(rows, y, hyper_[m], blocks_);
  posteriors_.emplace_back(full, BlockedRows(all, blocks_), values, room, kin);
}

void AutoModels::note_first_beliefs(std::span<const Proposed> told) {
  constexpr std::size_t most = 30;  // about as many as begin before anything is chosen
  first_beliefs_.assign(modelled_.size(), {});
  for (std::size_t m = 0; m < posteriors_.size(); ++m) {
    if (!readings_[m].ready()) continue;
    Encoded first;
    for (std::size_t i = 0; i < told.size() && first.rows() < most; ++i)
      if (!told[i].readings[modelled_[m]].costs.empty()) first.add(told[i].row);
    for (const double mean : posteriors_[m].predict(BlockedRows(first, blocks_)).first)
      first_beliefs_[m].push_back(scales_[modelled_[m]].cost(mean));
  }
}

void AutoModels::follow(std::vector<std::size_t> positions, std::span<const Proposed> waiting,
                        std::span<const Proposed> told, const CandidatePool& pool) {
  if (waiting.size() > most_waiting) waiting = waiting.last(most_waiting);
  waiting_.clear();
  Encoded points;
  points.columns = pool.rows().columns;
  for (const Proposed& each : waiting) {
    waiting_.push_back({each.point.architecture, each.point.costs, static_cast<Index>(waiting_.size())});
    points.add(each.row);
  }
  for (const std::size_t i : positions) points.add(pool.rows().row(i));
  paused_.clear();
  for (const Proposed& each : told) {
    if (!each.paused || !weigh_paused_) continue;
    paused_.push_back(each);
    points.add(each.row);
  }
  followed_ = std::move(positions);
  gone_.assign(followed_.size() + paused_.size(), 0);
  first_followed_ = waiting.size();
  const BlockedRows rows(points, blocks_);
  for (Posterior& posterior : posteriors_) {
    posterior.watch(rows);
    for (const Waiting& each : waiting_) posterior.add(each.place);
  }
}

void AutoModels::refresh(std::span<const Proposed> told, std::span<const Proposed> waiting, CandidatePool& pool,
                         const FreshPoints& fresh) {
  blocks_ = pool.blocks();
  learn_readings(told, pool);
  told_ = told.size();
  const std::vector<std::size_t> rows = chosen_rows(told, problem_.criteria.size(), most_rows_);
  scale(rows, told);
  fit(rows, told, std::min(waiting.size(), most_waiting) + gap(told.size()) + 64);
  note_first_beliefs(told);
  std::vector<std::size_t> positions =
      pool.complete() ? listed_candidates(rows.size(), pool, fresh) : bred_candidates(told, rows.size(), pool, fresh);
  follow(std::move(positions), waiting, told, pool);
  best_.reset();
  full_ = false;
  refreshed_at_ = told.size();
}

}  // namespace paretoforge
