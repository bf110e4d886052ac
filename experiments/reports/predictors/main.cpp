// Measures how well cost predictors do: bench_predictors_report RESULTS.csv PAGE.md [--seeds N] [--test N] [PART]...
// PARTs: few, planned, tables, scratch; all where none is named. What RESULTS.csv holds already is not done again.
// PARETOFORGE_DATA names the folder with the measurements.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "configs/files.hpp"
#include "predictors/fit.hpp"
#include "predictors/plan.hpp"
#include "predictors/scores.hpp"
#include "experiments/reports/predictors/results.hpp"
#include "space/table_points.hpp"

using namespace paretoforge;
using namespace paretoforge::predictors_report;

namespace {

/// HELP's known devices; BIG is the largest batch, 256 or 64.
constexpr const char* known_devices[] = {"1080ti_1",    "1080ti_32", "1080ti_BIG",     "silver_4114", "silver_4210r",
                                         "samsung_a50", "pixel3",    "essential_ph_1", "samsung_s7"};
constexpr std::size_t source_rows = 900, plan_pool = 400, plan_rows = 10;

struct Settings {
  int seeds = 20;
  std::size_t test = 500;  ///< rows scored per seed, drawn anew for each
  std::vector<std::string> words;
  bool runs(const std::string& part) const {
    return words.size() <= 2 || std::find(words.begin() + 2, words.end(), part) != words.end();
  }
};

/// A table of measurements with the features of its networks, made once.
struct Measured {
  std::string name, file, key;
  Space space;
  Table table;
  Samples rows;  ///< targets are set per metric
};

Measured measured(const std::string& file, const std::string& space_name) {
  const std::filesystem::path path = std::filesystem::path(std::getenv("PARETOFORGE_DATA")) / file;
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + space_name + ".yaml");
  Measured m{space_name, path.stem().string(), space_key(space), space, Table::load(path), {}};
  for (const Architecture& point : points_of(space, m.table)) m.rows.add(space_features(space, point), 1);
  m.rows.encoding = space.encoding_width();
  return m;
}

/// Rows with a usable value, in an order drawn with the seed; the first are trained on, the last are scored.
std::vector<std::size_t> drawn(const std::vector<double>& values, std::uint64_t seed) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] > 0 && values[i] < 1e300) rows.push_back(i);
  Random random(seed);
  random.shuffle(rows);
  return rows;
}

Samples subset(const Measured& m, const std::vector<double>& values, const std::vector<std::size_t>& rows) {
  Samples part = m.rows.subset(rows);
  for (std::size_t i = 0; i < rows.size(); ++i) part.targets[i] = values[rows[i]];
  return part;
}

Scores score(const FittedMetric& metric, const Samples& test) {
  std::vector<double> predicted, widths;
  double inside = 0;
  for (std::size_t i = 0; i < test.rows(); ++i) {
    const CostEstimate e = metric.predict_features(test.row(i));
    predicted.push_back(e.value);
    widths.push_back(100 * (e.high - e.low) / e.value);
    inside += e.low <= test.targets[i] && test.targets[i] <= e.high;
  }
  std::nth_element(widths.begin(), widths.begin() + static_cast<std::ptrdiff_t>(widths.size() / 2), widths.end());
  return {spearman(predicted, test.targets), within_pct(predicted, test.targets, 10),
          100 * inside / static_cast<double>(test.rows()), widths[widths.size() / 2]};
}

/// The mean over seeds of what `fit(rows, seed)` gives, of `pool` rows drawn, on rows outside the pool; noted.
template <class Fit>
void note(Results& results, Line line, const Measured& m, std::size_t pool, const Settings& settings, const Fit& fit) {
  line.space = m.name, line.table = m.file, line.seeds = settings.seeds;
  if (results.holds(line)) return;
  const std::vector<double> values = m.table.numbers(line.metric);
  for (int i = 1; i <= settings.seeds; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    const std::vector<std::size_t> rows = drawn(values, seed);
    const std::size_t test = std::min(settings.test, rows.size() - pool);
    const std::vector<std::size_t> seen(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(pool));
    const std::vector<std::size_t> unseen(rows.end() - static_cast<std::ptrdiff_t>(test), rows.end());
    line.scores += score(fit(subset(m, values, seen), seed), subset(m, values, unseen));
  }
  line.scores = line.scores / settings.seeds;
  results.add(line);
  std::printf("%s %s %s %zu: %.4f, %.1f %%, %.1f %%, %.1f %%\n", line.part.c_str(), m.name.c_str(), line.metric.c_str(),
              line.rows, line.scores.spearman, line.scores.within, line.scores.coverage, line.scores.width);
  std::fflush(stdout);
}

std::vector<std::string> latency_columns(const Table& table) {
  std::vector<std::string> columns;
  for (const std::string& column : table.columns())
    if (column.ends_with("_latency_ms")) columns.push_back(column);
  return columns;
}

void from_scratch(Results& results, const Measured& m, const std::vector<std::string>& columns,
                  const std::vector<std::size_t>& counts, const Settings& settings) {
  for (const std::size_t train : counts)
    for (const std::string& column : columns)
      note(results, {"scratch", "", "", column, train, 0, {}}, m, train, settings,
           [&](const Samples& rows, std::uint64_t seed) {
             return fit_metric(rows, column, "auto", seed, nullptr, m.key);
           });
}

/// A known device that remembers what it said: it is asked of the same networks for every new device and seed.
class Remembered : public CostModel {
 public:
  explicit Remembered(std::shared_ptr<const CostModel> model) : model_(std::move(model)) {}
  LogEstimate estimate(std::span<const double> features) const override { return model_->estimate(features); }
  Config write() const override { return model_->write(); }
  double mean(std::span<const double> features) const override {
    const std::string_view bytes(reinterpret_cast<const char*>(features.data()), features.size_bytes());
    const auto [at, is_new] = said_.try_emplace(std::hash<std::string_view>{}(bytes));
    if (is_new) at->second = model_->mean(features);
    return at->second;
  }

 private:
  std::shared_ptr<const CostModel> model_;
  mutable std::unordered_map<std::size_t, double> said_;
};

/// The nine known devices of a table, each fitted on 900 rows.
std::vector<Source> known_sources(const Measured& m, const std::string& big) {
  std::vector<Source> sources;
  for (std::string name : known_devices) {
    if (name == "1080ti_BIG") name = "1080ti_" + big;
    const std::string column = name + "_latency_ms";
    const std::vector<double> values = m.table.numbers(column);
    std::vector<std::size_t> rows = drawn(values, 1000 + sources.size());
    rows.resize(source_rows);
    sources.push_back({name, fit_metric(subset(m, values, rows), column, "gaussian_process", 1, nullptr, m.key)});
    FittedMetric& metric = sources.back().metric;
    metric.fitted = std::make_shared<Remembered>(metric.fitted);
  }
  return sources;
}

/// Every device from the nine known less itself: rows as they are drawn, and ten that the plan chose among 400.
class FewShot {
 public:
  FewShot(Results& results, const Settings& settings, const Measured& m, const std::string& big)
      : results_(results), settings_(settings), m_(m), known_(known_sources(m, big)),
        reference_(reference_networks(m.space, 300, 7)) {}

  void drawn_rows(const std::vector<std::size_t>& counts) {
    for (const std::size_t train : counts)
      for (const std::string& column : latency_columns(m_.table))
        note(results_, {"few", "", "", column, train, 0, {}}, m_, train, settings_,
             [&](const Samples& rows, std::uint64_t seed) { return fitted(rows, column, seed); });
  }

  void planned_rows() {
    for (const std::string& column : latency_columns(m_.table))
      note(results_, {"planned", "", "", column, plan_rows, 0, {}}, m_, plan_pool, settings_,
           [&](const Samples& pool, std::uint64_t seed) {
             return fitted(pool.subset(measuring_plan(pool, plan_rows, others(column), m_.key)), column, seed);
           });
  }

 private:
  std::vector<Source> others(const std::string& column) const {
    std::vector<Source> sources = known_;
    std::erase_if(sources, [&](const Source& source) { return source.metric.name == column; });
    return sources;
  }
  FittedMetric fitted(const Samples& rows, const std::string& column, std::uint64_t seed) const {
    return fit_metric_from(rows, reference_, column, others(column), seed, nullptr, m_.key);
  }

  Results& results_;
  const Settings& settings_;
  const Measured& m_;
  std::vector<Source> known_;
  Samples reference_;
};

void few_shot(Results& results, const Settings& settings, const Measured& m, const std::string& big) {
  if (!settings.runs("few") && !settings.runs("planned")) return;
  FewShot few(results, settings, m, big);
  if (settings.runs("few")) few.drawn_rows({5, 10, 20, 50});
  if (settings.runs("planned")) few.planned_rows();
}

void run(Results& results, const Settings& settings) {
  if (settings.runs("tables")) {
    from_scratch(results, measured("raspberry_pi_5/pi5_litert_cifar100.csv", "nasbench201"),
                 {"latency_ms", "energy_mj"}, {200, 900}, settings);
    from_scratch(results, measured("nrf5340/measurements.csv", "nasbench201"), {"latency_ms", "energy_mj"}, {80},
                 settings);
  }
  const Measured cells = measured("nasbench201/latency_by_device.csv", "nasbench201");
  const Measured layers = measured("fbnet/latency_by_device.csv", "fbnet");
  few_shot(results, settings, layers, "64");
  few_shot(results, settings, cells, "256");
  if (!settings.runs("scratch")) return;
  from_scratch(results, cells, latency_columns(cells.table), {900}, settings);
  from_scratch(results, layers, latency_columns(layers.table), {900, 200}, settings);
  const Measured once = measured("ofa_mobilenetv3/latency_by_device.csv", "ofa_mobilenetv3");
  from_scratch(results, once, latency_columns(once.table), {200}, settings);
  from_scratch(results, cells, latency_columns(cells.table), {200}, settings);
}

std::optional<Settings> read_arguments(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--seeds" && i + 1 < argc)
      settings.seeds = std::atoi(argv[++i]);
    else if (word == "--test" && i + 1 < argc)
      settings.test = static_cast<std::size_t>(std::max(0, std::atoi(argv[++i])));
    else
      settings.words.push_back(word);
  }
  if (std::getenv("PARETOFORGE_DATA") == nullptr || settings.words.size() < 2 || settings.seeds < 1 ||
      settings.test < 2)
    return std::nullopt;
  return settings;
}

}  // namespace

int main(int argc, char** argv) try {
  const auto settings = read_arguments(argc, argv);
  if (!settings) {
    std::fprintf(stderr, "usage: bench_predictors_report RESULTS.csv PAGE.md [--seeds N] [--test N] [PART]...\n"
                         "PARETOFORGE_DATA must name the folder with the measurements\n");
    return 2;
  }
  Results results(settings->words[0]);
  run(results, *settings);
  write_file(settings->words[1], page(results.lines()));
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
