// predict: what a network costs on a device, with its interval.
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "configs/table.hpp"
#include "experiments/command_internal.hpp"
#include "experiments/drift_text.hpp"
#include "experiments/files.hpp"
#include "experiments/front_text.hpp"
#include "experiments/network_file.hpp"
#include "experiments/quantity.hpp"
#include "predictors/device.hpp"
#include "predictors/onnx.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

struct PredictArguments {
  std::string device, network, metric, choices, table, out, measured;
  bool json = false;
};

std::vector<const FittedMetric*> metrics_of(const Device& device, const std::string& wanted) {
  std::vector<const FittedMetric*> all;
  for (const FittedMetric& metric : device.metrics)
    if (wanted.empty() || metric.name == wanted) all.push_back(&metric);
  if (all.empty()) {
    try {
      device.metric(wanted);
    } catch (const std::invalid_argument& error) {
      throw ConfigError(std::string("error: ") + error.what());
    }
  }
  return all;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// What each metric says of the network; of a point of a space its decisions speak too.
std::function<CostEstimate(const FittedMetric&)> estimator(const PredictArguments& arguments) {
  if (is_onnx_name(arguments.network))
    return [graph = load_network(arguments.network, arguments.choices).graph](const FittedMetric& metric) { return metric.predict(graph); };
  const Space space = load_space(arguments.network);
  const Architecture point = chosen_point(space, arguments.choices);
  return [space, point, graph = space.decode(point)](const FittedMetric& metric) { return metric.predict(graph, space, point); };
}

int predict_one(const Device& device, const std::vector<const FittedMetric*>& metrics, const PredictArguments& arguments) {
  const auto estimate = estimator(arguments);
  nlohmann::ordered_json out = {{"schema", "paretoforge.predict/1"}, {"device", device.name}};
  std::vector<std::vector<std::string>> rows = {{"metric", "predicted", "90 % interval", "extrapolates"}};
  for (const FittedMetric* metric : metrics) {
    const CostEstimate cost = estimate(*metric);
    out["metrics"][metric->name] = {{"value", cost.value}, {"low", cost.low}, {"high", cost.high}, {"unit", metric->unit}, {"extrapolates", cost.extrapolates}};
    rows.push_back({metric->name, quantity_text(metric->name, cost.value), quantity_text(metric->name, cost.low) + " to " + quantity_text(metric->name, cost.high),
                    cost.extrapolates.empty() ? "no" : joined(cost.extrapolates)});
  }
  std::cout << (arguments.json ? out.dump(2) + "\n" : aligned(rows));
  return exit_done;
}

/// Per row of the table and metric: the value, then the ends of its interval.
int predict_table(const std::vector<const FittedMetric*>& metrics, const Space& space, const PredictArguments& arguments) {
  require_writable(arguments.out, {arguments.table, arguments.device, arguments.network});
  std::string csv;
  for (const FittedMetric* metric : metrics) csv += (csv.empty() ? "" : ",") + metric->name + "," + metric->name + "_low," + metric->name + "_high";
  csv += '\n';
  require_own_table(arguments.out, csv);
  const Table table = Table::load(arguments.table);
  const std::vector<Architecture> points = points_of(space, table);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Graph graph = network_of_row(space, points[i], table, i);
    std::string row;
    for (const FittedMetric* metric : metrics) {
      const CostEstimate cost = metric->predict(graph, space, points[i]);
      row += (row.empty() ? "" : ",") + number_text(cost.value) + "," + number_text(cost.low) + "," + number_text(cost.high);
    }
    csv += row + '\n';
  }
  write_file(arguments.out, csv);
  return exit_done;
}

/// The only metric there is, the one asked for, or the one that is called like the column.
const FittedMetric& metric_to_score(const Device& device, const PredictArguments& arguments) {
  const std::string name = arguments.metric.empty() && device.metrics.size() != 1 ? arguments.measured : arguments.metric;
  return *metrics_of(device, name).front();
}

/// A device file against what was measured later.
int score_later(const Device& device, const PredictArguments& arguments) {
  const FittedMetric& metric = metric_to_score(device, arguments);
  const Space space = load_space(arguments.network);
  const LaterRows rows = later_rows(metric, space, Table::load(arguments.table), arguments.measured);
  if (rows.left_out > 0) std::cerr << rows.left_out << " rows were left out: nothing above 0 was measured in them\n";
  const Drift found = drift(rows.predicted, rows.measured, metric.scores.train_rows);
  std::cout << (arguments.json ? drift_json(device, metric, found) : drift_text(found));
  return exit_done;
}

int predict(const PredictArguments& arguments) {
  const Device device = Device::load(arguments.device);
  if (!arguments.measured.empty()) return score_later(device, arguments);
  const auto metrics = metrics_of(device, arguments.metric);
  if (arguments.table.empty()) return predict_one(device, metrics, arguments);
  return predict_table(metrics, load_space(arguments.network), arguments);
}

}  // namespace

void add_predict(CLI::App& app, Run& run) {
  auto a = std::make_shared<PredictArguments>();
  CLI::App* command = app.add_subcommand("predict", "Predict the cost of a network on a device, with its 90 % interval");
  command->add_option("device", a->device, "Device (YAML)")->required();
  command->add_option("network", a->network, "Architecture or space (YAML), or an ONNX model")->required();
  command->add_option("--metric", a->metric, "One metric of the device; all where absent");
  command->add_option("--choose", a->choices, "NAME=VALUE,...: decisions of a space");
  command->add_flag("--json", a->json, "Print one JSON object");
  auto* table = command->add_option("--table", a->table, "CSV with one column per decision");
  auto* out = command->add_option("--out", a->out, "CSV to write, one row per row of --table")->needs(table);
  command->add_option("--measured", a->measured, "Column of --table measured later: scores the device file on it, and says whether to fit it again")->needs(table)->excludes(out);
  command->callback([a, table, &run] {
    if (table->count() > 0 && a->out.empty() && a->measured.empty()) throw CLI::ValidationError("--table", "needs --out, or --measured");
    run = [a] { return predict(*a); };
  });
}

}  // namespace paretoforge
