// Writes the tables of the cost predictors as markdown: bench_predictors_report [--seeds N] [--test N] [PART]...
// PARTs: few, fbnet, tables, scratch; all where none is named. PARETOFORGE_DATA names the folder with the measurements.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "predictors/fit.hpp"
#include "predictors/plan.hpp"
#include "predictors/scores.hpp"
#include "space/table_points.hpp"

using namespace paretoforge;

namespace {

constexpr const char* known_devices[] = {"1080ti_1",    "1080ti_32", "1080ti_BIG",     "silver_4114", "silver_4210r",
                                         "samsung_a50", "pixel3",    "essential_ph_1", "samsung_s7"};

struct Settings {
  int seeds = 20;
  std::size_t test = 2000;  ///< rows scored per seed, drawn anew for each
  std::vector<std::string> parts;
  bool runs(const std::string& part) const {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  }
};

/// A table of measurements with the features of its networks, made once.
struct Measured {
  std::string name, key;
  Space space;
  Table table;
  Samples rows;  ///< targets are set per metric
};

Measured measured(const std::string& file, const std::string& space_name) {
  const std::filesystem::path folder = std::getenv("PARETOFORGE_DATA");
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + space_name + ".yaml");
  Measured m{space_name, space_key(space), space, Table::load(folder / file), {}};
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

struct Scores {
  double spearman = 0, within = 0, coverage = 0, width = 0;
};

Scores score(const FittedMetric& metric, const Samples& test) {
  Scores s;
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

/// The mean over seeds of what `fit(train, seed)` gives on rows it has not seen.
template <class Fit>
Scores mean_scores(const Measured& m, const std::string& column, std::size_t train, const Settings& settings,
                   const Fit& fit) {
  const std::vector<double> values = m.table.numbers(column);
  Scores mean;
  for (int seed = 1; seed <= settings.seeds; ++seed) {
    std::vector<std::size_t> rows = drawn(values, static_cast<std::uint64_t>(seed));
    const std::size_t test = std::min(settings.test, rows.size() - train);
    const std::vector<std::size_t> seen(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(train));
    const std::vector<std::size_t> unseen(rows.end() - static_cast<std::ptrdiff_t>(test), rows.end());
    const Scores s = score(fit(subset(m, values, seen), static_cast<std::uint64_t>(seed)), subset(m, values, unseen));
    mean.spearman += s.spearman / settings.seeds, mean.within += s.within / settings.seeds;
    mean.coverage += s.coverage / settings.seeds, mean.width += s.width / settings.seeds;
  }
  return mean;
}

void print_row(const std::string& name, std::size_t train, const Scores& s) {
  std::printf("| %s | %zu | %.4f | %.1f | %.1f | %.1f |\n", name.c_str(), train, s.spearman, s.within, s.coverage,
              s.width);
  std::fflush(stdout);
}

void print_head(const std::string& title) {
  std::printf(
      "\n## %s\n\n| metric | rows | Spearman | within 10 %% | in the 90 %% interval | its median width, %% "
      "|\n|---|---|---|---|---|---|\n",
      title.c_str());
}

std::vector<std::string> latency_columns(const Table& table) {
  std::vector<std::string> columns;
  for (const std::string& column : table.columns())
    if (column.ends_with("_latency_ms")) columns.push_back(column);
  return columns;
}

void from_scratch(const Measured& m, const std::vector<std::string>& columns, const std::vector<std::size_t>& counts,
                  const Settings& settings) {
  print_head("From scratch: " + m.name + ", " + m.table.name().substr(m.table.name().rfind('/') + 1));
  for (const std::size_t train : counts) {
    Scores mean;
    const auto n = static_cast<double>(columns.size());
    for (const std::string& column : columns) {
      const Scores s = mean_scores(m, column, train, settings, [&](const Samples& rows, std::uint64_t seed) {
        return fit_metric(rows, column, "auto", seed, nullptr, m.key);
      });
      print_row(column, train, s);
      mean.spearman += s.spearman / n, mean.within += s.within / n, mean.coverage += s.coverage / n,
          mean.width += s.width / n;
    }
    if (columns.size() > 1) print_row("**mean**", train, mean);
  }
}

/// The nine known devices of a table, each fitted on 900 rows.
std::vector<Source> known_sources(const Measured& m, const std::string& big) {
  std::vector<Source> sources;
  for (std::string name : known_devices) {
    if (name == "1080ti_BIG") name = "1080ti_" + big;
    const std::string column = name + "_latency_ms";
    const std::vector<double> values = m.table.numbers(column);
    std::vector<std::size_t> rows = drawn(values, 1000 + sources.size());
    rows.resize(900);
    sources.push_back({name, fit_metric(subset(m, values, rows), column, "auto", 1, nullptr, m.key)});
  }
  return sources;
}

void few_shot(const Measured& m, const std::vector<Source>& all, const std::vector<std::size_t>& counts,
              const Settings& settings) {
  const Samples reference = reference_networks(m.space, 300, 7);
  for (const std::size_t train : counts) {
    print_head("Few-shot: " + m.name + ", " + std::to_string(train) +
               " rows, from the nine known devices less the one left out");
    std::map<bool, std::vector<Scores>> by_group;
    for (const std::string& column : latency_columns(m.table)) {
      std::vector<Source> sources;
      for (const Source& source : all)
        if (source.metric.name != column) sources.push_back(source);
      const Scores s = mean_scores(m, column, train, settings, [&](const Samples& rows, std::uint64_t seed) {
        return fit_metric_from(rows, reference, column, sources, seed, nullptr, m.key);
      });
      print_row(column, train, s);
      by_group[sources.size() < all.size()].push_back(s);
    }
    Scores total;
    double n = 0;
    for (const auto& [known, group] : by_group) {
      Scores mean;
      for (const Scores& s : group) {
        const auto size = static_cast<double>(group.size());
        mean.spearman += s.spearman / size, mean.within += s.within / size, mean.coverage += s.coverage / size,
            mean.width += s.width / size;
        total.spearman += s.spearman, total.within += s.within, total.coverage += s.coverage, total.width += s.width,
            ++n;
      }
      print_row(known ? "**mean of the nine, each left out**" : "**mean of the others**", train, mean);
    }
    print_row("**mean of all**", train, {total.spearman / n, total.within / n, total.coverage / n, total.width / n});
  }
}

/// Ten rows chosen by the plan among 400 drawn, beside the first ten of those 400.
void plan_against_chance(const Measured& m, const std::vector<Source>& all, const Settings& settings) {
  std::printf(
      "\n## Plan against chance: %s, 10 rows\n\n| metric | Spearman, planned | Spearman, drawn |\n|---|---|---|\n",
      m.name.c_str());
  const Samples reference = reference_networks(m.space, 300, 7);
  const std::vector<std::string> columns = latency_columns(m.table);
  double planned_mean = 0, drawn_mean = 0;
  for (const std::string& column : columns) {
    std::vector<Source> sources;
    for (const Source& source : all)
      if (source.metric.name != column) sources.push_back(source);
    const auto rank = [&](const Samples& rows, std::uint64_t seed) {
      return fit_metric_from(rows, reference, column, sources, seed, nullptr, m.key);
    };
    const auto head = [](std::vector<std::size_t> rows) { return rows.resize(10), rows; };
    const double planned = mean_scores(m, column, 400, settings, [&](const Samples& rows, std::uint64_t seed) {
                             return rank(rows.subset(measuring_plan(rows, 10, sources, m.key)), seed);
                           }).spearman;
    const double chance = mean_scores(m, column, 400, settings, [&](const Samples& rows, std::uint64_t seed) {
                            std::vector<std::size_t> first(rows.rows());
                            for (std::size_t i = 0; i < first.size(); ++i) first[i] = i;
                            return rank(rows.subset(head(first)), seed);
                          }).spearman;
    std::printf("| %s | %.4f | %.4f |\n", column.c_str(), planned, chance);
    std::fflush(stdout);
    planned_mean += planned / static_cast<double>(columns.size()),
        drawn_mean += chance / static_cast<double>(columns.size());
  }
  std::printf("| **mean** | %.4f | %.4f |\n", planned_mean, drawn_mean);
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--seeds" && i + 1 < argc)
      settings.seeds = std::atoi(argv[++i]);
    else if (word == "--test" && i + 1 < argc)
      settings.test = static_cast<std::size_t>(std::atoi(argv[++i]));
    else
      settings.parts.push_back(word);
  }
  if (std::getenv("PARETOFORGE_DATA") == nullptr || settings.seeds < 1 || settings.test < 1) {
    std::fprintf(stderr,
                 "PARETOFORGE_DATA must name the folder with the measurements; --seeds and --test are at least 1\n");
    return 2;
  }
  std::printf("Means over %d seeds; each seed draws its rows, and at most %zu others to be scored on.\n",
              settings.seeds, settings.test);
  if (settings.runs("few")) {
    const Measured m = measured("nasbench201/latency_by_device.csv", "nasbench201");
    const std::vector<Source> sources = known_sources(m, "256");
    few_shot(m, sources, {5, 10, 20, 50}, settings);
    plan_against_chance(m, sources, settings);
  }
  if (settings.runs("fbnet")) {
    const Measured m = measured("fbnet/latency_by_device.csv", "fbnet");
    const std::vector<Source> sources = known_sources(m, "64");
    few_shot(m, sources, {10, 20, 50}, settings);
    plan_against_chance(m, sources, settings);
  }
  if (settings.runs("tables")) {
    from_scratch(measured("raspberry_pi_5/pi5_litert_cifar100.csv", "nasbench201"), {"latency_ms", "energy_mj"},
                 {80, 200, 900}, settings);
    from_scratch(measured("nrf5340/measurements.csv", "nasbench201"), {"latency_ms", "energy_mj"}, {80}, settings);
  }
  if (settings.runs("scratch")) {
    const Measured m = measured("nasbench201/latency_by_device.csv", "nasbench201");
    from_scratch(m, latency_columns(m.table), {80, 200, 900}, settings);
    const Measured f = measured("fbnet/latency_by_device.csv", "fbnet");
    from_scratch(f, latency_columns(f.table), {200}, settings);
    const Measured o = measured("ofa_mobilenetv3/latency_by_device.csv", "ofa_mobilenetv3");
    from_scratch(o, latency_columns(o.table), {200}, settings);
  }
}
