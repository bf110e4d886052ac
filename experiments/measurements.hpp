// A table of measurements that grows: rows that are there stay, and the file is whole at every moment.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "space/space.hpp"

namespace paretoforge {

/// Cells of a row by column.
using Cells = std::vector<std::pair<std::string, std::string>>;

/// CSV: a column per decision, then `state` (complete or failed), what was measured, `message`. Columns that are not
/// known are kept; a column that a row does not have is empty in it. A file without `state` is complete.
class Measurements {
 public:
  /// Reads what is there; a file that is not there is an empty table. `columns` are those that will be written.
  /// Throws ConfigError: no table, a decision without a column, a label that the space does not have, a decision that
  /// is called like a column.
  Measurements(const Space& space, std::filesystem::path csv, const std::vector<std::string>& columns);

  /// Rows may only stand together where `column` has this value in all of them: throws ConfigError where it differs in
  /// a row that is complete.
  void require_same(const std::string& column, const std::string& value) const;
  /// Whether a complete row of this network is there.
  bool has(const Architecture& point) const { return complete_.contains(point); }
  /// The network of the first complete row, if there is one.
  std::optional<Architecture> first() const;
  /// What the complete row of a network holds: empty where it holds nothing.
  std::string cell(const Architecture& point, const std::string& column) const;
  /// Whether the space has a decision of that name: then it can be no other column.
  bool is_decision(const std::string& column) const;

  /// A row; one of the same network that failed before is replaced.
  void add(const Architecture& point, const Cells& cells);
  void add_failed(const Architecture& point, const std::string& message, const Cells& cells);
  /// Throws std::runtime_error where it cannot be written.
  void save() const;

 private:
  void put(const Architecture& point, const std::string& state, const std::string& message, const Cells& cells);
  std::size_t column(const std::string& name);

  const Space& space_;
  std::filesystem::path csv_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;  ///< may be shorter than columns_
  std::map<Architecture, std::size_t> complete_, failed_;
};

}  // namespace paretoforge
