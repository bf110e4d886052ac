#include "experiments/reports/predictors/results.hpp"

#include <algorithm>
#include <cmath>

#include "configs/files.hpp"
#include "configs/table.hpp"

namespace paretoforge::predictors_report {
namespace {

constexpr const char* header = "part,space,table,metric,rows,seeds,spearman,within_10_pct,coverage_90_pct,width_90_pct\n";

bool same(const Line& a, const Line& b) {
  return a.part == b.part && a.space == b.space && a.table == b.table && a.metric == b.metric && a.rows == b.rows;
}

std::string rounded(double value) { return number_text(std::round(value * 1e5) / 1e5); }

std::string text(const Line& line) {
  return line.part + ',' + line.space + ',' + line.table + ',' + csv_field(line.metric) + ',' +
         std::to_string(line.rows) + ',' + std::to_string(line.seeds) + ',' + rounded(line.scores.spearman) + ',' +
         rounded(line.scores.within) + ',' + rounded(line.scores.coverage) + ',' + rounded(line.scores.width) + '\n';
}

}  // namespace

Scores& Scores::operator+=(const Scores& other) {
  spearman += other.spearman, within += other.within, coverage += other.coverage, width += other.width;
  return *this;
}

Scores Scores::operator/(double by) const { return {spearman / by, within / by, coverage / by, width / by}; }

Results::Results(std::filesystem::path file) : file_(std::move(file)) {
  if (!std::filesystem::exists(file_)) return;
  const Table table = Table::load(file_);
  const auto cell = [&](std::size_t row, const char* column) { return table.cell(row, table.column(column)); };
  const auto number = [&](std::size_t row, const char* column) { return table.number(row, table.column(column)); };
  for (std::size_t i = 0; i < table.rows(); ++i)
    lines_.push_back({cell(i, "part"), cell(i, "space"), cell(i, "table"), cell(i, "metric"),
                      static_cast<std::size_t>(number(i, "rows")), static_cast<int>(number(i, "seeds")),
                      {number(i, "spearman"), number(i, "within_10_pct"), number(i, "coverage_90_pct"),
                       number(i, "width_90_pct")}});
}

bool Results::holds(const Line& wanted) const {
  return std::any_of(lines_.begin(), lines_.end(),
                     [&](const Line& line) { return same(line, wanted) && line.seeds >= wanted.seeds; });
}

void Results::add(const Line& line) {
  std::erase_if(lines_, [&](const Line& known) { return same(known, line); });
  lines_.push_back(line);
  std::string all = header;
  for (const Line& known : lines_) all += text(known);
  write_file(file_, all);
}

}  // namespace paretoforge::predictors_report
