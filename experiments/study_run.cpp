#include "experiments/study_run.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "configs/table.hpp"
#include "experiments/host.hpp"
#include "predictors/fit.hpp"
#include "search/trials_csv.hpp"

namespace paretoforge {

namespace fs = std::filesystem;

unsigned default_threads() { return std::max(1u, std::thread::hardware_concurrency()); }

namespace {

/// Fewer trials than there are already would make tables that contradict the store: what is there stays.
void keep_trials(StudyFile& study, const Store& store) {
  const std::vector<Criterion> known = criteria(study.objectives);
  const std::vector<Trial> before = store.told();
  const auto counted = static_cast<std::uint64_t>(std::count_if(before.begin(), before.end(), [&](const Trial& trial) { return counts(known, trial); }));
  if (!study.search->trials || counted <= *study.search->trials) return;
  study.notes.push_back(std::to_string(counted) + " trials are there already, more than the " + std::to_string(*study.search->trials) + " asked for: they stay");
  study.search->trials = counted;
  study.resolved = study.resolved.with("search.trials", std::to_string(counted));
}

}  // namespace

Store open_study(StudyFile& study, const fs::path& folder) {
  Store store = Store::open(folder, {study.fingerprint, study.resolved.yaml()});
  keep_trials(study, store);
  replace_file(folder / "study.yaml", study.resolved.yaml());
  return store;
}

bool prepare_host(StudyFile& study, const fs::path& folder, Progress& progress, const std::atomic<bool>& stop) {
  if (!study.host) return true;
  const fs::path device = folder / "host.yaml", measurements = folder / "host.csv";
  if (!fs::exists(device)) {
    HostMeasuring measuring{study.host->networks, study.host->seed, {},
                            [&](std::size_t done, std::size_t of) { progress.stage("measuring the host", done, of); }, &stop};
    if (!measure_host(*study.space, measurements, measuring)) return false;
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
  Study run{*study.space, study.objectives, search.make({*study.space, known, search.seed, study.points, cheap_values(*study.space, study.objectives)}), {search.trials, search.seconds}, &store,
            threads, search.window, study.identity, search.seed, &stop, nullptr};
  run.on_told = [&](const StudyState& state, bool entered_front) {
    if (entered_front && state.trials.size() > state.replayed) progress.member(member_text(known, state.trials.back()));
    progress.trial(state.counted, search.trials.value_or(0), state.front.members().size(), state.front.fitting(), state.front.hypervolume());
  };
  StudyState state = run.run();
  write_tables(study, state, folder);
  return state;
}

}  // namespace paretoforge
