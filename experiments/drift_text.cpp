#include "experiments/drift_text.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/front_text.hpp"
#include "experiments/quantity.hpp"
#include "space/table_points.hpp"

namespace paretoforge {
namespace {

/// NaN, which JSON does not have, is null.
nlohmann::ordered_json number(double value) { return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(); }

}  // namespace

LaterRows later_rows(const FittedMetric& metric, const Space& space, const Table& table, const std::string& column) {
  const std::size_t at = table.column(column);
  const std::vector<Architecture> points = points_of(space, table);
  LaterRows rows;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    const double value = table.cell(row, at).empty() ? 0 : table.number(row, at);
    if (!(value > 0) || !std::isfinite(value)) {
      ++rows.left_out;
      continue;
    }
    rows.predicted.push_back(metric.predict(network_of_row(space, points[row], table, row), space, points[row]));
    rows.measured.push_back(value);
  }
  if (rows.measured.empty()) throw ConfigError("error: no row has a value above 0 in column '" + column + "'\n  --> " + table.name());
  return rows;
}

std::string drift_text(const Drift& d) {
  return aligned({{"rows measured later", std::to_string(d.scores.test_rows)},
                  {"measured against predicted", (d.bias_pct >= 0 ? "+" : "") + fixed_text(d.bias_pct, 1) + " % in the median"},
                  {"spearman", fixed_text(d.scores.spearman, 4)},
                  {"mean error", fixed_text(d.scores.mape_pct, 2) + " %"},
                  {"within 10 %", fixed_text(d.scores.within_10_pct, 1) + " %"},
                  {"inside the 90 % interval", fixed_text(d.scores.coverage_90_pct, 1) + " %"},
                  {"width of that interval", fixed_text(d.scores.width_90_pct, 1) + " %"}}) +
         d.why + "\n";
}

std::string drift_json(const Device& device, const FittedMetric& metric, const Drift& d) {
  const nlohmann::ordered_json out = {{"schema", "paretoforge.drift/1"}, {"device", device.name}, {"metric", metric.name},
                                      {"train_rows", d.scores.train_rows}, {"test_rows", d.scores.test_rows},
                                      {"bias_pct", number(d.bias_pct)}, {"spearman", number(d.scores.spearman)}, {"kendall", number(d.scores.kendall)},
                                      {"mape_pct", number(d.scores.mape_pct)}, {"rmse", number(d.scores.rmse)},
                                      {"within_5_pct", number(d.scores.within_5_pct)}, {"within_10_pct", number(d.scores.within_10_pct)},
                                      {"coverage_90_pct", number(d.scores.coverage_90_pct)}, {"width_90_pct", number(d.scores.width_90_pct)},
                                      {"bias_chance", number(d.bias_chance)}, {"coverage_chance", number(d.coverage_chance)},
                                      {"refit", d.refit}, {"why", d.why}};
  return out.dump(2) + "\n";
}

}  // namespace paretoforge
