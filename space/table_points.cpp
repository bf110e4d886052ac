#include "space/table_points.hpp"

#include <stdexcept>

namespace paretoforge {
namespace {

std::string place(const Table& table, std::size_t row) { return "\n  --> " + table.name() + ":" + std::to_string(table.line(row)); }

}  // namespace

std::vector<Architecture> points_of(const Space& space, const Table& table) {
  std::vector<std::size_t> columns;
  for (const Decision& decision : space.decisions()) columns.push_back(table.column(decision.name));
  std::vector<Architecture> points;
  points.reserve(table.rows());
  std::vector<std::string> labels(columns.size());
  for (std::size_t row = 0; row < table.rows(); ++row) {
    for (std::size_t d = 0; d < columns.size(); ++d) labels[d] = table.cell(row, columns[d]);
    try {
      points.push_back(space.from_labels(labels));
    } catch (const std::invalid_argument& error) {
      throw ConfigError("error: " + std::string(error.what()) + place(table, row));
    }
  }
  return points;
}

Graph network_of_row(const Space& space, const Architecture& point, const Table& table, std::size_t row) {
  try {
    return space.decode(point);
  } catch (const ConfigError& error) {
    throw ConfigError(std::string(error.what()) + place(table, row));
  }
}

}  // namespace paretoforge
