// Misses of wishes, and the layers and boxes that follow from them.
#include "search/wishes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace paretoforge {

namespace {

constexpr double most = std::numeric_limits<double>::max();

/// (a - b) / scale without overflow on the way, and finite.
double relative(double a, double b, double scale) {
  return std::clamp((a / 2 - b / 2) / scale, -most / 2, most / 2) * 2;
}

/// What one unit of being outside is: the region's width, else the soft limit's size.
double unit_of(const Criterion& criterion) {
  const double size = criterion.enough
                          ? std::min(most / 2, std::abs(*criterion.soft_limit / 2 - *criterion.enough / 2)) * 2
                          : std::abs(*criterion.soft_limit);
  return size > 0 ? size : 1;
}

bool any_keeps_soft_limits(std::span<const Criterion> criteria, const Costs& points) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    bool keeps = true;
    for (std::size_t k = 0; k < criteria.size(); ++k)
      keeps &= !criteria[k].soft_limit || points[i][k] <= cost(criteria[k], *criteria[k].soft_limit);
    if (keeps) return true;
  }
  return false;
}

}  // namespace

Wishes::Wishes(std::vector<Criterion> criteria) : criteria_(std::move(criteria)) {
  for (const Criterion& criterion : criteria_) {
    bounded_ |= criterion.soft_limit.has_value();
    aspiring_ |= criterion.aspiration.has_value();
  }
}

void Wishes::note(const Trial& trial) {
  if (!aspiring_ || !fits(criteria_, trial)) return;
  std::vector<double> row = costs(criteria_, trial);
  for (const auto& member : front_)
    if (member == row || dominates(member, row)) return;
  std::erase_if(front_, [&](const auto& member) { return dominates(row, member); });
  front_.push_back(std::move(row));
  learn_ranges();
}

void Wishes::learn_ranges() {
  range_.best = range_.worst = front_.front();
  for (const auto& member : front_)
    for (std::size_t k = 0; k < member.size(); ++k) {
      range_.best[k] = std::min(range_.best[k], member[k]);
      range_.worst[k] = std::max(range_.worst[k], member[k]);
    }
  nearest_ = most;
  for (const auto& member : front_) nearest_ = std::min(nearest_, distance(member));
}

std::vector<Criterion> criteria_of_readings(std::vector<Criterion> criteria) {
  for (Criterion& criterion : criteria)
    if (!criterion.rungs.empty())
      criterion = {.name = criterion.name, .goal = criterion.goal, .expensive = criterion.expensive};
  return criteria;
}

double Wishes::outside(std::span<const double> costs) const {
  double sum = 0;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    const Criterion& criterion = criteria_[k];
    if (!criterion.soft_limit) continue;
    const double over = relative(costs[k], cost(criterion, *criterion.soft_limit), unit_of(criterion));
    const double under =
        criterion.enough ? relative(cost(criterion, *criterion.enough), costs[k], unit_of(criterion)) : 0;
    sum += std::max({0.0, over, under});
  }
  return std::min(sum, most);
}

double Wishes::distance(std::span<const double> costs) const {
  double length = 0;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    if (!criteria_[k].aspiration) continue;
    const double range = range_.worst[k] / 2 - range_.best[k] / 2;  // halved, so that it does not overflow
    if (!(range > 0)) continue;
    length = std::hypot(length, relative(costs[k], cost(criteria_[k], *criteria_[k].aspiration), range) / 2);
  }
  return std::min(length, most);
}

double Wishes::miss(std::span<const double> costs) const {
  const double away = front_.empty() ? 0 : std::max(0.0, distance(costs) - nearest_ - nearness);
  return std::min(outside(costs) + away, most);
}

std::vector<std::int32_t> Wishes::layers(const Costs& points) const {
  std::vector<double> misses(points.size());
  if (any())
    for (std::size_t i = 0; i < points.size(); ++i) misses[i] = miss(points[i]);
  return parted_by_miss(nondominated_layers(points), misses);
}

std::vector<std::int32_t> parted_by_miss(std::vector<std::int32_t> layer_of, std::span<const double> misses) {
  if (std::all_of(misses.begin(), misses.end(), [&](double miss) { return miss == misses[0]; })) return layer_of;
  std::map<std::pair<std::int32_t, double>, std::int32_t> order;
  for (std::size_t i = 0; i < misses.size(); ++i) order[{layer_of[i], misses[i]}] = 0;
  std::int32_t next = 0;
  for (auto& [key, layer] : order) layer = next++;
  for (std::size_t i = 0; i < misses.size(); ++i) layer_of[i] = order[{layer_of[i], misses[i]}];
  return layer_of;
}

Box Wishes::box(const Costs& front, std::span<const double> best, std::span<const double> worst) const {
  Box box{{best.begin(), best.end()}, {worst.begin(), worst.end()}};
  const bool reached = any_keeps_soft_limits(criteria_, front);
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    const Criterion& criterion = criteria_[k];
    const auto narrow = [&](const std::optional<double>& end) {
      if (end) box.worst[k] = std::min(box.worst[k], cost(criterion, *end));
    };
    if (criterion.reference) box.worst[k] = cost(criterion, *criterion.reference);
    if (criterion.limit && cost(criterion, *criterion.limit) > best[k]) narrow(criterion.limit);
    if (reached) narrow(criterion.soft_limit);
    if (criterion.enough) box.best[k] = std::max(box.best[k], cost(criterion, *criterion.enough));
  }
  if (!front_.empty() && front.size() > 0) narrow_to_aspiration(front, box);
  return box;
}

void Wishes::narrow_to_aspiration(const Costs& front, Box& box) const {
  const auto far = [&](std::size_t i) { return outside(front[i]) + distance(front[i]); };
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < front.size(); ++i)
    if (far(i) < far(nearest)) nearest = i;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    const double room = 2 * nearness * (range_.worst[k] / 2 - range_.best[k] / 2);
    if (room > 0) box.worst[k] = std::min(box.worst[k], front[nearest][k] + room);
  }
}

}  // namespace paretoforge
