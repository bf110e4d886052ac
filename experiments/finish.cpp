#include "experiments/finish.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <numeric>
#include <thread>

#include "experiments/evaluate.hpp"
#include "experiments/exported_architecture.hpp"
#include "experiments/training.hpp"
#include "experiments/version.hpp"
#include "exporters/bundle.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/sha256_internal.hpp"
#include "predictors/device.hpp"
#include "predictors/totals.hpp"
#include "search/objective.hpp"
#include "space/model_file.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t golden_samples = 16;
/// Sums of products that the reference interpreter is given per model: the more a network costs, the fewer images.
constexpr double parity_macs = 2e10;

/// Runs work(i) for i = 0 .. count-1 on a few threads; the first exception ends it and is rethrown.
template <class Work>
void side_by_side(std::size_t count, std::size_t threads, Work&& work) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failed;
  std::mutex mutex;
  {
    std::vector<std::jthread> workers;
    for (std::size_t t = 0; t < std::min(threads, count); ++t)
      workers.emplace_back([&] {
        for (std::size_t i; (i = next++) < count;) try {
            work(i);
          } catch (...) {
            const std::lock_guard lock(mutex);
            if (!failed) failed = std::current_exception();
            next = count;
          }
      });
  }
  if (failed) std::rethrow_exception(failed);
}

/// Turns a flag that is polled into a stop token.
class StopFlag {
 public:
  explicit StopFlag(const std::atomic<bool>* flag) {
    if (flag != nullptr)
      watcher_ = std::jthread([this, flag](const std::stop_token& done) {
        while (!done.stop_requested() && !flag->load()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (flag->load()) source_.request_stop();
      });
  }
  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  std::jthread watcher_;
};

/// What decides the weights beside the trial: weights trained otherwise are other weights.
std::string training_digest(const StudyFile& study, const std::optional<Config>& changes) {
  return internal::sha256(study.fingerprint + std::to_string(study.search->seed) + (changes ? changes->yaml() : ""));
}

class Finisher {
 public:
  Finisher(const StudyFile& study, const fs::path& folder, const FinishOptions& options) : study_(study), folder_(folder), options_(options) {}

  std::vector<FinishedModel> run(const std::vector<Pick>& chosen) {
    fs::create_directories(folder_ / "models");
    StopFlag stop(options_.stop);
    std::vector<std::optional<FinishedModel>> ready(chosen.size());
    const std::vector<std::size_t> order = costly_first(chosen);
    progress("training", 0, chosen.size());
    side_by_side(chosen.size(), options_.threads, [&](std::size_t i) {
      ready[order[i]] = finished(chosen[order[i]], stop.token());
      const std::lock_guard lock(mutex_);
      progress("training", ++done_, chosen.size());
    });
    std::vector<FinishedModel> models;
    for (auto& model : ready) models.push_back(std::move(*model));
    time(models);
    return models;
  }

 private:
  Graph graph_of(const Trial& trial) const { return pruned(study_.space->decode(trial.architecture)); }

  /// The longest work first, so that the last to finish is short.
  std::vector<std::size_t> costly_first(const std::vector<Pick>& chosen) const {
    std::vector<std::int64_t> cost;
    for (const Pick& pick : chosen) cost.push_back(totals(graph_of(pick.trial)).macs);
    std::vector<std::size_t> order(chosen.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return cost[a] > cost[b]; });
    return order;
  }

  FinishedModel finished(const Pick& pick, std::stop_token stop) const {
    const Graph graph = graph_of(pick.trial);
    const Model model = trained_model(study_, pick.trial, folder_, stop, options_.quantise.bits);
    Quantised best = quantised_best(model, *study_.training, options_.quantise);
    FinishedModel result{pick, "trial_" + std::to_string(pick.trial.number), best.calibration, std::move(best.model), std::move(best.integer), {}, {}, {}, {}, {}};
    const LabelledSamples test = study_.training->test_samples(result.model, SIZE_MAX);
    result.scores = scores_of(result, test);
    const std::string onnx = qdq_onnx(result.integer);
    result.parity = compare_outputs(result.integer, onnx, first(test, graph));
    result.fusion = inspect_fusion(result.integer, onnx);
    return result;
  }

  Figures scores_of(const FinishedModel& model, const LabelledSamples& test) const {
    const OnnxOptions batch{.batch = evaluation_batch};
    const std::vector<float> real = onnx_outputs(float_onnx(model.model, batch), evaluation_batch, test), integer = onnx_outputs(qdq_onnx(model.integer, batch), evaluation_batch, test);
    Figures figures;
    const auto add = [&](const std::string& score) {
      figures.emplace_back(score_figure(score, "float"), study_.training->score(score, real, test));
      figures.emplace_back(score_figure(score, "int8"), study_.training->score(score, integer, test));
    };
    const std::vector<std::string> names = study_.training->score_names();
    add(names.front());
    if (model.integer.regression())
      for (std::size_t i = 1; i < names.size(); ++i) add(names[i]);
    return figures;
  }

  static std::span<const float> first(const LabelledSamples& test, const Graph& graph) {
    const double macs = static_cast<double>(std::max<std::int64_t>(1, totals(graph).macs));
    const auto images = std::min(test.size(), std::max<std::size_t>(500, static_cast<std::size_t>(parity_macs / macs)));
    return std::span(test.values).first(images * static_cast<std::size_t>(graph.shape(0).elements()));
  }

  /// Timed when nothing else runs.
  void time(std::vector<FinishedModel>& models) {
    progress("timing", 0, models.size());
    std::vector<std::string> onnx;
    for (const FinishedModel& model : models) onnx.push_back(qdq_onnx(model.integer));
    const std::vector<Latency> results = time_models(onnx, {}, study_.search->seed, options_.stop);
    if (results.size() != models.size()) throw Interrupted();
    for (std::size_t i = 0; i < models.size(); ++i) {
      models[i].latency = results[i];
      if (const fs::path device = folder_ / "host.yaml"; study_.host && study_.host->metric == "latency_ms" && fs::exists(device)) {
        const Architecture& point = models[i].pick.trial.architecture;
        models[i].predicted_latency =
            Device::load(device).metric(study_.host->metric).predict(study_.space->decode(point), *study_.space, point);
      }
    }
    progress("timing", models.size(), models.size());
  }

  void progress(const std::string& what, std::size_t done, std::size_t of) const {
    if (options_.on_progress) options_.on_progress(what, done, of);
  }

  const StudyFile& study_;
  const fs::path& folder_;
  const FinishOptions& options_;
  std::mutex mutex_;
  std::size_t done_ = 0;
};

BundleModel bundled(const StudyFile& study, const FinishedModel& model, const QuantiseWish& quantise) {
  const LabelledSamples golden = study.training->test_samples(model.model, golden_samples);
  BundleModel result{model.name, exported_architecture(study.space->resolved(model.pick.trial.architecture), model.model.graph, quantise.bits), model.model, model.integer,
                     {golden.values.begin(), golden.values.end()},
                     {{"trial", std::to_string(model.pick.trial.number)}, {"chosen", model.pick.reason}, {"calibration", model.calibration}},
                     {{"parity_images", static_cast<double>(model.parity.images)}, {"parity_agreement_pct", 100 * model.parity.agreement()},
                      {"latency_ms", model.latency.median_ms}, {"latency_p95_ms", model.latency.p95_ms}, {"latency_p99_ms", model.latency.p99_ms}}};
  result.figures.insert(result.figures.begin(), model.scores.begin(), model.scores.end());
  const bool regression = !study.training->targets().empty();
  std::string outputs;  // in their order
  for (const std::string& name : regression ? study.training->targets() : study.training->classes()) outputs += (outputs.empty() ? "" : ", ") + name;
  result.facts.emplace_back(regression ? "targets" : "classes", outputs);
  if (const std::string features = study.training->features(); !features.empty()) result.facts.emplace_back("features", features);
  if (!quantise.bits.empty()) result.facts.emplace_back("weight_bits", bits_text(model.model.graph));
  const Totals sums = totals(model.model.graph);
  for (const TotalKind& kind : total_kinds()) result.figures.emplace_back(kind.name, static_cast<double>(sums.*kind.value));
  return result;
}

}  // namespace

Model trained_model(const StudyFile& study, const Trial& trial, const fs::path& study_folder, std::stop_token stop, const std::string& bits) {
  Graph graph = pruned(study.space->decode(trial.architecture));
  const auto changes = study.finish ? study.finish->train : std::nullopt;
  const bool as_wished = (bits == "8" || bits == "4") && study.training->quantises(changes);
  if (as_wished)
    for (const NodeId layer : weighted_layers(graph)) graph.set_weight_bits(layer, bits == "4" ? 4 : 8);
  const fs::path kept = study_folder / "models" / ("trial_" + std::to_string(trial.number) + "_" + training_digest(study, changes).substr(0, 12) +
                                                   (as_wished ? "_int" + bits : "") + ".model");
  try {
    return load_model(kept, graph);
  } catch (const std::runtime_error&) {
    // Not there, damaged, or of a study that was removed: trained again.
  }
  try {
    // Another stream than the trial's own: the full training does not go on from the proxy's.
    const fs::path checkpoint = fs::path(kept).replace_extension(".checkpoint");
    Model model = study.training->train_fully(graph, changes, derived_seed(~study.search->seed, trial.number), stop, checkpoint);
    save_model(kept, model);
    fs::remove(checkpoint);
    return model;
  } catch (const TrainingStopped&) {
    throw Interrupted();
  }
}

std::vector<Pick> chosen_trials(const StudyFile& study, const Front& front, const std::vector<Trial>& trials) {
  std::vector<Pick> chosen = picks(front);
  if (!front.any_fits()) return {};
  if (study.finish && chosen.size() > study.finish->picks) chosen.erase(chosen.begin() + static_cast<std::ptrdiff_t>(study.finish->picks), chosen.end());
  if (!study.finish) return chosen;
  const std::size_t score = study.training_objective;
  const Criterion& criterion = study.objectives[score];
  for (const Within& budget : study.finish->also) {
    const Trial* best = nullptr;
    for (const Trial& trial : trials) {
      if (trial.state != TrialState::complete) continue;
      const Totals sums = totals(study.space->decode(trial.architecture));
      const bool within = std::all_of(budget.begin(), budget.end(), [&](const auto& bound) { return static_cast<double>(sums.*find_total(bound.first)->value) <= bound.second; });
      if (within && (best == nullptr || cost(criterion, *trial.values[score]) < cost(criterion, *best->values[score]))) best = &trial;
    }
    if (best == nullptr || std::any_of(chosen.begin(), chosen.end(), [&](const Pick& pick) { return pick.trial.number == best->number; })) continue;
    std::string reason = criterion.goal == Goal::maximize ? "most accurate within" : "least " + criterion.name + " within";
    for (const auto& [name, most] : budget) reason += " " + name + " <= " + std::to_string(static_cast<std::int64_t>(most));
    chosen.push_back({*best, reason});
  }
  return chosen;
}

std::string finish_digest(const StudyFile& study, const std::vector<Pick>& chosen) {
  std::string text = study.fingerprint;
  for (const Pick& pick : chosen) text += " " + std::to_string(pick.trial.number);
  if (study.finish && study.finish->train) text += study.finish->train->yaml();
  if (study.finish)
    for (const std::string& format : study.finish->formats) text += " " + format;
  if (study.finish && study.finish->quantise.calibration) text += " " + std::string(range_rule_name(*study.finish->quantise.calibration));
  if (study.finish) text += study.finish->quantise.bits;
  if (study.finish && study.finish->quantise.most_bytes) text += " within " + std::to_string(*study.finish->quantise.most_bytes);
  return internal::sha256(text);
}

std::vector<FinishedModel> finish_trials(const StudyFile& study, const std::vector<Pick>& chosen, const fs::path& study_folder,
                                         const fs::path& bundle_folder, const FinishOptions& options) {
  std::vector<FinishedModel> models = Finisher(study, study_folder, options).run(chosen);
  Bundle bundle{study.name, {{"paretoforge", version}, {"onnxruntime", OnnxRuntime::version()}, {"seed", std::to_string(study.search->seed)}, {"study_sha256", study.fingerprint}, {"finish_sha256", finish_digest(study, chosen)}}, {}, options.formats, true, torchscript_format()};
  for (const FinishedModel& model : models) bundle.models.push_back(bundled(study, model, options.quantise));
  write_bundle(bundle, bundle_folder);
  return models;
}

}  // namespace paretoforge
