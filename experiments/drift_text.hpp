// A device file scored on what was measured later: the rows, and what is said of them.
#pragma once

#include <string>
#include <vector>

#include "configs/table.hpp"
#include "predictors/drift.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// Predictions beside what the column holds; rows without a finite value above 0 are left out.
struct LaterRows {
  std::vector<CostEstimate> predicted;
  std::vector<double> measured;
  std::size_t left_out = 0;
};
/// Throws ConfigError: a column that is not there or holds no numbers, no usable row.
LaterRows later_rows(const FittedMetric& metric, const Space& space, const Table& table, const std::string& column);

std::string drift_text(const Drift& drift);
/// One JSON object, schema paretoforge.drift/1.
std::string drift_json(const Device& device, const FittedMetric& metric, const Drift& drift);

}  // namespace paretoforge
