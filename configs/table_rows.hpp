// CSV files row by row, for those too large to hold their cells as text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paretoforge {

/// Reads and refuses what Table does.
class TableRows {
 public:
  /// Reads the header. `text` must outlive it, `name` stands for the file in messages.
  TableRows(std::string_view text, const std::string& name);
  ~TableRows();
  const std::vector<std::string>& columns() const { return columns_; }
  /// Replaces `cells` by the next row's, as many as there are columns; false behind the last one.
  bool next(std::vector<std::string>& cells);
  int line() const { return line_; }  ///< where the row last read begins

 private:
  class Reader;
  std::string name_;
  std::unique_ptr<Reader> reader_;
  std::vector<std::string> columns_;
  int line_ = 1;
};

/// A cell as a number, as Table::number reads it; nothing where it is none.
std::optional<double> cell_number(std::string_view text);

}  // namespace paretoforge
