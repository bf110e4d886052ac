// Asking and telling: a start that is spread out, then the models' choice.
#include "search/auto_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/auto_models_internal.hpp"
#include "search/candidate_pool.hpp"
#include "search/promising_internal.hpp"
#include "search/scouting_internal.hpp"

namespace paretoforge {

namespace {

constexpr std::size_t least_values = 3;    ///< complete trials that a model needs
constexpr std::size_t first_promoted = 8;  ///< trials that go on to the full budget before models say which
constexpr std::size_t start_factor = 3;    ///< of the trials at the start where they begin at a low budget
constexpr std::size_t scout_factor = 16;   ///< of the trials at the start: begun before scouting ends

}  // namespace

struct AutoSearch::State {
  CandidatePool pool;
  AutoModels models;
  std::optional<Scouting> scouting;      ///< where there are rungs
  std::vector<Architecture> start = {};  ///< the next one last
  std::vector<Proposed> told = {}, waiting = {};
  std::size_t complete = 0;
  std::vector<std::size_t> running = {};  ///< told, and going on to a higher rung
  std::uint64_t newest = 0;               ///< the greatest number of a trial told

  State(const SearchProblem& problem, Random& random, std::size_t most_rows)
      : pool(problem, random), models(problem, pool, most_rows) {}
  std::optional<AutoModels::Choice> choose(const FreshPoints& fresh);
  std::size_t promoted() const { return complete + running.size(); }
  bool scouts() const { return scouting && scouting->due(); }
  void note(Proposed& proposed, const Trial& trial, std::span<const Criterion> criteria);
};

AutoOptions AutoOptions::read(const Config& search) {
  AutoOptions options;
  if (const auto start = search.find("start")) options.start = static_cast<std::size_t>(start->integer(1, 100000));
  if (const auto rows = search.find("most_rows")) options.most_rows = static_cast<std::size_t>(rows->integer(10, 5000));
  return options;
}

AutoSearch::AutoSearch(const SearchProblem& problem, const AutoOptions& options)
    : criteria_(problem.criteria),
      fresh_(problem),
      random_(derived_seed(problem.seed, 0)),
      state_(std::make_unique<State>(problem, random_, options.most_rows)) {
  const std::size_t factor = full_rung(problem.criteria) > 0 ? start_factor : 1;
  if (!state_->models.modelled().empty()) choose_start(factor * options.start);
  if (factor > 1) state_->scouting.emplace(problem, state_->pool, scout_factor * options.start, options.most_rows);
}

AutoSearch::~AutoSearch() = default;

void AutoSearch::choose_start(std::size_t count) {
  const CandidatePool& pool = state_->pool;
  std::vector<std::size_t> usable;
  for (std::size_t i = 0; i < pool.size(); ++i)
    if (pool[i].broken == 0) usable.push_back(i);
  random_.shuffle(usable);
  for (std::size_t c = 0; c < criteria_.size() && !usable.empty(); ++c) {
    if (std::isnan(pool[usable[0]].costs[c])) continue;
    std::stable_sort(usable.begin(), usable.end(),
                     [&](std::size_t a, std::size_t b) { return pool[a].costs[c] < pool[b].costs[c]; });
    break;
  }
  count = std::min(count, usable.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * usable.size() / count, end = (i + 1) * usable.size() / count;
    state_->start.push_back(pool[usable[begin + random_.below(end - begin)]].architecture);
  }
  random_.shuffle(state_->start);
}

std::optional<Architecture> AutoSearch::ask() {
  if (fresh_.exhausted()) return std::nullopt;
  if (auto point = start_point()) return point;
  if (auto point = scouted_point()) return point;
  if (auto point = model_point()) return point;
  return any_point();
}

Architecture AutoSearch::propose(const Architecture& point) {
  if (fresh_.available(point)) fresh_.take(point);
  auto [looked, row] = state_->pool.look_up(point);
  state_->models.note_network(looked.network);
  state_->models.drop(point, state_->pool);
  if (state_->scouting) state_->scouting->note_begun(looked);
  state_->waiting.push_back({std::move(looked), std::move(row)});
  return state_->waiting.back().point.architecture;
}

std::optional<Architecture> AutoSearch::start_point() {
  if (state_->start.empty()) return std::nullopt;
  const Architecture point = std::move(state_->start.back());
  state_->start.pop_back();
  return propose(point);
}

std::optional<Architecture> AutoSearch::scouted_point() {
  State& state = *state_;
  if (!state.scouting || !state.scouting->due()) return std::nullopt;
  const auto point = state.scouting->choose(state.waiting, fresh_);
  return point ? std::optional(propose(*point)) : std::nullopt;
}

std::optional<Architecture> AutoSearch::model_point() {
  State& state = *state_;
  const auto best = state.choose(fresh_);
  if (!best || best->trial != 0) return std::nullopt;
  state.models.take(*best, state.pool);
  return propose(Architecture(state.pool[best->position].architecture));
}

/// What the models would do next.
std::optional<AutoModels::Choice> AutoSearch::State::choose(const FreshPoints& fresh) {
  if (!models.modelled().empty() && complete < least_values) return std::nullopt;
  if (models.due(told.size())) {
    std::vector<Proposed> going = waiting;
    for (const std::size_t i : running) going.push_back(told[i]);
    models.refresh(told, going, pool, fresh);
  }
  return models.best(pool);
}

std::optional<std::uint64_t> AutoSearch::promote() {
  State& state = *state_;
  state.models.weigh_paused();
  if (!state.start.empty()) return std::nullopt;
  std::optional<std::size_t> place;
  const bool scouts = state.scouts() && !fresh_.exhausted();
  if (state.promoted() < (scouts ? least_values : first_promoted)) {
    place = most_promising(state.told);
  } else if (scouts) {
    return std::nullopt;
  } else if (const auto best = state.choose(fresh_); best && best->trial != 0) {
    for (std::size_t i = 0; i < state.told.size(); ++i)
      if (state.told[i].trial == best->trial) place = i;
    if (place) state.models.take(*best, state.pool);
  }
  if (!place) return std::nullopt;
  state.told[*place].paused = false;
  state.running.push_back(*place);
  return state.told[*place].trial;
}

std::optional<Architecture> AutoSearch::any_point() {
  const CandidatePool& pool = state_->pool;
  double least = std::numeric_limits<double>::infinity();
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < pool.size(); ++i) {
    if (pool[i].broken > least || !fresh_.available(pool[i].architecture)) continue;
    if (pool[i].broken < least) free.clear();
    least = pool[i].broken;
    free.push_back(i);
  }
  if (!free.empty()) return propose(Architecture(pool[free[random_.below(free.size())]].architecture));
  const auto drawn = fresh_.draw(random_);
  return drawn ? std::optional(propose(*drawn)) : std::nullopt;
}

void AutoSearch::tell(const Trial& trial) {
  State& state = *state_;
  const auto found = std::find_if(state.waiting.begin(), state.waiting.end(),
                                  [&](const Proposed& each) { return each.point.architecture == trial.architecture; });
  if (found == state.waiting.end()) return;
  Proposed proposed = std::move(*found);
  state.waiting.erase(found);
  if (trial.number <= state.newest) {
    state.models.skip_networks();
    if (state.scouting) state.scouting->skip_networks();
  }
  state.newest = std::max(state.newest, trial.number);
  state.note(proposed, trial, criteria_);
  if (state.scouting) state.scouting->tell(proposed);
  state.told.push_back(std::move(proposed));
}

void AutoSearch::update(const Trial& trial) {
  State& state = *state_;
  const auto found = std::find_if(state.told.begin(), state.told.end(),
                                  [&](const Proposed& each) { return each.trial == trial.number; });
  if (found == state.told.end()) return;
  std::erase(state.running, static_cast<std::size_t>(found - state.told.begin()));
  state.note(*found, trial, criteria_);
  state.models.expire();
}

/// What came of a trial at the rung that it reached.
void AutoSearch::State::note(Proposed& proposed, const Trial& trial, std::span<const Criterion> criteria) {
  proposed.trial = trial.number;
  proposed.paused = trial.state == TrialState::pruned;
  proposed.readings.assign(criteria.size(), {});
  for (const Reading& reading : trial.readings) {
    ReadingRow& own = proposed.readings[reading.objective];
    if (own.costs.empty()) own.first_rung = reading.rung;
    own.costs.push_back(cost(criteria[reading.objective], reading.value));
  }
  if (trial.state == TrialState::complete) proposed.costs = costs(criteria, trial);
  models.tell(proposed.point.architecture, proposed.costs);
  complete += !proposed.costs.empty();
}

}  // namespace paretoforge
