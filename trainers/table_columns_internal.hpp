// What tables of samples share: which columns are to be predicted, and their cells. Not public.
#pragma once

#include <filesystem>
#include <limits>
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

/// Throws DataError at `file`: there is none.
std::size_t column_of(const TableRows& rows, const std::filesystem::path& file, const std::string& name);

/// A cell of the row last read that is finite in float32. Throws DataError at its line.
double finite_cell(const TableRows& rows, const std::filesystem::path& file, const std::vector<std::string>& cells,
                   std::size_t column);
/// The same of text that is not empty.
const std::string& label_cell(const TableRows& rows, const std::filesystem::path& file,
                              const std::vector<std::string>& cells, std::size_t column);

/// From where to where a column's numbers go.
struct Spread {
  double least = std::numeric_limits<double>::infinity(), most = -least;

  float add(double value);
  /// A note for the user where a thousandth of the spread is less than what float32 tells apart.
  std::optional<std::string> lost(const std::string& column, const std::filesystem::path& file) const;
};

}  // namespace paretoforge
