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
        promotions_(criteria_, study.fidelity),
        full_(full_rung(criteria_)),
        begin_(Clock::now()),
        workers_(study.space, study.objectives, std::max(1u, study.threads)) {
    if (study.store)
      for (Trial& trial : study.store->measurements())
        stored_.emplace(Measurement{trial.number, trial.rung}, std::move(trial));
  }

  StudyState run() {
    while (!over()) {
      begin_trials();
      if (schedules_next())
        schedule();
      else if (!tell_next()) {
        if (running_ == workers_.dropped()) break;  // nothing may begin any more: the time is up
        collect(stop_poll);
      }
    }
    if (full_ > 0 && state_.end != End::stopped && state_.end != End::time) finish_rungs();
    // What finished while the study was asked to stop is saved, too.
    while (collect(std::chrono::milliseconds(0))) {
    }
    if (study_.store) study_.store->flush();
    if (state_.end != End::stopped && state_.end != End::time)
      for (const Trial& trial : state_.trials)
        if (trial.state == TrialState::pruned) settle(trial.number);
    return std::move(state_);
  }

 private:
  /// Of which trial, at which rung.
  using Measurement = std::pair<std::uint64_t, std::uint32_t>;

  /// A proposal or a promotion that waits for its turn to be told.
  struct Waiting {
    enum class Kind : std::uint8_t { fresh, repeat, promotion };
    Kind kind;
    std::uint64_t number;  ///< of the trial that it is or repeats
    std::uint32_t rung;
    Architecture architecture;
    std::shared_ptr<const Network> network;
    bool begun = false;
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
  bool schedules_next() const;
  void schedule();
  void ask(std::uint32_t rung);
  void promote(Promotions::Job job);
  void finish_rungs();
  void show_measured();
  void settle(std::uint64_t number);
  bool tell_next();
  void tell_trial(const Trial& trial);
  void tell_repeat(const Waiting& waiting);
  void begin_trials();
  bool collect(std::chrono::milliseconds patience);
  const Trial* result_of(Measurement measurement) const;

  Study& study_;
  std::vector<Criterion> criteria_;
  StudyState state_;
  Log log_;
  KnownTrials known_;
  Promotions promotions_;
  std::uint32_t full_;                     ///< the rung of the full budget
  std::map<Measurement, Trial> stored_;    ///< finished in earlier runs
  std::map<Measurement, Trial> finished_;  ///< in this one, not yet told
  std::deque<Waiting> waiting_;            ///< in the order of the asks and promotions
  std::uint64_t running_ = 0;              ///< begun and not collected
  bool starved_ = false;                   ///< the searcher wants to be told more before it is asked again
  bool finishing_ = false;                 ///< the searcher is neither asked nor told any more, nothing is logged
  std::optional<End> asked_out_;           ///< why the searcher is never asked again
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

bool Run::schedules_next() const {
  if (log_.replaying()) return log_.next_kind() != Event::Kind::tell;
  if (waiting_.size() >= std::max(1u, study_.window)) return false;
  const auto job = promotions_.next();
  return job && (job->trial != 0 || (!asked_out_ && !starved_));
}

void Run::schedule() {
  auto job = promotions_.next();
  if (promotions_.left_to_searcher() && job && job->trial == 0)
    if (const auto number = study_.searcher->promote())
      job = Promotions::Job{*number, state_.trials.at(*number - 1).rung + 1};
  if (log_.replaying() && (!job || (job->trial != 0) != (log_.next_kind() == Event::Kind::promote))) log_.refuse();
  if (job->trial != 0)
    promote(*job);
  else
    ask(job->rung);
}

void Run::promote(Promotions::Job job) {
  if (!finishing_) log_.record({Event::Kind::promote, job.trial, {}, job.rung});
  promotions_.begin(job);
  waiting_.push_back({Waiting::Kind::promotion, job.trial, job.rung, known_.architecture(job.trial), nullptr});
}

void Run::ask(std::uint32_t rung) {
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
  log_.record({Event::Kind::ask, number, *proposal, rung});
  Waiting waiting{repeat ? Waiting::Kind::repeat : Waiting::Kind::fresh, number, rung, std::move(*proposal),
                  std::move(sighting.network)};
  if (!repeat) promotions_.begin({number, rung});
  if (repeat && number <= state_.trials.size())
    tell_repeat(waiting);  // known already: told at once, at no cost
  else
    waiting_.push_back(std::move(waiting));
}

const Trial* Run::result_of(Measurement measurement) const {
  for (const auto* results : {&finished_, &stored_})
    if (const auto found = results->find(measurement); found != results->end()) return &found->second;
  return nullptr;
}

bool Run::tell_next() {
  if (waiting_.empty()) return false;
  const Waiting& next = waiting_.front();
  if (next.kind == Waiting::Kind::repeat) {
    tell_repeat(next);  // what it repeats was asked for, and so told, before it
  } else {
    const Trial* trial = result_of({next.number, next.rung});
    if (trial == nullptr) return false;
    tell_trial(*trial);
  }
  waiting_.pop_front();
  return true;
}

void Run::tell_repeat(const Waiting& waiting) {
  Trial trial = state_.trials[waiting.number - 1];
  trial.architecture = waiting.architecture;
  log_.record({Event::Kind::tell, trial.number, {}, trial.rung});
  study_.searcher->tell(trial);
  starved_ = false;
  ++state_.repeats;
}

void Run::tell_trial(const Trial& trial) {
  const bool known = trial.number <= state_.trials.size();
  if (!finishing_) {
    log_.record({Event::Kind::tell, trial.number, {}, trial.rung});
    known ? study_.searcher->update(trial) : study_.searcher->tell(trial);
  }
  starved_ = false;
  promotions_.tell(trial);
  const Measurement measurement{trial.number, trial.rung};
  if (known) {
    state_.trials[trial.number - 1] = trial;
  } else {
    state_.counted += counts(criteria_, trial);
    state_.replayed += stored_.contains(measurement);
    state_.trials.push_back(trial);
  }
  state_.newest = trial.number;
  const bool entered = state_.front.add(trial);
  if (trial.state != TrialState::pruned) settle(trial.number);
  finished_.erase(measurement);
  if (study_.on_told) study_.on_told(state_, entered);
}

/// Begins what waits, in order, but never more than the budget can take should all of them count: what is asked
/// and told is then the same for every budget, and a larger one goes on where a smaller one ended.
void Run::begin_trials() {
  if (time_up()) return workers_.close();
  std::uint64_t counted = state_.counted;
  for (Waiting& waiting : waiting_) {
    if (waiting.kind == Waiting::Kind::repeat) continue;
    const Trial* known = result_of({waiting.number, waiting.rung});
    std::optional<Trial> so_far;
    if (waiting.kind == Waiting::Kind::fresh) {
      if (study_.budget.trials && counted >= *study_.budget.trials) return;
      counted += known ? counts(criteria_, *known) : 1;
    } else {
      so_far = state_.trials[waiting.number - 1];
    }
    if (known || waiting.begun) continue;
    workers_.begin({waiting.number, derived_seed(study_.seed, waiting.number), waiting.architecture, waiting.network,
                    waiting.rung, std::move(so_far)});
    waiting.begun = true;
    ++running_;
  }
}

/// No new trial may begin: promotes among those that are told until no rung has a place left. The log ends before
/// this, and the searcher hears nothing of it, so that a larger budget goes on as if it had been the first; what was
/// measured here is then known.
void Run::finish_rungs() {
  finishing_ = true;
  std::erase_if(waiting_, [](const Waiting& waiting) { return waiting.kind != Waiting::Kind::promotion; });
  promotions_.close();
  while (!stopped() && !time_up()) {
    const auto job = promotions_.next();
    if (job && waiting_.size() < std::max(1u, study_.window)) {
      promote(*job);
      continue;
    }
    if (waiting_.empty()) return show_measured();
    begin_trials();
    if (!tell_next()) collect(stop_poll);
  }
  state_.end = stopped() ? End::stopped : End::time;
}

/// A smaller budget may have measured more of a trial than this one promotes: shown, since it is there.
void Run::show_measured() {
  for (const auto& [measurement, trial] : stored_) {
    if (measurement.first > state_.trials.size()) break;
    Trial& shown = state_.trials[measurement.first - 1];
    if (measurement.second <= shown.rung) continue;
    shown = trial;
    state_.front.add(trial);
  }
}

void Run::settle(std::uint64_t number) {
  if (study_.on_settled) study_.on_settled(number);
}

bool Run::collect(std::chrono::milliseconds patience) {
  std::optional<Trial> trial = workers_.next(patience);
  if (!trial) return false;
  --running_;
  if (study_.store) study_.store->save(*trial);
  const Measurement measurement{trial->number, trial->rung};
  finished_.emplace(measurement, std::move(*trial));
  return true;
}

}  // namespace

StudyState Study::run() { return Run(*this).run(); }

}  // namespace paretoforge
