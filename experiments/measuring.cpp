#include "experiments/measuring.hpp"

#include <algorithm>
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

void keep(Measurements& table, std::span<const Architecture> points, const std::vector<std::optional<MeasuredNetwork>>& found, MeasuringEnd& end) {
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

MeasuringEnd measure_networks(const Space& space, Measurements& table, const MeasuringOptions& options, std::size_t together, const MeasureTogether& measure) {
  std::vector<Architecture> todo = wanted(space, options);
  const std::size_t all = todo.size();
  std::erase_if(todo, [&](const Architecture& point) { return table.has(point); });
  MeasuringEnd end;
  for (std::size_t first = 0; first < todo.size() && end.whole && end.give_up.empty(); first += together) {
    if (options.on_progress) options.on_progress(all - todo.size() + first, all);
    const auto part = std::span(todo).subspan(first, std::min(together, todo.size() - first));
    keep(table, part, measure(part, derived_seed(options.seed, first), end.give_up), end);
  }
  if (end.whole && options.on_progress) options.on_progress(all, all);
  return end;
}

}  // namespace paretoforge
