// What tables of samples share: which columns are to be predicted, and their cells. Not public.
#pragma once

#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "configs/table_rows.hpp"
#include "trainers/data_files_internal.hpp"

namespace paretoforge {

/// The columns that a sample's label or targets stand in.
struct AnswerColumns {
  std::string label;                 ///< empty: there are targets
  std::vector<std::string> targets;  ///< empty: there is a label

  /// The keys label and target of a section, which has one of them. Throws ConfigError.
  static AnswerColumns read(const Config& section);
  bool regression() const { return label.empty(); }
  bool contains(const std::string& column) const;
  std::vector<std::string> all() const { return regression() ? targets : std::vector{label}; }
};

/// The column that the key group of a section names; empty: there are no groups. Throws ConfigError.
std::string group_column(const Config& section);
/// Numbers of groups by their names, the same in all parts.
using Groups = std::map<std::string, std::uint32_t>;
std::uint32_t group_number(Groups& groups, const std::string& name);

/// Throws DataError at `file`: there is none.
std::size_t column_of(const TableRows& rows, const std::filesystem::path& file, const std::string& name);

/// FILE:LINE of the row last read.
std::string row_of(const TableRows& rows, const std::filesystem::path& file);
/// A cell of the row last read that is finite in float32. Throws DataError at its line.
double finite_cell(const TableRows& rows, const std::filesystem::path& file, const std::vector<std::string>& cells,
                   std::size_t column);
/// A cell that is not empty; `what` it is, for messages.
const std::string& text_cell(const TableRows& rows, const std::filesystem::path& file,
                             const std::vector<std::string>& cells, std::size_t column, const char* what);

/// From where to where a column's numbers go.
struct Spread {
  double least = std::numeric_limits<double>::infinity(), most = -least;

  float add(double value);
  /// A note for the user where a thousandth of the spread is less than what float32 tells apart.
  std::optional<std::string> lost(const std::string& column, const std::filesystem::path& file) const;
};

}  // namespace paretoforge
