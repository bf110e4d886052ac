// fit: a predictor from a table of measurements, scored on the rows it has not seen.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "configs/table.hpp"
#include "experiments/command_internal.hpp"
#include "experiments/device_file.hpp"
#include "experiments/files.hpp"
#include "experiments/front_text.hpp"
#include "experiments/network_file.hpp"
#include "experiments/quantity.hpp"
#include "predictors/fit.hpp"

namespace paretoforge {
namespace {

struct FitArguments {
  std::string table, space, metric, model = "auto", out, description;
  std::vector<std::string> from;
  std::optional<std::size_t> train;
  std::uint64_t seed = 1;
  bool json = false, steady = false;
};

/// NaN, which JSON does not have, is null.
nlohmann::ordered_json number(double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(); }

void print_json(const FitResult& result) {
  const FitScores& s = result.scores;
  nlohmann::ordered_json out = {{"schema", "paretoforge.fit/1"}, {"metric", result.metric.name}, {"model", result.metric.model},
                                {"train_rows", s.train_rows}, {"test_rows", s.test_rows}, {"spearman", number(s.spearman)},
                                {"kendall", number(s.kendall)}, {"mape_pct", number(s.mape_pct)}, {"rmse", number(s.rmse)},
                                {"within_5_pct", number(s.within_5_pct)}, {"within_10_pct", number(s.within_10_pct)},
                                {"coverage_90_pct", number(s.coverage_90_pct)}, {"width_90_pct", number(s.width_90_pct)},
                                {"fit_seconds", s.fit_seconds}, {"predict_microseconds", number(s.predict_microseconds)}};
  if (result.reference_drift_pct > 0) out["reference_drift_pct"] = result.reference_drift_pct;
  if (result.constant) out["constant"] = *result.constant;
  out["left_out"] = out["outliers"] = out["near_zero"] = nlohmann::ordered_json::array();
  for (const OddRow& row : result.near_zero) out["near_zero"].push_back({{"line", row.line}, {"why", row.why}});
  for (const OddRow& row : result.left_out) out["left_out"].push_back({{"line", row.line}, {"why", row.why}});
  for (const OddRow& row : result.outliers) out["outliers"].push_back({{"line", row.line}, {"why", row.why}});
  std::cout << out.dump(2) << '\n';
}

void print_text(const FitResult& result) {
  const FitScores& s = result.scores;
  std::cout << result.metric.model << " for " << result.metric.name << ": fitted on " << s.train_rows << " rows, scored on "
            << (s.test_rows > 0 ? std::to_string(s.test_rows) + " others" : "the same rows, each by models fitted without it") << '\n'
            << aligned({{"spearman", fixed_text(s.spearman, 4)}, {"kendall", fixed_text(s.kendall, 4)}, {"mean error", fixed_text(s.mape_pct, 2) + " %"},
                        {"rmse", fixed_text(s.rmse, 4) + " " + result.metric.unit}, {"within 5 %", fixed_text(s.within_5_pct, 1) + " %"},
                        {"within 10 %", fixed_text(s.within_10_pct, 1) + " %"}, {"inside the 90 % interval", fixed_text(s.coverage_90_pct, 1) + " %"},
                        {"width of that interval", fixed_text(s.width_90_pct, 1) + " %"}, {"fitted in", fixed_text(s.fit_seconds, 2) + " s"},
                        {"a prediction takes", fixed_text(s.predict_microseconds, 1) + " us"}});
}

void warn(const FitResult& result) {
  if (result.constant)
    std::cerr << "every row holds " << number_text(*result.constant) << ": the model can say nothing else, and ranks are not defined\n";
  if (!result.left_out.empty())
    std::cerr << result.left_out.size() << " rows were left out; the first, in line " << result.left_out[0].line << ": " << result.left_out[0].why << '\n';
  if (!result.near_zero.empty())
    std::cerr << result.near_zero.size() << " rows are next to zero; the first, in line " << result.near_zero[0].line << ": " << result.near_zero[0].why << '\n';
  if (!result.outliers.empty())
    std::cerr << result.outliers.size() << " rows lie far from what their like suggest; the first, in line " << result.outliers[0].line << ": " << result.outliers[0].why << '\n';
}

/// Medians are known to 2 %: more than this is no chance.
constexpr double noticeable_drift_pct = 5;

void warn_of_drift(const FitResult& result) {
  if (result.reference_drift_pct >= noticeable_drift_pct)
    std::cerr << "the network that was measured again and again took up to " << fixed_text(result.reference_drift_pct, 0)
              << " % more beside some rows than beside others: --steady divides that out\n";
}

/// The metric wanted of a known device: that of the same name, else the only one with the same unit.
Source known_source(const std::string& path, const std::string& metric) {
  const Device device = Device::load(path);
  if (const FittedMetric* same = device.find(metric)) return {device.name, *same};
  std::vector<const FittedMetric*> alike;
  for (const FittedMetric& fitted : device.metrics)
    if (!fitted.unit.empty() && fitted.unit == metric_unit(metric)) alike.push_back(&fitted);
  if (alike.size() == 1) return {device.name, *alike[0]};
  throw ConfigError("error: " + path + " has " + (alike.empty() ? "no" : "more than one") + " metric to learn '" + metric +
                    "' from\n   = wanted: a metric of that name, or just one in its unit");
}

int run_fit(const FitArguments& arguments) {
  require_writable(arguments.out);
  cost_model_kind(arguments.model);
  const Space space = load_space(arguments.space);
  std::vector<Source> sources;
  for (const std::string& path : arguments.from) sources.push_back(known_source(path, arguments.metric));
  if (!sources.empty() && arguments.model != "auto") throw ConfigError("error: --from chooses the model; leave --model '" + arguments.model + "' out");
  Device device;
  std::string before;
  if (std::filesystem::exists(arguments.out)) device = Device::load(arguments.out), before = read_file(arguments.out);  // its other metrics stay
  else device.name = std::filesystem::path(arguments.out).stem().string();
  const FitResult result = fit(Table::load(arguments.table), space, arguments.metric, {arguments.train, arguments.seed, arguments.model, std::move(sources), arguments.steady});
  device.put(result.metric);
  if (!arguments.description.empty()) device.description = arguments.description;
  save_fitted(arguments.out, before, device);
  warn(result);
  if (!arguments.steady) warn_of_drift(result);
  arguments.json ? print_json(result) : print_text(result);
  return exit_done;
}

}  // namespace

void add_fit(CLI::App& app, Run& run) {
  auto a = std::make_shared<FitArguments>();
  CLI::App* command = app.add_subcommand("fit", "Fit a predictor of a metric to measurements, and score it on the rows it has not seen");
  command->add_option("table", a->table, "Measurements (CSV): a column per decision, a column per metric")->required();
  command->add_option("--space", a->space, "Space (YAML)")->required();
  command->add_option("--metric", a->metric, "Column to predict")->required();
  command->add_option("--train", a->train, "Rows to fit on, drawn with the seed; all where absent")->check(CLI::Range(1, 100'000'000));
  command->add_option("--seed", a->seed, "Of the rows drawn and of the model")->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()));
  command->add_option("--model", a->model, "'paretoforge list cost-models' names them");
  command->add_option("--from", a->from, "Device files that are known: few-shot transfer from them (repeatable)")->check(CLI::ExistingFile);
  command->add_option("--out", a->out, "Device file to write; its other metrics stay")->required();
  command->add_option("--description", a->description, "One line for the device file: what the device is");
  command->add_flag("--steady", a->steady, "Divide out how the network drifted that 'measure' measures again and again (columns reference*)");
  command->add_flag("--json", a->json, "Print one JSON object");
  command->callback([a, &run] {
    run = [a] {
      try {
        return run_fit(*a);
      } catch (const std::invalid_argument& error) {
        throw ConfigError(std::string("error: ") + error.what());
      }
    };
  });
}

}  // namespace paretoforge
