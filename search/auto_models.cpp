// Scales, models, the candidates followed, and the box in which hypervolume counts.
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

constexpr std::size_t most_followed = 2048;  ///< candidates between two refreshes
constexpr std::size_t most_tuning = 200;     ///< rows that hyperparameters are found on
constexpr std::size_t most_waiting = 128;    ///< proposals not told that models stand in for
constexpr std::size_t first_trials = 10;     ///< whose costs say what is bad: their ninth decile, moved away from
constexpr double widening = 0.5;             ///< the best of them by this share
constexpr double margin = 0.01;              ///< of a cheap objective's range, behind its worst
constexpr double most_weighing = 4e9;        ///< multiplications that choosing candidates may take
/// Candidates kept, bred in one generation, and generations: at a refresh in a space that is not weighed whole.
constexpr std::size_t kept = 512, bred = 96, generations = 2, breeding_candidates = 24;
constexpr std::size_t reading_gap = 4;     ///< trials told before readings are looked at again
constexpr std::size_t least_readings = 5;  ///< that a model of them needs
/// Points of a front that boxes are cut from, by number of objectives: their number grows with the power of it.
constexpr std::size_t most_front[] = {1000, 1000, 1000, 60, 24, 14, 11};

/// A level moved away from the best by a share of its distance; finite.
double beyond(double level, double share, double best) {
  return std::min(level + share * (level - best), std::numeric_limits<double>::max());
}

std::size_t gap(std::size_t told) { return std::max<std::size_t>(12, told / 8); }

Encoded rows_at(const CandidatePool& pool, std::span<const std::size_t> positions) {
  Encoded rows;
  rows.columns = pool.rows().columns;
  for (const std::size_t i : positions) rows.add(pool.rows().row(i));
  return rows;
}

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
}

bool AutoModels::due(std::size_t told) const {
  return full_ || told >= refreshed_at_ + (hints_.empty() ? gap(told) : reading_gap);
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
  const std::size_t criteria = problem_.criteria.size();
  hint_hyper_.resize(criteria, KernelHyper(pool.blocks().size()));
  hint_tuned_.resize(criteria);
  hints_.clear();
  for (const std::size_t c : modelled_) {
    Encoded rows;
    std::vector<double> costs;
    for (std::size_t i = told.size(); i-- > 0 && costs.size() < most_rows_;) {
      if (told[i].readings.empty() || std::isnan(told[i].readings[c])) continue;
      rows.add(told[i].row);
      costs.push_back(told[i].readings[c]);
    }
    if (costs.size() < least_readings) continue;
    const CostScale scale(costs);
    VectorXd y(static_cast<Index>(costs.size()));
    for (std::size_t i = 0; i < costs.size(); ++i) y[static_cast<Index>(i)] = scale(costs[i]);
    if (costs.size() * 4 >= hint_tuned_[c] * 5) {
      const auto most = static_cast<Index>(std::min(costs.size(), most_tuning));
      Encoded some;
      for (Index i = 0; i < most; ++i) some.add(rows.row(static_cast<std::size_t>(i)));
      hint_hyper_[c] = tuned(squared_distances(some, some, pool.blocks()), y.head(most), hint_hyper_[c],
                             hint_tuned_[c] == 0 ? 40 : 15);
      hint_tuned_[c] = costs.size();
    }
    hints_.push_back({c, scale, Posterior(hint_hyper_[c], BlockedRows(rows, pool.blocks()), y, 0)});
  }
  blocks_ = pool.blocks();
  for (std::size_t h = 0; h < hints_.size(); ++h) {
    const std::size_t column = pool.rows().columns + h;
    blocks_.push_back({column, column + 1});
  }
}

/// Rows with a column for each hint: the reading itself where a known trial (null: none) has one, else what the
/// readings of others make expect.
Encoded AutoModels::hinted(Encoded rows, std::span<const Proposed* const> known) const {
  if (hints_.empty() || rows.rows() == 0) return rows;
  const BlockedRows blocked(rows, std::span(blocks_).first(blocks_.size() - hints_.size()));
  std::vector<VectorXd> columns;
  for (const Hint& hint : hints_) {
    columns.push_back(hint.posterior.predict(blocked).first);
    for (std::size_t i = 0; i < known.size(); ++i)
      if (known[i] && !known[i]->readings.empty() && !std::isnan(known[i]->readings[hint.criterion]))
        columns.back()[static_cast<Index>(i)] = hint.scale(known[i]->readings[hint.criterion]);
  }
  Encoded wider;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    std::vector<double> row(rows.row(i).begin(), rows.row(i).end());
    for (const VectorXd& column : columns) row.push_back(column[static_cast<Index>(i)]);
    wider.add(row);
  }
  return wider;
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
  std::vector<const Proposed*> known;
  for (const std::size_t i : rows) all.add(told[i].row), known.push_back(&told[i]);
  all = hinted(std::move(all), known);
  const std::vector<KernelBlock>& kernel_blocks = blocks_;
  const BlockedRows blocked(all, kernel_blocks);
  if (!hyper_.empty() && hyper_[0].length.size() != kernel_blocks.size()) hyper_.clear();  // hints have come
  const bool tune = hyper_.empty() || told.size() * 4 >= tuned_at_ * 5;
  if (hyper_.empty()) hyper_.assign(modelled_.size(), KernelHyper(kernel_blocks.size()));
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
    distances = squared_distances(some, some, kernel_blocks);
  }
  for (std::size_t m = 0; m < modelled_.size(); ++m) {
    VectorXd y(static_cast<Index>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i)
      y[static_cast<Index>(i)] = scales_[modelled_[m]](told[rows[i]].costs[modelled_[m]]);
    if (tune) hyper_[m] = tuned(distances, y(part), hyper_[m], tuned_at_ == 0 ? 40 : 15);
    posteriors_.emplace_back(hyper_[m], blocked, y, static_cast<Index>(room));
  }
  if (tune) tuned_at_ = told.size();
}

std::vector<std::size_t> AutoModels::candidates(const CandidatePool& pool, const FreshPoints& fresh,
                                                std::size_t rows) const {
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (pool[i].broken == 0 && !(skip_networks_ && networks_.contains(pool[i].network)) &&
        fresh.available(pool[i].architecture))
      free.push_back(i);
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

std::vector<std::size_t> AutoModels::best_of(std::vector<std::size_t> positions, const CandidatePool& pool,
                                             std::size_t count) {
  if (positions.size() <= count && pool.complete()) return positions;
  constexpr std::size_t chunk = 1024;
  const OpenBoxes open = boxes(false);
  std::vector<double> gains(positions.size());
  std::vector<double> means(modelled_.size()), variances(modelled_.size());
  for (std::size_t begin = 0; begin < positions.size(); begin += chunk) {
    const std::size_t size = std::min(chunk, positions.size() - begin);
    const BlockedRows rows(hinted(rows_at(pool, std::span(positions).subspan(begin, size)), {}), blocks_);
    std::vector<std::pair<VectorXd, VectorXd>> beliefs;
    for (const Posterior& posterior : posteriors_) beliefs.push_back(posterior.predict(rows));
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t m = 0; m < beliefs.size(); ++m) {
        means[m] = beliefs[m].first[static_cast<Index>(i)];
        variances[m] = beliefs[m].second[static_cast<Index>(i)];
      }
      gains[begin + i] = improvement(open, pool[positions[begin + i]], means, variances);
    }
  }
  std::vector<std::size_t> order(positions.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return gains[a] > gains[b]; });
  order.resize(std::min(count, order.size()));
  for (std::size_t& place : order) place = positions[place];
  return order;
}

void AutoModels::follow(std::vector<std::size_t> positions, std::span<const Proposed> waiting,
                        std::span<const Proposed> told, const CandidatePool& pool) {
  if (waiting.size() > most_waiting) waiting = waiting.last(most_waiting);
  waiting_.clear();
  Encoded points;
  points.columns = pool.rows().columns;
  std::vector<const Proposed*> known;
  for (const Proposed& each : waiting) {
    known.push_back(&each);
    waiting_.push_back({each.point.architecture, each.point.costs, static_cast<Index>(waiting_.size())});
    points.add(each.row);
  }
  for (const std::size_t i : positions) points.add(pool.rows().row(i)), known.push_back(nullptr);
  paused_.clear();
  for (const Proposed& each : told) {
    if (!each.paused || !weigh_paused_) continue;
    paused_.push_back(each);
    points.add(each.row);
    known.push_back(&each);
  }
  followed_ = std::move(positions);
  gone_.assign(followed_.size() + paused_.size(), 0);
  first_followed_ = waiting.size();
  const BlockedRows rows(hinted(std::move(points), known), blocks_);
  for (Posterior& posterior : posteriors_) {
    posterior.watch(rows);
    for (const Waiting& each : waiting_) posterior.add(each.place);
  }
}

void AutoModels::refresh(std::span<const Proposed> told, std::span<const Proposed> waiting, CandidatePool& pool,
                         const FreshPoints& fresh) {
  learn_readings(told, pool);
  told_ = told.size();
  const std::vector<std::size_t> rows = chosen_rows(told, problem_.criteria.size(), most_rows_);
  scale(rows, told);
  fit(rows, told, std::min(waiting.size(), most_waiting) + gap(told.size()) + 64);
  auto positions = best_of(candidates(pool, fresh, rows.size()), pool, pool.complete() ? most_followed : kept);
  for (std::size_t generation = 0; !pool.complete() && generation < generations; ++generation) {
    std::vector<Architecture> parents;
    for (const Proposed& each : told)
      if (std::find(front_.begin(), front_.end(), each.costs) != front_.end())
        parents.push_back(each.point.architecture);
    for (std::size_t i = 0; i < std::min(breeding_candidates, positions.size()); ++i)
      parents.push_back(pool[positions[i]].architecture);
    pool.breed(positions, parents, bred, fresh, generation + told.size());
    positions = best_of(candidates(pool, fresh, rows.size()), pool, kept);
  }
  follow(std::move(positions), waiting, told, pool);
  full_ = false;
  refreshed_at_ = told.size();
}

/// Where improvement is looked for, in scaled costs: behind the front, and before the worst of all candidates where an
/// objective is cheap, before the worse of the first trials where it is modelled; limits and wishes move it.
OpenBoxes AutoModels::boxes(bool with_waiting) const {
  const std::size_t objectives = problem_.criteria.size();
  std::vector<double> worst = greatest_;
  // A hair behind the worst, so that the ends of a front count, too.
  for (std::size_t c = 0; c < objectives; ++c) worst[c] = beyond(worst[c], margin, least_[c]);
  for (std::size_t m = 0; m < modelled_.size(); ++m) {
    std::vector<double> seen;
    for (std::size_t i = m; i < first_costs_.size(); i += modelled_.size()) seen.push_back(first_costs_[i]);
    std::sort(seen.begin(), seen.end());
    if (seen.empty()) continue;
    worst[modelled_[m]] = beyond(seen[(seen.size() - 1) * 9 / 10], widening, seen.front());
  }
  Costs raw(objectives);
  for (const auto& costs : front_) raw.add(costs);
  const Box box = wishes_.box(raw, least_, worst);

  Costs front(objectives);
  std::vector<double> row(objectives), reference(objectives), ideal(objectives);
  for (std::size_t c = 0; c < objectives; ++c) {
    // Where all seen is equal, anything better counts, by at most the value's own size; where a limit is out of reach
    // so far, the least miss does.
    const bool constant = !(least_[c] < worst[c]), missed = !constant && !(least_[c] < box.worst[c]);
    reference[c] = constant ? scales_[c].scaled(least_[c]) + 1 : scales_[c].scaled(missed ? least_[c] : box.worst[c]);
    // Models may promise better costs than any seen: an ideal counts only where it is wished for.
    ideal[c] = box.best[c] > least_[c] ? scales_[c].scaled(box.best[c]) : -std::numeric_limits<double>::infinity();
  }
  for (const auto& costs : front_) {
    for (std::size_t c = 0; c < objectives; ++c) row[c] = scales_[c].scaled(costs[c]);
    front.add(row);
  }
  for (const Waiting& each : waiting_) {
    if (!with_waiting || each.told) continue;
    for (std::size_t c = 0; c < objectives; ++c) row[c] = scales_[c].scaled(each.costs[c]);
    for (std::size_t m = 0; m < modelled_.size(); ++m)
      row[modelled_[m]] = scales_[modelled_[m]].expected(posteriors_[m].means()[each.place]);
    // A point whose cheap objectives cannot be measured will fail.
    if (std::none_of(row.begin(), row.end(), [](double value) { return std::isnan(value); })) front.add(row);
  }
  return OpenBoxes(thinned(front), reference, ideal);
}

/// The points that nothing dominates; of more than boxes can be cut from, some at random, others each time.
Costs AutoModels::thinned(const Costs& points) const {
  const std::vector<std::int32_t> layers = nondominated_layers(points);
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] == 0) first.push_back(i);
  const std::size_t most = most_front[std::min(points.objectives(), std::size(most_front) - 1)];
  if (first.size() > most) {
    Random(derived_seed(problem_.seed, points.size())).shuffle(first);
    first.resize(most);
  }
  Costs few(points.objectives());
  for (const std::size_t i : first) few.add(points[i]);
  return few;
}

double AutoModels::improvement(const OpenBoxes& open, const PoolPoint& point, std::span<const double> means,
                               std::span<const double> variances) const {
  std::vector<CostBelief> beliefs(scales_.size());
  for (std::size_t c = 0; c < beliefs.size(); ++c) beliefs[c].mean = scales_[c].scaled(point.costs[c]);
  for (std::size_t m = 0; m < modelled_.size(); ++m)
    beliefs[modelled_[m]] = scales_[modelled_[m]].belief(means[m], std::sqrt(variances[m] + posteriors_[m].noise()));
  return open.expected_improvement(beliefs);
}

std::optional<AutoModels::Choice> AutoModels::best(const CandidatePool& pool) const {
  const OpenBoxes open = boxes(true);
  std::vector<double> means(modelled_.size()), variances(modelled_.size());
  double most = 0;
  std::optional<Choice> best;
  for (std::size_t w = 0; w < gone_.size(); ++w) {
    const bool fresh = w < followed_.size();
    const PoolPoint& point = fresh ? pool[followed_[w]] : paused_[w - followed_.size()].point;
    if (gone_[w] || (fresh && skip_networks_ && networks_.contains(point.network))) continue;
    for (std::size_t m = 0; m < modelled_.size(); ++m) {
      means[m] = posteriors_[m].means()[static_cast<Index>(first_followed_ + w)];
      variances[m] = posteriors_[m].variances()[static_cast<Index>(first_followed_ + w)];
    }
    const double gain = improvement(open, point, means, variances);
    if (!(gain > most)) continue;
    most = gain;
    best = fresh ? Choice{followed_[w], 0, w} : Choice{0, paused_[w - followed_.size()].trial, w};
  }
  return best;
}

void AutoModels::take(const Choice& choice, const CandidatePool& pool) {
  const PoolPoint& point = choice.trial == 0 ? pool[choice.position] : paused_[choice.place - followed_.size()].point;
  const auto place = static_cast<Index>(first_followed_ + choice.place);
  gone_[choice.place] = 1;
  for (Posterior& posterior : posteriors_) full_ = !posterior.add(place) || full_;
  if (!full_) waiting_.push_back({point.architecture, point.costs, place});
}

void AutoModels::tell(const Architecture& point, const std::vector<double>& costs) {
  for (Waiting& each : waiting_)
    if (each.architecture == point) each.told = true, each.told_costs = costs;
  resolve_waiting();
  if (costs.empty()) return;
  for (std::size_t c = 0; c < costs.size(); ++c) least_[c] = std::min(least_[c], costs[c]);
  for (const std::size_t m : modelled_)
    if (first_costs_.size() < first_trials * modelled_.size()) first_costs_.push_back(costs[m]);
  Trial trial;
  for (std::size_t c = 0; c < costs.size(); ++c) trial.values.push_back(cost(problem_.criteria[c], costs[c]));
  wishes_.note(trial);
  const auto covers = [&](const std::vector<double>& a, const std::vector<double>& b) {
    return a == b || dominates(a, b);
  };
  for (const auto& member : front_)
    if (covers(member, costs)) return;
  std::erase_if(front_, [&](const auto& member) { return dominates(costs, member); });
  front_.push_back(costs);
}

/// Rows are resolved in the order in which they were added, whatever the order of telling.
void AutoModels::resolve_waiting() {
  while (!waiting_.empty() && waiting_.front().told) {
    const std::vector<double>& costs = waiting_.front().told_costs;
    for (std::size_t m = 0; m < modelled_.size(); ++m)
      posteriors_[m].resolve(costs.empty() ? std::nullopt : std::optional(scales_[modelled_[m]](costs[modelled_[m]])));
    waiting_.pop_front();
  }
}

}  // namespace paretoforge
