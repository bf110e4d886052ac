#include "experiments/objective_tables.hpp"

#include <algorithm>

#include "experiments/named_by.hpp"
#include "exporters/sha256_internal.hpp"
#include "space/table_points.hpp"

namespace paretoforge {

ObjectiveTables::Read ObjectiveTables::read(const Config& section, const std::filesystem::path& file, const std::string& name) {
  const Table table = named_by(section, [&] { return Table::load(file); });
  std::vector<std::string> columns;  // by rung
  if (const auto rungs = section.find("rungs"))
    for (const Config& rung : rungs->items()) columns.push_back(rung.at("column").text());
  columns.push_back(section.text_or("column", name));
  Read result;
  std::vector<std::shared_ptr<const Values>> by_rung;
  for (const std::string& column : columns)
    by_rung.push_back(std::make_shared<const Values>(named_by(section, [&] { return values(table, column, result.digests); })));
  result.measure = [by_rung](const Candidate& candidate) {
    const Values& found = *by_rung[std::min<std::size_t>(candidate.rung, by_rung.size() - 1)];
    const auto row = found.find(candidate.architecture);
    if (row == found.end()) throw std::runtime_error("the table has no row for this architecture");
    return row->second;
  };
  tables_.push_back(by_rung.back());
  if (!row_order_) row_order_.emplace(points_of(space_, table));
  return result;
}

ObjectiveTables::Values ObjectiveTables::values(const Table& table, const std::string& column_name, std::string& digests) const {
  const std::size_t column = table.column(column_name);
  const std::vector<Architecture> points = points_of(space_, table);
  if (points.empty()) throw ConfigError("error: " + table.name() + " has no rows");
  Values values;
  std::string text;
  for (std::size_t row = 0; row < points.size(); ++row) {
    if (!values.emplace(points[row], table.number(row, column)).second)
      throw ConfigError("error: a point stands twice in the table\n  --> " + table.name() + ":" + std::to_string(table.line(row)));
    for (const std::int32_t value : points[row]) text += std::to_string(value) + ",";
    text += table.cell(row, column) + "\n";
  }
  digests += internal::sha256(text);
  return values;
}

std::vector<Architecture> ObjectiveTables::common() const {
  std::vector<Architecture> points;
  if (row_order_)
    std::copy_if(row_order_->begin(), row_order_->end(), std::back_inserter(points), [&](const Architecture& point) {
      return std::all_of(tables_.begin(), tables_.end(), [&](const auto& table) { return table->contains(point); });
    });
  return points;
}

}  // namespace paretoforge
