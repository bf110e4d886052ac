// Device files: reading with every check, writing the same bytes for the same device.
#include "predictors/device.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "configs/files.hpp"
#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"

namespace paretoforge {
namespace {

struct ScoreField {
  std::string_view name;
  double FitScores::*value;
};
constexpr ScoreField score_fields[] = {{"spearman", &FitScores::spearman},
                                       {"kendall", &FitScores::kendall},
                                       {"mape_pct", &FitScores::mape_pct},
                                       {"rmse", &FitScores::rmse},
                                       {"within_5_pct", &FitScores::within_5_pct},
                                       {"within_10_pct", &FitScores::within_10_pct},
                                       {"coverage_90_pct", &FitScores::coverage_90_pct},
                                       {"width_90_pct", &FitScores::width_90_pct}};

Config number_scalar(double value) { return Config::make_scalar(number_text(value)); }

/// Undefined scores are left out.
Config write_scores(const FitScores& scores) {
  std::vector<Config::Entry> entries{{"train_rows", Config::make_scalar(std::to_string(scores.train_rows))},
                                     {"test_rows", Config::make_scalar(std::to_string(scores.test_rows))}};
  for (const ScoreField& field : score_fields)
    if (std::isfinite(scores.*field.value))
      entries.emplace_back(std::string(field.name), number_scalar(scores.*field.value));
  return Config::make_map(std::move(entries));
}

FitScores read_scores(const Config& map) {
  map.allow({"train_rows", "test_rows", "spearman", "kendall", "mape_pct", "rmse", "within_5_pct", "within_10_pct",
             "coverage_90_pct", "width_90_pct"});
  FitScores scores;
  constexpr auto most = std::int64_t{1} << 40;
  scores.train_rows = static_cast<std::size_t>(map.at("train_rows").integer(0, most));
  scores.test_rows = static_cast<std::size_t>(map.at("test_rows").integer(0, most));
  for (const ScoreField& field : score_fields)
    scores.*field.value = map.number_or(field.name, std::numeric_limits<double>::quiet_NaN());
  return scores;
}

Config write_metric(const FittedMetric& metric) {
  return Config::make_map({{"unit", Config::make_scalar(metric.unit, true)},
                           {"model", Config::make_scalar(metric.model)},
                           {"space", Config::make_scalar(metric.space, true)},
                           {"scores", write_scores(metric.scores)},
                           {"interval", number_scalar(metric.interval)},
                           {"low", numbers_scalar(metric.low)},
                           {"high", numbers_scalar(metric.high)},
                           {"coefficients", metric.fitted->write()}});
}

FittedMetric read_metric(const std::string& name, const Config& map) {
  map.allow({"unit", "model", "space", "scores", "interval", "low", "high", "coefficients"});
  FittedMetric metric;
  metric.name = name;
  metric.unit = map.at("unit").text();
  metric.model = map.at("model").text();
  metric.space = map.at("space").text();
  metric.scores = read_scores(map.at("scores"));
  metric.interval = map.at("interval").number(0, 1e300);
  metric.low = read_numbers(map, "low", feature_list().size());
  metric.high = read_numbers(map, "high", feature_list().size());
  metric.fitted = read_cost_model(map.at("model"), map.at("coefficients"));
  return metric;
}

Config write_command(const Measuring& measure) {
  const MeasuringCommand& c = measure.command;
  std::vector<Config> answers;
  for (const std::string& name : c.answers) answers.push_back(Config::make_scalar(name, true));
  return Config::make_map({{"kind", Config::make_scalar("command")},
                           {"command", Config::make_scalar(c.command, true)},
                           {"precision", Config::make_scalar(measure.precision)},
                           {"answers", Config::make_list(std::move(answers))},
                           {"timeout", number_scalar(c.timeout_seconds)},
                           {"retries", number_scalar(c.retries)},
                           {"pause", number_scalar(c.pause_seconds)},
                           {"rounds", number_scalar(c.rounds)},
                           {"most_rounds", number_scalar(c.most_rounds)},
                           {"give_up_after", number_scalar(c.give_up_after)}});
}

Config write_measuring(const Measuring& measure) {
  if (measure.kind == "command") return write_command(measure);
  if (measure.kind == "cuda")
    return Config::make_map({{"kind", Config::make_scalar("cuda")}, {"batch", Config::make_scalar(std::to_string(measure.batch))}});
  return Config::make_map({{"kind", Config::make_scalar(measure.kind)},
                           {"threads", Config::make_scalar(std::to_string(measure.threads))},
                           {"precision", Config::make_scalar(measure.precision)}});
}

std::vector<std::string> read_answers(const Config& list) {
  std::vector<std::string> names;
  for (const Config& item : list.items()) {
    const std::string name = item.text();
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end())
      item.fail("answers are different names", "such as [latency_ms, energy_mj]");
    names.push_back(name);
  }
  if (names.empty()) list.fail("at least one answer is needed", "such as [latency_ms]");
  return names;
}

int count_or(const Config& map, const char* key, int otherwise, int least, int most) {
  const auto value = map.find(key);
  return value ? static_cast<int>(value->integer(least, most)) : otherwise;
}

double seconds_or(const Config& map, const char* key, double otherwise, double least) {
  const auto value = map.find(key);
  if (!value) return otherwise;
  const double seconds = value->seconds();
  if (seconds < least || seconds > 86400) value->fail("'" + std::string(key) + "' is " + number_text(least) + " s to 1 d");
  return seconds;
}

MeasuringCommand read_command(const Config& map) {
  MeasuringCommand c;
  const Config command = map.at("command");
  c.command = command.text();
  if (c.command.find("{model}") == std::string::npos)
    command.fail("the command does not say where the model goes", "\"ssh board ./bench {model}\": {model} becomes the path of an ONNX file");
  if (c.command.find('\0') != std::string::npos) command.fail("a command has no control character \\x00");
  if (const auto answers = map.find("answers")) c.answers = read_answers(*answers);
  c.timeout_seconds = seconds_or(map, "timeout", c.timeout_seconds, 0.01);
  c.retries = count_or(map, "retries", c.retries, 0, 100);
  c.pause_seconds = seconds_or(map, "pause", c.pause_seconds, 0);
  c.rounds = count_or(map, "rounds", c.rounds, 1, 1000);
  c.most_rounds = count_or(map, "most_rounds", std::min(1000, 3 * c.rounds), c.rounds, 1000);
  c.give_up_after = count_or(map, "give_up_after", c.give_up_after, 1, 1'000'000);
  return c;
}

Measuring read_measuring(const Config& value) {
  if (value.is_scalar()) return {value.one_of({"host", "cuda"})};
  Measuring measure;
  measure.kind = value.at("kind").one_of({"host", "cuda", "command"});
  if (measure.kind == "command") {
    value.allow({"kind", "command", "precision", "answers", "timeout", "retries", "pause", "rounds", "most_rounds", "give_up_after"});
    measure.command = read_command(value);
  } else if (measure.kind == "cuda") {
    value.allow({"kind", "batch"});
    measure.batch = count_or(value, "batch", 1, 1, 65536);
  } else {
    value.allow({"kind", "threads", "precision"});
    measure.threads = count_or(value, "threads", 1, 1, 1024);
  }
  if (const auto precision = value.find("precision")) measure.precision = precision->one_of({"int8", "float"});
  return measure;
}

void check_version(const Config& document, std::string_view key, int known, const char* hint) {
  const std::int64_t version = document.at(key).integer();
  if (version == known) return;
  document.at(key).fail("this device file has '" + std::string(key) + "' " + std::to_string(version) +
                            ", this program reads " + std::to_string(known),
                        hint);
}

}  // namespace

Device Device::load(const std::filesystem::path& path) { return read(Config::load(path)); }

Device Device::read(const Config& document) {
  // The version comes first: a later one may have keys that are unknown here.
  check_version(document, "format", device_format, "fit the device again from its measurements: paretoforge fit");
  document.allow({"format", "name", "description", "measure", "features", "metrics"});
  Device device;
  device.name = document.at("name").text();
  device.description = document.text_or("description", "");
  if (const auto measure = document.find("measure")) device.measure = read_measuring(*measure);
  const auto metrics = document.find("metrics");
  if (!metrics) return device;
  check_version(document, "features", feature_version, "fit the device again from its measurements: paretoforge fit");
  for (const auto& [name, map] : metrics->entries()) device.metrics.push_back(read_metric(name, map));
  return device;
}

std::string Device::yaml() const {
  std::vector<Config::Entry> entries{{"format", Config::make_scalar(std::to_string(device_format))},
                                     {"name", Config::make_scalar(name, true)}};
  if (!description.empty()) entries.emplace_back("description", Config::make_scalar(description, true));
  if (measure) entries.emplace_back("measure", write_measuring(*measure));
  if (!metrics.empty()) {
    entries.emplace_back("features", Config::make_scalar(std::to_string(feature_version)));
    std::vector<Config::Entry> fitted;
    for (const FittedMetric& metric : metrics) fitted.emplace_back(metric.name, write_metric(metric));
    entries.emplace_back("metrics", Config::make_map(std::move(fitted)));
  }
  return Config::make_map(std::move(entries)).yaml();
}

void Device::save(const std::filesystem::path& path) const { write_file(path, yaml()); }

const FittedMetric* Device::find(std::string_view metric) const {
  for (const FittedMetric& fitted : metrics)
    if (fitted.name == metric) return &fitted;
  return nullptr;
}

const FittedMetric& Device::metric(std::string_view wanted) const {
  if (const FittedMetric* found = find(wanted)) return *found;
  std::string known;
  for (const FittedMetric& fitted : metrics) known += (known.empty() ? "" : ", ") + fitted.name;
  throw std::invalid_argument("device '" + name + "' has no metric '" + std::string(wanted) + "'; it has " +
                              (known.empty() ? "none yet" : known));
}

void Device::put(FittedMetric metric) {
  for (FittedMetric& fitted : metrics)
    if (fitted.name == metric.name) {
      fitted = std::move(metric);
      return;
    }
  metrics.push_back(std::move(metric));
}

CostEstimate Device::predict(std::string_view wanted, const Graph& as_written) const {
  return metric(wanted).predict(as_written);
}

}  // namespace paretoforge
