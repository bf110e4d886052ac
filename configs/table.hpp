// CSV tables: one column per decision of a space, one per metric with its unit in the name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paretoforge {

/// A CSV file in memory (RFC 4180: quoted fields, doubled quotes, LF or CRLF; a header row is required).
/// Throws ConfigError with file and line: no header, a doubled or empty column name, a row of another length.
class Table {
 public:
  static Table load(const std::filesystem::path& path);
  static Table parse(std::string_view text, const std::string& name);

  const std::string& name() const { return name_; }
  std::size_t rows() const { return columns_.empty() ? 0 : cells_.size() / columns_.size(); }
  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<std::size_t> find_column(std::string_view column) const;
  /// The position of a column; throws ConfigError naming the file and the nearest column.
  std::size_t column(std::string_view column) const;
  const std::string& cell(std::size_t row, std::size_t column) const { return cells_[row * columns_.size() + column]; }
  /// A cell as a number; "nan" and "inf" are read as such. Throws ConfigError with file, line, column and value.
  double number(std::size_t row, std::size_t column) const;
  std::vector<double> numbers(std::string_view column) const;
  /// The line of the file where a row begins.
  int line(std::size_t row) const { return lines_[row]; }

 private:
  std::string name_;
  std::vector<std::string> columns_;
  std::vector<std::string> cells_;
  std::vector<int> lines_;
};

/// A field as CSV wants it: quoted where it holds a comma, a quote or a line break.
std::string csv_field(std::string_view text);
/// The shortest decimal text that reads back as the same double; whole numbers below 1e15 are written out.
std::string number_text(double value);

}  // namespace paretoforge
