// The study loop: ask while the window allows, tell in order, keep everything in the store.
#include "search/study.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>

#include "search/identity_internal.hpp"
#include "search/workers_internal.hpp"

namespace paretoforge {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t proposals_per_trial = 100;
constexpr std::chrono::milliseconds stop_poll(20);

/// The log that the store had when the run began: what this run does again must be what was done then.
class Log {
 public:
  explicit Log(Store* store) : store_(store), past_(store ? store->events() : std::vector<Event>{}) {}

  bool replaying() const { return at_ < past_.size(); }
  Event::Kind next_kind() const { return past_[at_].kind; }

  void record(Event event) {
    if (!replaying()) {
      if (store_) store_->append(std::move(event));
    } else if (past_[at_++] != event) {
      refuse();
    }
  }

  [[noreturn]] void refuse() const {
    throw StoreError("error: this study cannot go on: at event " + std::to_string(at_) +
                     " its searcher does another thing than when the study was begun\n"
                     "   = go on with the version of the program that began it, or give --out another folder");
  }

 private:
  Store* store_;
  std::vector<Event> past_;
  std::size_t at_ = 0;
};

/// One run of a study.
class Run {
 public:
  explicit Run(Study& study)
      : study_(study),
        criteria_(criteria(study.objectives)),
        state_{.trials = {}, .front = Front(criteria_)},
        log_(study.store),
        known_(study.space, study.identity),
        begin_(Clock::now()),
        workers_(study.space, study.objectives, std::max(1u, study.threads)) {
    if (study.store)
      for (Trial& trial : study.store->finished()) stored_.emplace(trial.number, std::move(trial));
  }

  StudyState run() {
    while (!over()) {
      begin_trials();
      if (asks_next())
        ask();
      else if (!tell_next()) {
        if (running_ == 0) break;  // nothing may begin any more: the time is up
        collect(stop_poll);
      }
    }
    // What finished while the study was asked to stop is saved, too.
    while (collect(std::chrono::milliseconds(0))) {
    }
    if (study_.store) study_.store->flush();
    return std::move(state_);
  }

 private:
  /// A proposal that waits for its turn to be told.
  struct Waiting {
    std::uint64_t number;  ///< of the trial that it is or repeats
    Architecture architecture;
    bool repeat;
    std::shared_ptr<const Network> network;
  };

  /// A measurement may have seen the request first.
  bool stopped() const {
    return (study_.stop && study_.stop->load(std::memory_order_relaxed)) || workers_.interrupted();
  }
  bool time_up() const {
    return study_.budget.seconds &&
           std::chrono::duration<double>(Clock::now() - begin_).count() >= *study_.budget.seconds;
  }

  bool over();
  bool asks_next() const;
  void ask();
  bool tell_next();
  void tell_trial(const Trial& trial);
  void tell_repeat(const Waiting& waiting);
  void begin_trials();
  bool collect(std::chrono::milliseconds patience);
  const Trial* result_of(std::uint64_t number) const;

  Study& study_;
  std::vector<Criterion> criteria_;
  StudyState state_;
  Log log_;
  KnownTrials known_;
  std::map<std::uint64_t, Trial> stored_;    ///< finished in earlier runs
  std::map<std::uint64_t, Trial> finished_;  ///< in this one, not yet told
  std::deque<Waiting> waiting_;              ///< in the order of the asks
  std::uint64_t begun_to_ = 0;               ///< the greatest number of a trial begun; they begin in order
  std::uint64_t running_ = 0;                ///< begun and not collected
  bool starved_ = false;                     ///< the searcher wants to be told more before it is asked again
  std::optional<End> asked_out_;             ///< why the searcher is never asked again
  Clock::time_point begin_;
  Workers workers_;  ///< last: its threads end before anything they use
};

bool Run::over() {
  const auto& trials = study_.budget.trials;
  if (stopped())
    state_.end = End::stopped;
  else if (trials && state_.counted >= *trials)
    state_.end = End::budget;
  else if (asked_out_ && waiting_.empty())
    state_.end = *asked_out_;
  else {
    state_.end = End::time;  // should nothing be left to do
    return false;
  }
  return true;
}

bool Run::asks_next() const {
  if (log_.replaying()) return log_.next_kind() == Event::Kind::ask;
  return !asked_out_ && !starved_ && waiting_.size() < std::max(1u, study_.window);
}

void Run::ask() {
  const auto& trials = study_.budget.trials;
  if (!log_.replaying() && trials && state_.proposals / proposals_per_trial >= *trials) {
    asked_out_ = End::proposals;
    return;
  }
  auto proposal = study_.searcher->ask();
  if (!proposal) {
    if (log_.replaying()) log_.refuse();
    starved_ = true;
    if (study_.searcher->exhausted())
      asked_out_ = End::exhausted;
    else if (waiting_.empty())
      throw std::logic_error("the searcher proposes nothing, though it was told everything");
    return;
  }
  ++state_.proposals;
  auto sighting = known_.look(*proposal);
  const bool repeat = sighting.repeats != 0;
  const std::uint64_t number = repeat ? sighting.repeats : known_.add(*proposal, sighting);
  log_.record({Event::Kind::ask, number, *proposal});
  Waiting waiting{number, std::move(*proposal), repeat, std::move(sighting.network)};
  if (repeat && number <= state_.trials.size())
    tell_repeat(waiting);  // known already: told at once, at no cost
  else
    waiting_.push_back(std::move(waiting));
}

const Trial* Run::result_of(std::uint64_t number) const {
  for (const auto* results : {&finished_, &stored_})
    if (const auto found = results->find(number); found != results->end()) return &found->second;
  return nullptr;
}

bool Run::tell_next() {
  if (waiting_.empty()) return false;
  const Waiting& next = waiting_.front();
  if (next.repeat) {
    tell_repeat(next);  // what it repeats was asked for, and so told, before it
  } else {
    const Trial* trial = result_of(next.number);
    if (trial == nullptr) return false;
    tell_trial(*trial);
  }
  waiting_.pop_front();
  return true;
}

void Run::tell_repeat(const Waiting& waiting) {
  Trial trial = state_.trials[waiting.number - 1];
  trial.architecture = waiting.architecture;
  log_.record({Event::Kind::tell, trial.number, {}});
  study_.searcher->tell(trial);
  starved_ = false;
  ++state_.repeats;
}

void Run::tell_trial(const Trial& trial) {
  log_.record({Event::Kind::tell, trial.number, {}});
  study_.searcher->tell(trial);
  starved_ = false;
  state_.counted += counts(criteria_, trial);
  state_.replayed += stored_.contains(trial.number);
  state_.trials.push_back(trial);
  const bool entered = state_.front.add(trial);
  finished_.erase(trial.number);
  if (study_.on_told) study_.on_told(state_, entered);
}

/// Begins what waits, in order, but never more than the budget can take should all of them count: what is asked
/// and told is then the same for every budget, and a larger one goes on where a smaller one ended.
void Run::begin_trials() {
  if (time_up()) return;
  std::uint64_t counted = state_.counted;
  for (const Waiting& waiting : waiting_) {
    if (waiting.repeat) continue;
    if (study_.budget.trials && counted >= *study_.budget.trials) return;
    const Trial* known = result_of(waiting.number);
    counted += known ? counts(criteria_, *known) : 1;
    if (known || waiting.number <= begun_to_) continue;
    workers_.begin({waiting.number, derived_seed(study_.seed, waiting.number), waiting.architecture, waiting.network});
    begun_to_ = waiting.number;
    ++running_;
  }
}

bool Run::collect(std::chrono::milliseconds patience) {
  std::optional<Trial> trial = workers_.next(patience);
  if (!trial) return false;
  --running_;
  if (study_.store) study_.store->save(*trial);
  finished_.emplace(trial->number, std::move(*trial));
  return true;
}

}  // namespace

StudyState Study::run() { return Run(*this).run(); }

}  // namespace paretoforge
