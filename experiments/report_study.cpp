#include "experiments/report_study.hpp"

#include <algorithm>
#include <array>

#include "experiments/files.hpp"
#include "experiments/machine.hpp"
#include "experiments/models_file.hpp"
#include "experiments/study_file.hpp"
#include "experiments/trained_scores_file.hpp"
#include "experiments/version.hpp"
#include "predictors/device.hpp"
#include "predictors/totals.hpp"
#include "search/store.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

std::string sides(const Extent& extent) { return std::to_string(extent.height) + "x" + std::to_string(extent.width); }

std::string op_text(const Op& op, const Shape& input) {
  if (const auto* conv = std::get_if<Conv>(&op)) {
    std::string text = (is_depthwise(*conv, input) ? "depthwise " : "conv ") + sides(conv->kernel);
    return conv->stride == Extent{} ? text : text + " /" + std::to_string(std::max(conv->stride.height, conv->stride.width));
  }
  if (const auto* pool = std::get_if<Pool>(&op)) return "pool " + sides(pool->kernel);
  return std::string(op_name(op));
}

/// The kernels as the device runs them: norm and activation are part of the layer before them.
std::vector<ReportLayer> layers_of(const Graph& graph) {
  const std::vector<Kernel> kernels = fused_kernels(graph);
  std::vector<std::size_t> kernel_of(static_cast<std::size_t>(graph.size()));
  std::vector<ReportLayer> layers;
  for (std::size_t k = 0; k < kernels.size(); ++k) {
    const Kernel& kernel = kernels[k];
    for (const NodeId id : {kernel.main, kernel.norm, kernel.activation})
      if (id >= 0) kernel_of[static_cast<std::size_t>(id)] = k;
    const Shape& shape = graph.shape(kernel.last);
    const Shape in = kernel.main == 0 ? shape : graph.shape(graph.inputs(kernel.main)[0]);
    ReportLayer layer{graph.name(kernel.main), op_text(graph.op(kernel.main), in), to_string(shape), static_cast<double>(macs(graph.op(kernel.main), in, shape)),
                      static_cast<double>(params(graph.op(kernel.main), in)), static_cast<double>(shape.elements()), {}, {}};
    if (kernel.norm >= 0) layer.params += 2.0 * shape.channels;
    if (kernel.activation >= 0) layer.op += ", " + std::string(op_name(graph.op(kernel.activation)));
    for (const NodeId input : graph.inputs(kernel.main)) layer.inputs.push_back(kernel_of[static_cast<std::size_t>(input)]);
    layers.push_back(std::move(layer));
  }
  return layers;
}

std::vector<ReportModel> models_of(const StudyFile& study, const fs::path& folder, const std::vector<Trial>& trials) {
  std::vector<ReportModel> models = load_figures(folder / "models.json");
  for (ReportModel& model : models) {
    const auto trial = std::find_if(trials.begin(), trials.end(), [&](const Trial& t) { return t.number == model.trial; });
    if (trial == trials.end()) continue;
    const Graph graph = study.space->decode(trial->architecture);
    const Totals sums = totals(graph);
    model.layers = layers_of(pruned(graph));
    if (!model.weight_bytes) model.weight_bytes = static_cast<double>(sums.weight_bytes);
    model.peak_bytes = static_cast<double>(sums.peak_activation_bytes);
  }
  return models;
}

/// The algorithm, then every other setting that its user chose.
std::string settings_of(const StudyFile& study) {
  static constexpr std::array<std::string_view, 5> apart{"algorithm", "seed", "trials", "time", "threads"};
  std::string text(study.search->kind->name);
  std::vector<std::string> others;
  for (const auto& [key, value] : study.search->options->entries())
    if (std::find(apart.begin(), apart.end(), key) == apart.end())
      others.push_back(key + " " + (value.is_scalar() ? value.text() : value.yaml()));
  std::sort(others.begin(), others.end());
  for (const std::string& other : others) text += ", " + other;
  return text;
}

std::vector<ReportPredictor> predictors_of(const fs::path& folder) {
  std::vector<ReportPredictor> all;
  if (!fs::exists(folder / "host.yaml")) return all;
  for (const FittedMetric& metric : Device::load(folder / "host.yaml").metrics) {
    const FitScores& s = metric.scores;
    // Without rows set aside every row was scored by models fitted without it.
    all.push_back({metric.name, metric.model, s.train_rows, s.test_rows > 0 ? s.test_rows : s.train_rows, s.spearman, s.within_10_pct, s.coverage_90_pct, {}});
  }
  return all;
}

}  // namespace

ReportStudy read_report_study(const fs::path& folder) {
  const Store store = Store::read(folder);
  const StudyFile study = StudyFile::outline(folder / "study.yaml");
  const std::vector<Criterion> known = criteria(study.objectives);
  ReportStudy report;
  report.name = study.name;
  report.description = study.resolved.text_or("description", "");
  report.algorithm = study.search->kind->resolved;
  report.settings = settings_of(study);
  report.problem = study.resolved.at("space").yaml() + study.resolved.at("objectives").yaml();
  report.seed = study.search->seed;
  report.host = processor();
  report.version = version;
  report.criteria = known;
  report.decisions = study.space->decisions();
  report.trials = store.told();
  for (const Trial& trial : report.trials) report.seconds += trial.seconds;
  const Front front(known, report.trials);
  report.front = front.members();
  report.picks = picks(front);
  report.hypervolume = hypervolume_history(known, report.trials);
  report.models = models_of(study, folder, report.trials);
  report.predictors = predictors_of(folder);
  const Config objectives = Config::make_list(with_trainings(study.resolved.at("objectives")));
  report.estimates = estimates_of(known, report.trials, study.scores, study.ranked_objective);
  for (const ReportEstimate& estimate : estimates_of_models(objectives, known, report.trials, report.models))
    report.estimates.push_back(estimate);
  explain(report.estimates, objectives, known);
  report.command = "paretoforge search " + (folder / "study.yaml").string() + " --out FOLDER";
  report.yaml = store.study().yaml;
  return report;
}

std::vector<ReportModel> models_of_trials(const ReportStudy& study, const std::vector<Pick>& trials) {
  std::vector<ReportModel> found;
  for (const Pick& pick : trials)
    for (const ReportModel& model : study.models)
      if (model.trial == pick.trial.number) found.push_back(model);
  return found;
}

void write_report(const fs::path& folder, const ReportStudy& study) { write_file(folder / "report.html", report_html({study})); }

}  // namespace paretoforge
