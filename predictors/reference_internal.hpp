// The network that `measure` measures again and again: how a device drifted between the rows of a table. Private to this
// folder.
#pragma once

#include <string>
#include <vector>

#include "configs/table.hpp"

namespace paretoforge {

/// What the reference took beside each row (column reference_METRIC); 0 where that is missing or not above 0, or where
/// `reference` names another network than the last row does.
std::vector<double> reference_values(const Table& table, const std::string& metric);
/// How much more the greatest of those above 0 is than the least, in per cent; 0 where there are none.
double reference_drift_pct(std::vector<double> references);
/// The values as if each had been measured beside the last row; those without a reference stay.
void make_steady(std::vector<double>& values, const std::vector<double>& references);

}  // namespace paretoforge
