// Reading, appending and averaging.
#include "experiments/reports/search_benchmark/results.hpp"

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
  for (std::size_t row = 0; row < table.rows(); ++row) rows_.push_back(read_row(table, row));
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
  rows_.push_back(std::move(row));
}

Cell cell(const std::vector<Row>& rows, const RunKey& any_seed, std::uint64_t trials) {
  std::vector<double> shares;
  for (const Row& row : rows) {
    RunKey key = row.key;
    key.seed = any_seed.seed;
    if (key == any_seed && row.trials >= trials) shares.push_back(row.shares.at(trials / trials_per_column - 1));
  }
  Cell result{.runs = shares.size()};
  for (const double share : shares) result.mean += share / static_cast<double>(shares.size());
  for (const double share : shares) result.deviation += std::pow(share - result.mean, 2);
  result.deviation = shares.size() > 1 ? std::sqrt(result.deviation / static_cast<double>(shares.size() - 1)) : 0;
  return result;
}

}  // namespace paretoforge::benchmark
