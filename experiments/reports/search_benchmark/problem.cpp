// Reads the tables and scales them.
#include "experiments/reports/search_benchmark/problem.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "configs/table.hpp"
#include "space/table_points.hpp"

namespace paretoforge::benchmark {

namespace {

constexpr std::string_view nasbench201 = "nasbench201.yaml", latencies = "nasbench201/latency_by_device.csv";
constexpr std::string_view macro = "nasbench_macro/accuracy_cifar10.csv";

constexpr std::array kinds{
    ProblemKind{"1080ti_1", nasbench201, latencies, "1080ti_1_latency_ms"},
    ProblemKind{"2080ti_32", nasbench201, latencies, "2080ti_32_latency_ms"},
    ProblemKind{"titanx_256", nasbench201, latencies, "titanx_256_latency_ms"},
    ProblemKind{"pixel3", nasbench201, latencies, "pixel3_latency_ms"},
    ProblemKind{"gold_6240", nasbench201, latencies, "gold_6240_latency_ms"},
    ProblemKind{"silver_4114", nasbench201, latencies, "silver_4114_latency_ms"},
    ProblemKind{"pi5_energy", nasbench201, "raspberry_pi_5/pi5_litert_cifar100.csv", "energy_mj"},
    ProblemKind{"macro_flops", "nasbench_macro.yaml", macro, "flops", macro, "accuracy_pct"},
};

/// With linear interpolation between the two nearest ranks.
double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double rank = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const double next = values[std::min(below + 1, values.size() - 1)];
  return values[below] + (rank - std::floor(rank)) * (next - values[below]);
}

}  // namespace

std::span<const ProblemKind> problem_kinds() { return kinds; }

Problem::Problem(const ProblemKind& kind, const std::filesystem::path& data)
    : kind_(kind), space_(Space::load(std::filesystem::path(PARETOFORGE_SOURCE_DIR "/configs/spaces") / kind.space)) {
  const Table cost_table = Table::load(data / kind.cost_file), accuracy_table = Table::load(data / kind.accuracy_file);
  const std::vector<double> values = cost_table.numbers(kind.cost_column);
  const std::vector<double> accuracies = accuracy_table.numbers(kind.accuracy_column);
  const std::vector<Architecture> cost_points = points_of(space_, cost_table);
  const std::vector<Architecture> accuracy_points = points_of(space_, accuracy_table);
  std::unordered_map<Architecture, double, ArchitectureHash> accuracy_of;
  for (std::size_t row = 0; row < accuracy_points.size(); ++row)
    accuracy_of.emplace(accuracy_points[row], accuracies[row]);
  Rows rows;
  std::vector<Architecture> points;
  for (std::size_t row = 0; row < cost_points.size(); ++row) {
    const auto found = accuracy_of.find(cost_points[row]);
    if (found == accuracy_of.end()) continue;
    if (rows.emplace(cost_points[row], Values{values[row], found->second}).second) points.push_back(cost_points[row]);
  }
  if (rows.empty()) throw ConfigError("error: " + cost_table.name() + " shares no row with " + accuracy_table.name());
  if (space_.size().exact != rows.size())
    points_ = std::make_shared<const std::vector<Architecture>>(std::move(points));
  rows_ = std::make_shared<const Rows>(std::move(rows));
  set_bounds();
}

void Problem::set_bounds() {
  std::vector<double> errors;
  for (const auto& [point, values] : *rows_) errors.push_back(-values.accuracy);
  const auto cheaper = [](const auto& a, const auto& b) { return a.second.cost < b.second.cost; };
  const auto [least, most] = std::minmax_element(rows_->begin(), rows_->end(), cheaper);
  best_ = {least->second.cost, *std::min_element(errors.begin(), errors.end())};
  worst_ = {most->second.cost, percentile(errors, 0.9)};
  // Only what no cheaper point matches in accuracy is on the front.
  std::vector<Values> sorted;
  for (const auto& [point, values] : *rows_) sorted.push_back(values);
  std::sort(sorted.begin(), sorted.end(), [](const Values& a, const Values& b) {
    return a.cost != b.cost ? a.cost < b.cost : a.accuracy > b.accuracy;
  });
  Front front(criteria(objectives()));
  double most_accurate = -INFINITY;
  std::uint64_t number = 0;
  for (const Values& values : sorted) {
    if (values.accuracy <= most_accurate) continue;
    most_accurate = values.accuracy;
    front.add({.number = ++number, .values = {values.cost, values.accuracy}});
  }
  true_hypervolume_ = front.hypervolume(best_, worst_);
}

std::vector<Objective> Problem::objectives() const {
  std::vector<Objective> result(2);
  result[0].name = kind_.cost_column;
  result[0].measure = [rows = rows_](const Candidate& candidate) { return rows->at(candidate.architecture).cost; };
  result[1].name = kind_.accuracy_column;
  result[1].goal = Goal::maximize;
  result[1].expensive = true;
  result[1].measure = [rows = rows_](const Candidate& candidate) { return rows->at(candidate.architecture).accuracy; };
  return result;
}

CheapValues Problem::cheap() const {
  return [rows = rows_](const Architecture& point) -> std::optional<std::vector<std::optional<double>>> {
    return {{rows->at(point).cost, std::nullopt}};
  };
}

}  // namespace paretoforge::benchmark
