#include "experiments/reports/growing_table.hpp"

#include <fstream>
#include <stdexcept>

#include "configs/config.hpp"
#include "configs/files.hpp"
#include "configs/table.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 30;

}  // namespace

GrowingTable::GrowingTable(std::filesystem::path file, std::vector<std::string> columns)
    : file_(std::move(file)), columns_(columns.size()) {
  if (file_.empty()) return;
  std::string text = std::filesystem::exists(file_) ? read_file(file_, most_bytes) : std::string();
  const std::size_t whole = text.rfind('\n') == std::string::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size()) write_file(file_, text.substr(0, whole));
  text.resize(whole);
  if (text.empty()) {
    append(columns);
    return;
  }
  const Table table = Table::parse(text, file_.string());
  if (table.columns() != columns)
    throw ConfigError("error: " + file_.string() + " has other columns than these results\n   = name another file");
  for (std::size_t row = 0; row < table.rows(); ++row) {
    rows_.emplace_back();
    for (std::size_t column = 0; column < columns_; ++column) rows_.back().push_back(table.cell(row, column));
  }
}

void GrowingTable::add(const std::vector<std::string>& row) {
  if (row.size() != columns_) throw std::invalid_argument("a row has a cell for each column");
  const std::lock_guard lock(mutex_);
  if (!file_.empty()) append(row);
  rows_.push_back(row);
}

void GrowingTable::append(const std::vector<std::string>& row) const {
  std::string line;
  for (const std::string& cell : row) line += (&cell == &row.front() ? "" : ",") + csv_field(cell);
  std::ofstream out(file_, std::ios::app | std::ios::binary);
  out << line + "\n" << std::flush;
  if (!out) throw std::runtime_error("cannot write " + file_.string());
}

}  // namespace paretoforge
