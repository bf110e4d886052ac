// Points of a space as tables hold them: one column per decision, labels in it.
#pragma once

#include <vector>

#include "configs/table.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// The points of a table's rows, in its order. Throws ConfigError: a decision without a column (naming the table
/// and the nearest column), or a label that the decision does not have (naming file, line and what is allowed).
std::vector<Architecture> points_of(const Space& space, const Table& table);

/// The network of a row, whose point it is. Throws ConfigError naming file and line where the point makes no network.
Graph network_of_row(const Space& space, const Architecture& point, const Table& table, std::size_t row);

}  // namespace paretoforge
