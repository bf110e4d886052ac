// Attainment surfaces by a sweep along the first objective.
#include "search/attainment.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace paretoforge {

namespace {

struct Event {
  double x, y;
  std::size_t run;
};

std::vector<Event> events_of(std::span<const Costs> runs) {
  std::vector<Event> events;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    if (runs[run].objectives() != 2) throw std::invalid_argument("attainment surfaces are of two objectives");
    for (std::size_t i = 0; i < runs[run].size(); ++i) events.push_back({runs[run][i][0], runs[run][i][1], run});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.x < b.x; });
  return events;
}

}  // namespace

std::vector<std::array<double, 2>> attainment_surface(std::span<const Costs> runs, double share) {
  if (!(share > 0 && share <= 1)) throw std::invalid_argument("a share of runs lies above 0 and is at most 1");
  // Rounding must not ask for one run more: 0.07 of 100 is 7.000000000000001.
  const auto wanted =
      static_cast<std::size_t>(std::max(1.0, std::ceil(share * static_cast<double>(runs.size()) - 1e-9)));
  std::vector<std::array<double, 2>> corners;
  std::vector<double> reached(runs.size(), std::numeric_limits<double>::infinity()), sorted;
  double last = std::numeric_limits<double>::infinity();
  const std::vector<Event> events = events_of(runs);
  for (std::size_t i = 0; i < events.size(); ++i) {
    reached[events[i].run] = std::min(reached[events[i].run], events[i].y);
    if (i + 1 < events.size() && events[i + 1].x == events[i].x) continue;
    sorted = reached;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(wanted - 1), sorted.end());
    if (!(sorted[wanted - 1] < last)) continue;
    last = sorted[wanted - 1];
    corners.push_back({events[i].x, last});
  }
  return corners;
}

}  // namespace paretoforge
