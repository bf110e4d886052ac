// Results of a long run, kept as they come: a CSV file that grows by a row at a time, so that a run goes on where it was left.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace paretoforge {

class GrowingTable {
 public:
  /// Reads what the file holds and makes it where it is not there; an empty path is a table in memory. A last line that a
  /// killed run left without its end is cut off. Throws ConfigError where the file has other columns or is no table.
  GrowingTable(std::filesystem::path file, std::vector<std::string> columns);

  /// A cell for each column.
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }
  /// Appends a row, in the file at once. From any thread, but not while another reads rows(). Throws std::runtime_error
  /// where it cannot be written, std::invalid_argument where it has not a cell for each column.
  void add(const std::vector<std::string>& row);

 private:
  void append(const std::vector<std::string>& row) const;

  std::filesystem::path file_;
  std::size_t columns_;
  std::vector<std::vector<std::string>> rows_;
  std::mutex mutex_;
};

}  // namespace paretoforge
