// search: runs a study from its file to its front, its models and its report.
#include <algorithm>
#include <iostream>

#include "experiments/command_internal.hpp"
#include "experiments/finish.hpp"
#include "experiments/front_text.hpp"
#include "experiments/models_file.hpp"
#include "experiments/report_study.hpp"
#include "experiments/study_run.hpp"
#include "exporters/onnx_runtime.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

struct SearchOptions {
  std::string file, out;
  std::vector<std::string> set;
  unsigned threads = 0;
  bool quiet = false;
};

std::string plural(std::uint64_t count, const std::string& noun) { return std::to_string(count) + " " + noun + (count == 1 ? "" : "s"); }

std::string head_line(const StudyFile& study, unsigned threads) {
  std::string text = "search " + study.name + " · " + plural(study.objectives.size(), "objective");
  if (study.host) text += " · host";
  text += " · " + std::string(study.search->kind->resolved) + " · seed " + std::to_string(study.search->seed);
  if (study.search->trials) text += " · " + plural(*study.search->trials, "trial");
  return text + " on " + plural(threads, "thread");
}

std::string ended(const StudyState& state) {
  switch (state.end) {
    case End::budget: return "";
    case End::time: return "the time was up: a study with a limit in seconds cannot be repeated exactly";
    case End::exhausted: return "every point of the space has been proposed: the search is complete";
    case End::proposals: return "100 times as many proposals as trials: nearly nothing keeps the limits, or nearly all repeats";
    case End::stopped: return "stopped";
  }
  return "";
}

class SearchRun {
 public:
  explicit SearchRun(const SearchOptions& options)
      : options_(options), study_(StudyFile::load(options.file, options.set)), folder_(folder()), progress_(ProgressOptions::standard_error(options.quiet)) {}

  int run() {
    if (study_.host || study_.finish) OnnxRuntime::version();  // says how to install it where it is missing
    Store store = open_study(study_, folder_);
    const unsigned threads = options_.threads != 0 ? options_.threads : study_.search->threads.value_or(default_threads());
    progress_.begin(head_line(study_, threads));
    for (const std::string& note : study_.notes) progress_.note(note);
    if (study_.training) study_.training->tell([this](const std::string& note) { progress_.note(note); });
    if (!prepare_host(study_, folder_, progress_, signals_.stop())) return stopped();
    if (!prepare_reference(study_, folder_, threads, progress_, signals_.stop())) return stopped();
    const StudyState state = run_search(study_, store, folder_, threads, progress_, signals_.stop());
    progress_.finish();
    if (signals_.stop()) return stopped();
    if (const std::string why = ended(state); !why.empty()) progress_.note(why);
    if (const std::string why = failures(state.trials, "trials.csv"); !why.empty()) std::cerr << why << '\n';
    return conclude(state, threads);
  }

 private:
  fs::path folder() const {
    if (!options_.out.empty()) return options_.out;
    return fs::path("runs") / fs::path(options_.file).stem();
  }

  int stopped() {
    progress_.finish();
    std::cerr << "stopped; everything up to here is saved in " << folder_.string() << "\n   = the same command goes on from there\n";
    const int code = signals_.exit_code();
    return code != 0 ? code : exit_failed;
  }

  int conclude(const StudyState& state, unsigned threads) {
    std::vector<Pick> chosen;
    if (study_.finish) chosen = chosen_trials(study_, state.front, state.trials);
    if (!chosen.empty() && !finished_before(chosen)) {
      try {
        const auto models = finish_trials(study_, chosen, folder_, folder_ / "bundle",
                                          {threads, study_.finish->formats, study_.finish->quantise, [this](const std::string& what, std::size_t done, std::size_t of) { progress_.stage(what, done, of); }, &signals_.stop()});
        save_figures(folder_ / "models.json", models, "bundle");
      } catch (const Interrupted&) {
        return stopped();
      }
    }
    progress_.finish();
    const ReportStudy report = read_report_study(folder_);
    write_report(folder_, report);
    std::cout << front_text(study_, state.front);
    if (!chosen.empty())
      std::cout << '\n' << models_text(models_of_trials(report, chosen)) << "\nmodels  " << (folder_ / "bundle").string() << '\n';
    std::cout << "report  " << (folder_ / "report.html").string() << std::endl;
    return state.front.any_fits() ? exit_done : exit_nothing_fits;
  }

  bool finished_before(const std::vector<Pick>& chosen) const {
    if (bundle_fact(folder_ / "bundle", "finish_sha256") != finish_digest(study_, chosen)) return false;
    const auto models = load_figures(folder_ / "models.json");
    return std::all_of(chosen.begin(), chosen.end(), [&](const Pick& pick) {
      return std::any_of(models.begin(), models.end(), [&](const ReportModel& model) { return model.trial == pick.trial.number; });
    });
  }

  StopSignals signals_;
  const SearchOptions& options_;
  StudyFile study_;
  fs::path folder_;
  Progress progress_;
};

}  // namespace

void add_search(CLI::App& app, Run& run) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App* command = app.add_subcommand("search", "Run a study; where its folder holds it already, go on from there");
  command->add_option("study", options->file, "Study (YAML)")->required();
  command->add_option("--out", options->out, "Folder of the study; by default runs/<study file name>");
  command->add_option("--set", options->set, "PATH=VALUE: replaces a value of the study, such as search.trials=100");
  command->add_option("--threads", options->threads, "Trials side by side; never changes the result")->check(CLI::Range(1, 1024));
  command->add_flag("--quiet", options->quiet, "Say nothing until the end");
  command->callback([options, &run] {
    run = [options] {
      tune_for_training();
      return SearchRun(*options).run();
    };
  });
}

}  // namespace paretoforge
