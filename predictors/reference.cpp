#include "predictors/reference_internal.hpp"

#include <algorithm>
#include <cmath>

namespace paretoforge {

std::vector<double> reference_values(const Table& table, const std::string& metric) {
  std::vector<double> values(table.rows(), 0);
  const auto name = table.find_column("reference"), column = table.find_column("reference_" + metric);
  if (!name || !column || table.rows() == 0) return values;
  for (std::size_t row = 0; row < table.rows(); ++row) {
    if (table.cell(row, *column).empty() || table.cell(row, *name) != table.cell(table.rows() - 1, *name)) continue;
    const double value = table.number(row, *column);
    if (value > 0 && std::isfinite(value)) values[row] = value;
  }
  return values;
}

double reference_drift_pct(std::vector<double> references) {
  std::erase(references, 0);
  if (references.empty()) return 0;
  const auto [least, most] = std::minmax_element(references.begin(), references.end());
  return 100 * (*most / *least - 1);
}

void make_steady(std::vector<double>& values, const std::vector<double>& references) {
  if (references.empty() || references.back() == 0) return;
  for (std::size_t row = 0; row < values.size(); ++row)
    if (references[row] > 0) values[row] *= references.back() / references[row];
}

}  // namespace paretoforge
