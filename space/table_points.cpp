#include "space/table_points.hpp"

#include <stdexcept>

namespace paretoforge {

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
      throw ConfigError("error: " + std::string(error.what()) + "\n  --> " + table.name() + ":" + std::to_string(table.line(row)));
    }
  }
  return points;
}

}  // namespace paretoforge
