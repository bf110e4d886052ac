// Reading, appending and averaging.
#include "experiments/reports/search_benchmark/results.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <stdexcept>

#include "configs/table.hpp"

namespace paretoforge::benchmark {

namespace {

std::string share_column(std::uint64_t trials) { return "share_" + std::to_string(trials); }

std::string header() {
  std::string line = "problem,searcher,options,seed,trials,repeats,searcher_seconds";
  for (std::uint64_t t = trials_per_column; t <= most_trials; t += trials_per_column) line += "," + share_column(t);
  return line + "\n";
}

std::string line_of(const Row& row) {
  std::string line = csv_field(row.key.problem) + "," + csv_field(row.key.searcher) + "," + csv_field(row.key.options) +
                     "," + std::to_string(row.key.seed) + "," + std::to_string(row.trials) + "," +
                     std::to_string(row.repeats) + "," + number_text(std::round(row.searcher_seconds * 1e6) / 1e6);
  for (std::size_t i = 0; i < most_trials / trials_per_column; ++i)
    line += "," + (i < row.shares.size() ? number_text(std::round(row.shares[i] * 1e7) / 1e7) : std::string());
  return line + "\n";
}

Row read_row(const Table& table, std::size_t row) {
  const auto text = [&](const char* column) { return table.cell(row, table.column(column)); };
  const auto whole = [&](const char* column) {
    return static_cast<std::uint64_t>(table.number(row, table.column(column)));
  };
  Row result{{text("problem"), text("searcher"), text("options"), whole("seed")},
             whole("trials"),
             whole("repeats"),
             table.number(row, table.column("searcher_seconds")),
             {}};
  for (std::uint64_t t = trials_per_column; t <= result.trials; t += trials_per_column)
    result.shares.push_back(table.number(row, table.column(share_column(t))));
  return result;
}

}  // namespace

Results::Results(std::filesystem::path file) : file_(std::move(file)) {
  if (!std::filesystem::exists(file_)) return;
  const Table table = Table::load(file_);
  for (std::size_t row = 0; row < table.rows(); ++row) keep(read_row(table, row));
}

const Row* Results::find(const RunKey& key, std::uint64_t trials) const {
  for (const Row& row : rows_)
    if (row.key == key && row.trials >= trials) return &row;
  return nullptr;
}

void Results::add(Row row) {
  const bool fresh = !std::filesystem::exists(file_);
  std::ofstream stream(file_, std::ios::app);
  if (fresh) stream << header();
  stream << line_of(row) << std::flush;
  if (!stream) throw std::runtime_error("error: cannot write " + file_.string());
  keep(std::move(row));
}

void Results::keep(Row row) {
  const auto same = std::find_if(rows_.begin(), rows_.end(), [&](const Row& other) { return other.key == row.key; });
  if (same == rows_.end())
    rows_.push_back(std::move(row));
  else if (same->trials <= row.trials)
    *same = std::move(row);
}

Complete::Complete(const std::vector<Row>& rows, const std::string& problem, const std::string& contestant,
                   std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const RunKey key{problem, contestant, "", seed};
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.key == key; });
    if (found != rows.end()) runs_.push_back(&*found);
  }
  if (runs_.size() < seeds) runs_.clear();
  if (!runs_.empty())
    trials_ = (*std::min_element(runs_.begin(), runs_.end(), [](const Row* a, const Row* b) {
                return a->trials < b->trials;
              }))->trials;
}

std::vector<double> Complete::shares(std::uint64_t trials) const {
  std::vector<double> result;
  if (trials > trials_) return result;
  for (const Row* run : runs_) result.push_back(run->shares.at(trials / trials_per_column - 1));
  return result;
}

std::uint64_t Complete::repeats() const {
  std::uint64_t sum = 0;
  for (const Row* run : runs_) sum += run->repeats;
  return sum;
}

double Complete::seconds_a_run() const {
  double sum = 0;
  for (const Row* run : runs_) sum += run->searcher_seconds;
  return runs_.empty() ? 0 : sum / static_cast<double>(runs_.size());
}

Spread spread(const std::vector<double>& values) {
  Spread result{.count = values.size()};
  for (const double value : values) result.mean += value / static_cast<double>(values.size());
  for (const double value : values) result.deviation += std::pow(value - result.mean, 2);
  result.deviation = values.size() > 1 ? std::sqrt(result.deviation / static_cast<double>(values.size() - 1)) : 0;
  return result;
}

}  // namespace paretoforge::benchmark
