#include "trainers/table_columns_internal.hpp"

#include <algorithm>
#include <cmath>

#include "configs/table.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

std::string row_of(const TableRows& rows, const fs::path& file) {
  return file.string() + ":" + std::to_string(rows.line());
}

}  // namespace

AnswerColumns AnswerColumns::read(const Config& section) {
  const auto target = section.find("target");
  if (target.has_value() == section.has("label"))
    section.fail("a table has a 'label', the column of classes, or a 'target', the column (or list of columns) of numbers to predict");
  if (!target) {
    if (section.at("label").text().empty()) section.at("label").fail("'label' names no column");
    return {section.at("label").text(), {}};
  }
  AnswerColumns columns;
  if (target->is_scalar()) columns.targets.push_back(target->text());
  else
    for (const Config& item : target->items()) {
      if (columns.contains(item.text())) item.fail("the target '" + item.text() + "' is named twice");
      columns.targets.push_back(item.text());
    }
  if (columns.targets.empty()) target->fail("'target' names no column");
  return columns;
}

bool AnswerColumns::contains(const std::string& column) const {
  return (!label.empty() && column == label) || std::find(targets.begin(), targets.end(), column) != targets.end();
}

std::size_t column_of(const TableRows& rows, const fs::path& file, const std::string& name) {
  const auto& columns = rows.columns();
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  const std::string near = nearest_name(name, columns);
  throw DataError(file, "has no column '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

double finite_cell(const TableRows& rows, const fs::path& file, const std::vector<std::string>& cells,
                   std::size_t column) {
  const auto value = cell_number(cells[column]);
  if (value && std::isfinite(static_cast<float>(*value))) return *value;
  throw DataError(row_of(rows, file), "column '" + rows.columns()[column] + "' must hold finite numbers, found '" + cells[column] +
                                          "': fill or leave out such rows, or name other columns" +
                                          (value && std::isfinite(*value) ? " (numbers go up to 3.4e38)" : ""));
}

const std::string& label_cell(const TableRows& rows, const fs::path& file, const std::vector<std::string>& cells,
                              std::size_t column) {
  if (cells[column].empty()) throw DataError(row_of(rows, file), "the label is empty");
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
