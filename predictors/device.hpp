// A device as data: what it is, how it is measured, and the cost models fitted to what was measured on it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "configs/config.hpp"
#include "predictors/cost_model.hpp"
#include "space/graph.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// A predicted cost in the metric's unit, with an interval that holds nine of ten measured values.
struct CostEstimate {
  double value = 0, low = 0, high = 0;
  /// In what the network lies outside the measurements; empty: it does not. The interval is wider for it.
  std::vector<std::string> extrapolates;
};

/// How well a metric is predicted. Of test rows where there are any, else of training rows by models that were
/// fitted without them. NaN where undefined (a rank correlation of a constant).
struct FitScores {
  std::size_t train_rows = 0, test_rows = 0;
  double spearman = 0, kendall = 0, mape_pct = 0, rmse = 0;
  double within_5_pct = 0, within_10_pct = 0;
  double coverage_90_pct = 0;       ///< share of rows inside the 90 % interval
  double width_90_pct = 0;          ///< median width of that interval in per cent of the predicted value
  double fit_seconds = 0;           ///< not kept in files, which must not differ from run to run
  double predict_microseconds = 0;  ///< per row, from decisions to estimate; not kept either
};

/// One metric of one device, fitted. Immutable; safe to use from many threads; copies share the model.
struct FittedMetric {
  std::string name;   ///< as its column: "latency_ms"
  std::string unit;   ///< "ms"
  std::string model;  ///< kind of cost model: "auto"
  std::string space;  ///< space_key of the space it was fitted in, empty where none is known
  FitScores scores;
  double interval = 1;            ///< half the 90 % interval in deviations of the model
  /// Per feature, the range that was measured. `low` of graph.work and graph.kernels is of networks of which something
  /// is left when they are pruned; the others count for `low` of graph.moved, by which their like are judged.
  std::vector<double> low, high;
  std::shared_ptr<const CostModel> fitted;

  /// A network of any space, by the features of its graph alone.
  CostEstimate predict(const Graph& as_written) const;
  /// A point of a space, decoded: where the metric was fitted in that space its decisions speak too.
  CostEstimate predict(const Graph& as_written, const Space& space, const Architecture& point) const;
  /// The same from the features of graph_features, and the encoding behind them where it was fitted with one.
  CostEstimate predict_features(std::span<const double> features) const;
};

/// Tells spaces apart whose decisions differ: the space's name and a hash of its decisions and labels.
std::string space_key(const Space& space);

/// The unit that a column's name ends in ("latency_ms": "ms", "energy_mj": "mJ"), empty where it names none.
std::string metric_unit(std::string_view metric);

/// A device that is reached by a command of the shell. It is given a model and answers with one line of JSON.
struct MeasuringCommand {
  std::string command;                                 ///< "ssh board ./bench {model}": {model} is the ONNX file's path
  std::vector<std::string> answers = {"latency_ms"};   ///< keys that every answer must have: numbers above 0
  double timeout_seconds = 60;                         ///< for one run of the command, which is killed then
  int retries = 2;                                     ///< of a run that failed
  double pause_seconds = 1;                            ///< before each retry
  int rounds = 3, most_rounds = 9;                     ///< runs per network; past `rounds` until it has settled
  int give_up_after = 5;                               ///< networks that failed one after the other
};

/// How a device is measured; "host" is the machine that runs this program, "cuda" the GPU in it.
struct Measuring {
  std::string kind = "host";       ///< "host", "cuda" or "command"
  int threads = 1;                 ///< of the host
  std::string precision = "int8";  ///< "int8" or "float": the form of the models that a command gets
  MeasuringCommand command = {};   ///< where kind is "command"
  int batch = 1;                   ///< samples a run, where kind is "cuda"
};

inline constexpr int device_format = 1;  ///< of device files; other versions are refused

/// Device file: YAML with `format`, `name`, `description`, `measure`, `features` (their version) and, per metric,
/// unit, model, scores, interval, measured range and coefficients. Same device, same bytes.
struct Device {
  std::string name, description;
  std::optional<Measuring> measure;
  std::vector<FittedMetric> metrics;

  /// Throws ConfigError with file and line where the file is damaged, or of another version (and what to do).
  static Device load(const std::filesystem::path& path);
  static Device read(const Config& document);
  std::string yaml() const;
  /// Writes beside the file and then renames: a reader never sees half a device. Throws std::runtime_error.
  void save(const std::filesystem::path& path) const;

  const FittedMetric* find(std::string_view metric) const;
  /// The metric of that name; throws std::invalid_argument naming those there are.
  const FittedMetric& metric(std::string_view name) const;
  /// Adds a metric, or replaces that of the same name; the others stay.
  void put(FittedMetric metric);
  CostEstimate predict(std::string_view metric, const Graph& as_written) const;
};

}  // namespace paretoforge
