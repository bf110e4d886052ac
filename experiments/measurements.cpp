#include "experiments/measurements.hpp"

#include <algorithm>

#include "configs/files.hpp"
#include "configs/table.hpp"
#include "space/table_points.hpp"

namespace paretoforge {

Measurements::Measurements(const Space& space, std::filesystem::path csv, const std::vector<std::string>& columns)
    : space_(space), csv_(std::move(csv)) {
  for (const Decision& decision : space.decisions()) columns_.push_back(decision.name);
  std::vector<std::string> own = columns;
  own.insert(own.end(), {"state", "message"});
  for (const std::string& name : own)
    if (is_decision(name))
      throw ConfigError("error: the space has a decision called '" + name + "', and so is a column of its measurements\n   = rename the decision");
  column("state");
  if (!std::filesystem::exists(csv_)) {
    for (const std::string& name : columns) column(name);
    column("message");
    return;
  }
  const Table table = Table::load(csv_);
  const std::vector<Architecture> points = points_of(space, table);
  for (std::size_t row = 0; row < table.rows(); ++row) {
    Cells cells;
    for (std::size_t c = 0; c < table.columns().size(); ++c) cells.emplace_back(table.columns()[c], table.cell(row, c));
    const auto state = table.find_column("state");
    const bool failed = state && table.cell(row, *state) == "failed";
    put(points[row], failed ? "failed" : "complete", "", cells);
  }
  for (const std::string& name : table.columns()) column(name);
  for (const std::string& name : columns) column(name);
  column("message");
}

bool Measurements::is_decision(const std::string& column) const { return space_.find_decision(column).has_value(); }

void Measurements::require_same(const std::string& name, const std::string& value) const {
  const auto at = std::find(columns_.begin(), columns_.end(), name);
  if (at == columns_.end()) return;
  const auto c = static_cast<std::size_t>(at - columns_.begin());
  for (const auto& [point, row] : complete_)
    if (c < rows_[row].size() && !rows_[row][c].empty() && rows_[row][c] != value)
      throw ConfigError("error: " + csv_.string() + " holds rows measured with " + name + " '" + rows_[row][c] + "', not '" + value +
                        "'\n   = they cannot be compared: name another file");
}

std::optional<Architecture> Measurements::first() const {
  const auto least = std::min_element(complete_.begin(), complete_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return least == complete_.end() ? std::nullopt : std::optional(least->first);
}

std::string Measurements::cell(const Architecture& point, const std::string& name) const {
  const auto row = complete_.find(point);
  const auto at = static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), name) - columns_.begin());
  return row == complete_.end() || at >= rows_[row->second].size() ? std::string() : rows_[row->second][at];
}

std::size_t Measurements::column(const std::string& name) {
  const auto at = std::find(columns_.begin(), columns_.end(), name);
  if (at != columns_.end()) return static_cast<std::size_t>(at - columns_.begin());
  columns_.push_back(name);
  return columns_.size() - 1;
}

void Measurements::add(const Architecture& point, const Cells& cells) { put(point, "complete", "", cells); }

void Measurements::add_failed(const Architecture& point, const std::string& message, const Cells& cells) {
  put(point, "failed", message, cells);
}

void Measurements::put(const Architecture& point, const std::string& state, const std::string& message, const Cells& cells) {
  std::vector<std::string> row = space_.labels(point);
  const auto set = [&](const std::string& name, const std::string& value) {
    const std::size_t at = column(name);
    if (row.size() <= at) row.resize(at + 1);
    row[at] = value;
  };
  for (const auto& [name, value] : cells) set(name, value);
  set("state", state);
  if (!message.empty()) set("message", message);
  std::size_t at = rows_.size();
  if (const auto before = failed_.find(point); before != failed_.end()) {
    at = before->second;
    failed_.erase(before);
  }
  if (at == rows_.size()) rows_.emplace_back();
  rows_[at] = std::move(row);
  (state == "failed" ? failed_ : complete_).emplace(point, at);
}

void Measurements::save() const {
  std::string text;
  const auto line = [&](const std::vector<std::string>& cells) {
    for (std::size_t c = 0; c < columns_.size(); ++c)
      text += (c == 0 ? "" : ",") + (c < cells.size() ? csv_field(cells[c]) : std::string());
    text += '\n';
  };
  line(columns_);
  for (const auto& row : rows_) line(row);
  write_file(csv_, text);
}

}  // namespace paretoforge
