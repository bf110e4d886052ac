#include "experiments/models_file.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "experiments/files.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {
namespace {

using Json = nlohmann::ordered_json;

Json read_json(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return Json::array();
  const Json models = Json::parse(read_file(file), nullptr, false);
  if (!models.is_array()) throw ConfigError("error: " + file.string() + " is damaged\n   = remove it; 'paretoforge export' writes it again");
  return models;
}

Json figures(const FinishedModel& model, const std::string& bundle_folder) {
  Json out = {{"name", model.name}, {"trial", model.pick.trial.number}, {"reason", model.pick.reason}, {"bundle", bundle_folder},
              {"calibration", model.calibration}, {"latency_ms", model.latency.median_ms}, {"latency_p95_ms", model.latency.p95_ms},
              {"latency_p99_ms", model.latency.p99_ms}, {"latency_repeats", model.latency.repeats}, {"parity_images", model.parity.images},
              {"parity_agreement_pct", 100 * model.parity.agreement()}, {"fused", model.fusion.fused()},
              {"weight_bytes", totals(model.model.graph).weight_bytes}};  // as exported: the bits may be other than the study's
  for (const auto& [name, value] : model.scores) out[name] = value;
  if (const auto& cost = model.predicted_latency) out["predicted_latency_ms"] = {{"value", cost->value}, {"low", cost->low}, {"high", cost->high}};
  return out;
}

ReportModel report_model(const Json& figures) {
  ReportModel model;
  model.name = figures.at("name");
  model.trial = figures.at("trial");
  model.reason = figures.at("reason");
  model.regression = figures.contains(score_figure("r2_pct", "float"));
  const std::string score = model.regression ? "r2_pct" : "accuracy_pct";
  model.float_score_pct = figures.at(score_figure(score, "float"));
  model.int8_score_pct = figures.at(score_figure(score, "int8"));
  model.measured_latency_ms = figures.at("latency_ms");
  model.agreement_pct = figures.at("parity_agreement_pct");
  model.fused = figures.at("fused");
  if (figures.contains("weight_bytes")) model.weight_bytes = figures.at("weight_bytes");
  if (const auto cost = figures.find("predicted_latency_ms"); cost != figures.end())
    model.predicted_latency_ms = {cost->at("value"), cost->at("low"), cost->at("high")};
  const std::string folder = figures.at("bundle").get<std::string>() + "/" + model.name + "/";
  for (const char* file : {"model.onnx", "card.md", "architecture.yaml"}) model.files.push_back(folder + file);
  return model;
}

}  // namespace

void save_figures(const std::filesystem::path& file, const std::vector<FinishedModel>& models, const std::string& bundle_folder) {
  std::map<std::uint64_t, Json> by_trial;
  try {
    for (const Json& before : read_json(file))
      if (before.at("bundle") != bundle_folder) by_trial[before.at("trial")] = before;
  } catch (const std::exception&) {
    by_trial.clear();
  }
  for (const FinishedModel& model : models) by_trial[model.pick.trial.number] = figures(model, bundle_folder);
  Json all = Json::array();
  for (auto& [trial, model] : by_trial) all.push_back(std::move(model));
  write_file(file, all.dump(2) + "\n");
}

std::string bundle_fact(const std::filesystem::path& bundle, const std::string& fact) {
  if (!std::filesystem::exists(bundle / "manifest.json")) return "";
  const Json manifest = Json::parse(read_file(bundle / "manifest.json"), nullptr, false);
  if (!manifest.is_object() || !manifest.contains("facts") || !manifest["facts"].contains(fact)) return "";
  return manifest["facts"][fact].is_string() ? manifest["facts"][fact].get<std::string>() : "";
}

std::vector<ReportModel> load_figures(const std::filesystem::path& file) {
  std::vector<ReportModel> models;
  try {
    for (const Json& one : read_json(file)) models.push_back(report_model(one));
  } catch (const nlohmann::json::exception& error) {
    throw ConfigError("error: " + file.string() + " is damaged: " + error.what());
  }
  return models;
}

}  // namespace paretoforge
