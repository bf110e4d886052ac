#include "experiments/study_run.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "configs/table.hpp"
#include "experiments/host.hpp"
#include "predictors/fit.hpp"
#include "search/trials_csv.hpp"

namespace paretoforge {

namespace fs = std::filesystem;

unsigned default_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

namespace {

std::uint64_t count_of(const std::vector<Criterion>& known, const std::vector<Trial>& trials) {
  return static_cast<std::uint64_t>(std::count_if(trials.begin(), trials.end(), [&](const Trial& trial) { return counts(known, trial); }));
}

/// A study whose truth is gone must not begin anew over the tables that are all that is left of it; nor one over files of the
/// user's that have the names of its own.
void refuse_orphans(const fs::path& folder) {
  std::error_code none;
  if (fs::exists(folder / "study.db", none)) return;
  for (const char* own : {"study.yaml", "report.html"})
    if (fs::exists(folder / own, none) && !fs::exists(folder / "trials.csv", none))
      throw ConfigError("error: " + folder.string() + " holds a " + own + " that is not of a study there, and a study's own would replace it\n" +
                        "   = give --out another folder, or move it away");
  std::string names;
  for (const char* table : {"trials.csv", "front.csv"})
    if (fs::exists(folder / table, none)) names += (names.empty() ? "" : " and ") + std::string(table);
  if (names.empty()) return;
  throw ConfigError("error: " + folder.string() + " holds " + names + " of an earlier study, but not its study.db\n" +
                    "   = put study.db back to go on with it; to begin anew, move " + names + " away or give --out another folder");
}

/// Fewer trials than there are already would make tables that contradict the store: what is there stays.
void keep_trials(StudyFile& study, const Store& store) {
  const std::vector<Criterion> known = criteria(study.objectives);
  const std::vector<Trial> before = store.told();
  const std::uint64_t counted = count_of(known, before);
  if (!study.search->trials || counted <= *study.search->trials) return;
  study.notes.push_back(std::to_string(counted) + " trials are there already, more than the " + std::to_string(*study.search->trials) + " asked for: they stay");
  study.search->trials = counted;
  study.resolved = study.resolved.with("search.trials", std::to_string(counted));
}

}  // namespace

Store open_study(StudyFile& study, const fs::path& folder) {
  refuse_orphans(folder);
  Store store = Store::open(folder, {study.fingerprint, study.resolved.yaml()});
  keep_trials(study, store);
  replace_file(folder / "study.yaml", study.resolved.yaml());
  return store;
}

bool prepare_host(StudyFile& study, const fs::path& folder, Progress& progress, const std::atomic<bool>& stop) {
  if (!study.host) return true;
  const fs::path device = folder / "host.yaml", measurements = folder / "host.csv";
  if (!fs::exists(device)) {
    const MeasuringOptions measuring{study.host->networks, study.host->seed, {},
                                     [&](std::size_t done, std::size_t of) { progress.stage("measuring the host", done, of); }, &stop};
    if (!measure_host(*study.space, measurements, measuring).whole) return false;
    FitOptions options;
    options.seed = study.host->seed;
    options.model = study.host->model;
    Device host{"host", "the computer that ran study " + study.name, Measuring{}, {}};
    host.put(fit(Table::load(measurements), *study.space, study.host->metric, options).metric);
    host.save(device);
    const FitScores& scores = host.metrics[0].scores;
    char text[160];
    std::snprintf(text, sizeof text, "the host's predictor: %s on %zu networks; unseen ones within 10 %%: %.0f %%, rank correlation %.3f",
                  host.metrics[0].model.c_str(), scores.train_rows, scores.within_10_pct, scores.spearman);
    progress.note(text);
  }
  study.set_host_device(device);
  return true;
}

std::string failures(const std::vector<Trial>& trials, const std::string& table) {
  const auto failed = [](const Trial& trial) { return trial.state == TrialState::failed; };
  const auto first = std::find_if(trials.begin(), trials.end(), failed);
  if (first == trials.end()) return "";
  const auto count = std::count_if(trials.begin(), trials.end(), failed);
  return std::to_string(count) + " of " + std::to_string(trials.size()) + (trials.size() == 1 ? " trial" : " trials") + " failed; the first, #" + std::to_string(first->number) +
         ": " + first->message + "; all are in " + table;
}

namespace {

/// Lets the live line and the 30 seconds of a pipe go on while a trial takes long.
std::jthread ticking(Progress& progress) {
  return std::jthread([&progress](const std::stop_token& done) {
    std::mutex mutex;
    std::condition_variable_any rest;
    for (std::unique_lock lock(mutex); !done.stop_requested();) {
      rest.wait_for(lock, done, std::chrono::milliseconds(500), [] { return false; });
      progress.tick();
    }
  });
}

/// Cheap objectives as the study has them, so that what breaks their limits is not trained; then what is ranked.
std::vector<Objective> reference_objectives(const StudyFile& study) {
  std::vector<Objective> objectives;
  std::copy_if(study.objectives.begin(), study.objectives.end(), std::back_inserter(objectives), [](const Objective& objective) { return !objective.expensive; });
  for (Objective& objective : study.ranked->objectives()) objectives.push_back(std::move(objective));
  return objectives;
}

void refuse_few(const StudyState& reference, const RanksWish& wish) {
  const auto count = [&](TrialState state) {
    return static_cast<std::uint64_t>(std::count_if(reference.trials.begin(), reference.trials.end(), [&](const Trial& trial) { return trial.state == state; }));
  };
  if (count(TrialState::complete) >= RanksWish::least_reference) return;
  throw std::runtime_error("ranks are taken among at least " + std::to_string(RanksWish::least_reference) + " networks, and " + std::to_string(count(TrialState::complete)) + " of " +
                           std::to_string(wish.reference) + " reference networks could be trained" +
                           (count(TrialState::failed) == 0 ? ": no more of those drawn keep the limits" : "") + "; see reference/trials.csv");
}

}  // namespace

bool prepare_reference(StudyFile& study, const fs::path& folder, unsigned threads, Progress& progress, const std::atomic<bool>& stop) {
  if (!study.ranked) return true;
  const RanksWish& wish = study.ranked->wish();
  const std::vector<Objective> objectives = reference_objectives(study);
  const SearchSettings search = SearchSettings::read(Config::make_map({{"algorithm", Config::make_scalar("random")}, {"trials", Config::make_scalar(std::to_string(wish.reference))}}));
  Store store = Store::open(folder / "reference", {study.fingerprint, study.resolved.yaml()});
  Study run{*study.space, objectives, search.make({*study.space, criteria(objectives), wish.reference_seed(), study.points}), {wish.reference, {}}, &store,
            threads, search.window, study.identity, wish.reference_seed(), {}, &stop};
  const auto tell = [&](std::uint64_t counted) { progress.stage("training reference networks", counted, wish.reference); };
  if (store.told().empty()) tell(0);
  run.on_told = [&](const StudyState& state, bool) {
    if (state.trials.size() > state.replayed) tell(state.counted);
  };
  const std::jthread ticker = ticking(progress);
  const StudyState reference = run.run();
  replace_file(folder / "reference" / "trials.csv", trials_csv(*study.space, criteria(objectives), reference.trials));
  if (reference.end == End::stopped) return false;
  if (const std::string why = failures(reference.trials, "reference/trials.csv"); !why.empty()) progress.note("reference: " + why);
  refuse_few(reference, wish);
  study.ranked->rank_among(reference.trials);
  return true;
}

namespace {

void write_tables(const StudyFile& study, const StudyState& state, const fs::path& folder) {
  const auto known = criteria(study.objectives);
  replace_file(folder / "trials.csv", trials_csv(*study.space, known, state.trials));
  replace_file(folder / "front.csv", trials_csv(*study.space, known, state.front.members()));
}

}  // namespace

StudyState run_search(StudyFile& study, Store& store, const fs::path& folder, unsigned threads, Progress& progress, const std::atomic<bool>& stop) {
  const SearchSettings& search = *study.search;
  const std::vector<Criterion> known = criteria(study.objectives);
  const SearchProblem problem{.space = *study.space,
                              .criteria = known,
                              .seed = search.seed,
                              .points = study.points,
                              .cheap = cheap_values(*study.space, study.objectives),
                              .cheap_is_slow = std::any_of(study.scores.begin(), study.scores.end(), [&](std::uint64_t i) { return !known[i].expensive; })};
  Study run{*study.space, study.objectives, search.make(problem), {search.trials, search.seconds}, &store,
            threads, search.window, study.identity, search.seed, search.fidelity, &stop};
  const auto tell = [&](std::uint64_t counted, const Front& front) {
    progress.trial(counted, search.trials.value_or(0), front.members().size(), front.fitting(), front.hypervolume());
  };
  run.on_told = [&](const StudyState& state, bool entered_front) {
    if (state.trials.size() <= state.replayed) return;  // told in an earlier run: no measure of speed
    if (entered_front) progress.member(member_text(known, state.trials[state.newest - 1]));
    tell(state.counted, state.front);
  };
  const std::vector<Trial> before = store.told();
  tell(count_of(known, before), Front(known, before));
  const std::jthread ticker = ticking(progress);
  if (study.training) {
    *study.checkpoints = folder / "checkpoints";
    fs::create_directories(*study.checkpoints);
    run.on_settled = [&](std::uint64_t trial) { fs::remove(StudyFile::checkpoint_of(*study.checkpoints, trial)); };
  }
  StudyState state = run.run();
  // Where the study was stopped, trainings go on from there.
  if (study.training && state.end != End::stopped && state.end != End::time) fs::remove_all(*study.checkpoints);
  write_tables(study, state, folder);
  return state;
}

}  // namespace paretoforge
