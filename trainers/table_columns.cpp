#include "trainers/table_columns_internal.hpp"

#include <algorithm>
#include <cmath>

#include "configs/table.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

std::string column_named(const Config& value, const char* key) {
  if (value.text().empty()) value.fail("'" + std::string(key) + "' names no column");
  return value.text();
}

/// The first few of them.
std::string listed(const std::vector<std::string>& columns) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, columns.size()); ++i) text += (i > 0 ? ", " : "") + columns[i];
  return text + (columns.size() > most ? ", ..." : "");
}

}  // namespace

AnswerColumns AnswerColumns::read(const Config& section) {
  const auto target = section.find("target");
  if (target.has_value() == section.has("label"))
    section.fail("a table has a 'label', the column of classes, or a 'target', the column (or list of columns) of numbers to predict");
  if (!target) return {column_named(section.at("label"), "label"), {}};
  AnswerColumns columns;
  if (target->is_scalar()) columns.targets.push_back(column_named(*target, "target"));
  else
    for (const Config& item : target->items()) {
      if (columns.contains(item.text())) item.fail("the target '" + item.text() + "' is named twice");
      columns.targets.push_back(column_named(item, "target"));
    }
  if (columns.targets.empty()) target->fail("'target' names no column");
  return columns;
}

bool AnswerColumns::contains(const std::string& column) const {
  return (!label.empty() && column == label) || std::find(targets.begin(), targets.end(), column) != targets.end();
}

std::string group_column(const Config& section) {
  const auto group = section.find("group");
  return group ? column_named(*group, "group") : std::string();
}

std::uint32_t group_number(Groups& groups, const std::string& name) {
  return groups.emplace(name, static_cast<std::uint32_t>(groups.size())).first->second;
}

std::string row_of(const TableRows& rows, const fs::path& file) { return file.string() + ":" + std::to_string(rows.line()); }

std::size_t column_of(const TableRows& rows, const fs::path& file, const std::string& name) {
  const auto& columns = rows.columns();
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  const std::string near = nearest_name(name, columns);
  throw DataError(file, "has no column '" + name + "'" + (near.empty() ? "; it has " + listed(columns) : "; did you mean '" + near + "'?"));
}

double finite_cell(const TableRows& rows, const fs::path& file, const std::vector<std::string>& cells,
                   std::size_t column) {
  const auto value = cell_number(cells[column]);
  if (value && std::isfinite(static_cast<float>(*value))) return *value;
  throw DataError(row_of(rows, file), "column '" + rows.columns()[column] + "' must hold finite numbers, found '" + cells[column] +
                                          "': fill or leave out such rows, or name other columns" +
                                          (value && std::isfinite(*value) ? " (numbers go up to 3.4e38)" : ""));
}

const std::string& text_cell(const TableRows& rows, const fs::path& file, const std::vector<std::string>& cells,
                             std::size_t column, const char* what) {
  if (cells[column].empty()) throw DataError(row_of(rows, file), "the " + std::string(what) + " is empty");
  return cells[column];
}

float Spread::add(double value) {
  least = std::min(least, value), most = std::max(most, value);
  return static_cast<float>(value);
}

std::optional<std::string> Spread::lost(const std::string& column, const fs::path& file) const {
  if (!(most > least) || std::max(std::abs(least), std::abs(most)) * 0x1p-24 <= 1e-3 * (most - least)) return std::nullopt;
  return "column '" + column + "' of " + file.string() + " lies from " + number_text(least) + " to " + number_text(most) +
         ": float32, of about 7 digits, tells little of it apart; take a constant off it";
}

}  // namespace paretoforge
