#include "experiments/measuring.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>
#include <stdexcept>

#include "exporters/formats.hpp"

namespace paretoforge {
namespace {

/// Whether the point is a network at all, and one that can be exported.
bool is_measurable(const Space& space, const Architecture& point) {
  try {
    check_exportable(space.decode(point));
    return true;
  } catch (const ConfigError&) {
    return false;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

/// `count` different points (or all, where there are fewer).
std::vector<Architecture> drawn(const Space& space, std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<Architecture> points;
  std::set<Architecture> seen;
  for (std::size_t tries = 0; points.size() < count && tries < 100 * count; ++tries) {
    Architecture point = space.sample(random);
    if (seen.insert(point).second && is_measurable(space, point)) points.push_back(std::move(point));
  }
  return points;
}

/// Those asked for by name must be networks.
std::vector<Architecture> wanted(const Space& space, const MeasuringOptions& options) {
  if (options.points.empty()) return drawn(space, options.networks, options.seed);
  for (const Architecture& point : options.points) check_exportable(space.decode(point));
  std::vector<Architecture> points;
  std::set<Architecture> seen;
  for (const Architecture& point : options.points)
    if (seen.insert(point).second) points.push_back(point);
  return points;
}

const std::string* cell_of(const Cells& cells, const std::string& column) {
  for (const auto& [name, value] : cells)
    if (name == column) return &value;
  return nullptr;
}

/// What the reference took, as cells of the rows measured with it.
Cells as_reference(const Space& space, const Architecture& point, const Cells& cells, const std::vector<std::string>& drifting) {
  std::string labels;
  for (const std::string& label : space.labels(point)) labels += (labels.empty() ? "" : " ") + label;
  Cells reference{{"reference", labels}};
  for (const std::string& column : drifting)
    if (const std::string* value = cell_of(cells, column)) reference.emplace_back("reference_" + column, *value);
  return reference;
}

/// The greater of the two drifts, whatever their signs.
double worse_drift(double so_far, const Measurements& table, const Architecture& point, const Cells& now, const std::vector<std::string>& drifting) {
  for (const std::string& column : drifting) {
    const std::string* value = cell_of(now, column);
    const double before = std::strtod(table.cell(point, column).c_str(), nullptr), after = value ? std::strtod(value->c_str(), nullptr) : 0;
    if (!(before > 0) || !(after > 0)) continue;
    const double drift_pct = 100 * (after / before - 1);
    if (std::abs(drift_pct) > std::abs(so_far)) so_far = drift_pct;
  }
  return so_far;
}

using Found = std::vector<std::optional<MeasuredNetwork>>;

bool complete(const std::optional<MeasuredNetwork>& network) { return network && network->failure.empty(); }

/// Measures a part and the reference with it; every row then says what the reference took. The first part of a new
/// file has none yet: its first complete network becomes it.
Found measured_part(const Space& space, const Measurements& table, std::span<const Architecture> part, const std::vector<std::string>& drifting, std::uint64_t seed, MeasuringEnd& end, const MeasureTogether& measure) {
  std::vector<Architecture> points(part.begin(), part.end());
  const std::optional<Architecture> known = drifting.empty() ? std::nullopt : table.first();
  if (known) points.push_back(*known);
  Found found = measure(points, seed, end.give_up);
  const auto first = static_cast<std::size_t>(std::find_if(found.begin(), found.end(), complete) - found.begin());
  const std::size_t at = known ? part.size() : first;
  if (!drifting.empty() && at < found.size() && complete(found[at])) {
    if (known) end.drift_pct = worse_drift(end.drift_pct, table, *known, found[at]->cells, drifting);
    const Cells reference = as_reference(space, points[at], found[at]->cells, drifting);
    for (std::size_t i = 0; i < part.size(); ++i)
      if (complete(found[i])) found[i]->cells.insert(found[i]->cells.end(), reference.begin(), reference.end());
  }
  found.resize(part.size());
  return found;
}

void keep(Measurements& table, std::span<const Architecture> points, const Found& found, MeasuringEnd& end) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!found[i]) {
      end.whole = false;
    } else if (found[i]->failure.empty()) {
      table.add(points[i], found[i]->cells);
      ++end.complete;
    } else {
      table.add_failed(points[i], found[i]->failure, found[i]->cells);
      if (end.failed++ == 0) end.first_failure = found[i]->failure;
    }
  }
  table.save();
}

}  // namespace

std::vector<std::string> reference_columns(const std::vector<std::string>& drifting) {
  std::vector<std::string> columns{"reference"};
  for (const std::string& column : drifting) columns.push_back("reference_" + column);
  return columns;
}

MeasuringEnd measure_networks(const Space& space, Measurements& table, const MeasuringOptions& options, std::size_t together, const std::vector<std::string>& drifting, const MeasureTogether& measure) {
  std::vector<Architecture> todo = wanted(space, options);
  const std::size_t all = todo.size();
  std::erase_if(todo, [&](const Architecture& point) { return table.has(point); });
  MeasuringEnd end;
  for (std::size_t first = 0; first < todo.size() && end.whole && end.give_up.empty(); first += together) {
    if (options.on_progress) options.on_progress(all - todo.size() + first, all);
    const auto part = std::span(todo).subspan(first, std::min(together, todo.size() - first));
    keep(table, part, measured_part(space, table, part, drifting, derived_seed(options.seed, first), end, measure), end);
  }
  if (end.whole && options.on_progress) options.on_progress(all, all);
  return end;
}

}  // namespace paretoforge
