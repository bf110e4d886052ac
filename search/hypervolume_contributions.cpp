// What each point alone dominates: a sweep for up to three objectives, one volume per point above.
#include <algorithm>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "search/hypervolume.hpp"

namespace paretoforge {

namespace {

/// A corner of a staircase in the plane, whose steps rise in x and fall in y; both are minimised.
struct Corner {
  double x, y;
  std::size_t point;
};
using Staircase = std::vector<Corner>;

/// The first step at x or beyond.
Staircase::iterator first_from(Staircase& steps, double x) {
  return std::lower_bound(steps.begin(), steps.end(), x, [](const Corner& step, double v) { return step.x < v; });
}

/// Adds a corner where no step is at least as low as it; steps that are not lower than it leave.
void add_lowest(Staircase& steps, const Corner& corner) {
  const auto first = first_from(steps, corner.x);
  if (first != steps.end() && first->x == corner.x && first->y <= corner.y) return;
  if (first != steps.begin() && std::prev(first)->y <= corner.y) return;
  auto last = first;
  while (last != steps.end() && last->y >= corner.y) ++last;
  steps.insert(steps.erase(first, last), corner);
}

/// The part of the plane that one point alone covers at the present height of the sweep, and the volume of what it
/// covered alone below.
struct Domain {
  Staircase inner;  ///< of the other points within its cell of the outer staircase
  double area = 0, since = 0, volume = 0;

  void settle(double height) {
    volume += area * (height - since);
    since = height;
  }
};

/// Points come by rising third coordinate. Only points on the staircase of the first two cover anything alone: what
/// lies between a step, its two neighbours and the points behind it.
class Sweep {
 public:
  Sweep(std::size_t points, double right, double top) : domains_(points), right_(right), top_(top) {}

  void add(const Corner& corner, double height) {
    const auto after = std::upper_bound(outer_.begin(), outer_.end(), corner.x,
                                        [](double x, const Corner& step) { return x < step.x; });
    if (after != outer_.begin() && std::prev(after)->y <= corner.y)
      hide(corner, static_cast<std::size_t>(after - outer_.begin()) - 1, height);
    else
      expose(corner, height);
  }

  std::vector<double> volumes(double height) {
    std::vector<double> result;
    for (Domain& domain : domains_) {
      domain.settle(height);
      result.push_back(domain.volume);
    }
    return result;
  }

 private:
  /// A corner behind step `at`: where another step covers it too nobody had it alone.
  void hide(const Corner& corner, std::size_t at, double height) {
    if (at > 0 && outer_[at - 1].y <= corner.y) return;
    add_lowest(domains_[outer_[at].point].inner, corner);
    measure(at, height);
  }

  /// A corner of the staircase: the steps behind it move into its cell, its neighbours' cells shrink.
  void expose(const Corner& corner, double height) {
    const auto first = first_from(outer_, corner.x);
    auto last = first;
    Domain& domain = domains_[corner.point];
    domain.since = height;
    for (; last != outer_.end() && last->y >= corner.y; ++last) {
      domains_[last->point].settle(height);
      domains_[last->point].area = 0;
      domain.inner.push_back(*last);
    }
    const auto at = static_cast<std::size_t>(first - outer_.begin());
    outer_.insert(outer_.erase(first, last), corner);
    measure(at, height);
    if (at > 0) {
      Staircase& inner = domains_[outer_[at - 1].point].inner;
      inner.erase(first_from(inner, corner.x), inner.end());
      measure(at - 1, height);
    }
    if (at + 1 < outer_.size()) {
      Staircase& inner = domains_[outer_[at + 1].point].inner;
      const auto below = [&](const Corner& step) { return step.y >= corner.y; };
      inner.erase(inner.begin(), std::partition_point(inner.begin(), inner.end(), below));
      measure(at + 1, height);
    }
  }

  /// The area from now on. All strips are positive, so nothing cancels.
  void measure(std::size_t at, double height) {
    const Corner& step = outer_[at];
    Domain& domain = domains_[step.point];
    domain.settle(height);
    double x = step.x, y = at > 0 ? outer_[at - 1].y : top_;
    domain.area = 0;
    for (const Corner& corner : domain.inner) {
      domain.area += (corner.x - x) * (y - step.y);
      x = corner.x;
      y = corner.y;
    }
    domain.area += ((at + 1 < outer_.size() ? outer_[at + 1].x : right_) - x) * (y - step.y);
  }

  std::vector<Domain> domains_;
  Staircase outer_;
  double right_, top_;
};

bool reaches(std::span<const double> point, std::span<const double> reference) {
  return std::equal(point.begin(), point.end(), reference.begin(), [](double p, double r) { return p < r; });
}

/// Fewer coordinates than three are padded: the third is 0, a missing second too, up to a reference of 1.
std::vector<double> by_sweep(const Costs& points, std::span<const double> reference) {
  const auto coordinate = [&](std::size_t i, std::size_t k) { return k < points.objectives() ? points[i][k] : 0; };
  const auto bound = [&](std::size_t k) { return k < reference.size() ? reference[k] : 1; };
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (reaches(points[i], reference)) order.push_back(i);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return coordinate(a, 2) < coordinate(b, 2); });
  Sweep sweep(points.size(), bound(0), bound(1));
  for (const std::size_t i : order) sweep.add({coordinate(i, 0), coordinate(i, 1), i}, coordinate(i, 2));
  return sweep.volumes(bound(2));
}

/// A point's box without what other points cover of it.
double exclusive_volume(const Costs& points, std::size_t i, std::span<const double> reference) {
  const auto point = points[i];
  if (!reaches(point, reference)) return 0;
  Costs shared(reference.size());
  std::vector<double> corner(reference.size());
  for (std::size_t j = 0; j < points.size(); ++j) {
    if (j == i) continue;
    for (std::size_t k = 0; k < corner.size(); ++k) corner[k] = std::max(point[k], points[j][k]);
    if (std::equal(corner.begin(), corner.end(), point.begin())) return 0;
    shared.add(corner);
  }
  double box = 1;
  for (std::size_t k = 0; k < corner.size(); ++k) box *= reference[k] - point[k];
  return std::max(0.0, box - hypervolume(shared, reference));
}

}  // namespace

std::vector<double> hypervolume_contributions(const Costs& points, std::span<const double> reference) {
  if (reference.size() != points.objectives()) throw std::invalid_argument("the reference point has another dimension");
  if (reference.size() <= 3) return by_sweep(points, reference);
  std::vector<double> result;
  for (std::size_t i = 0; i < points.size(); ++i) result.push_back(exclusive_volume(points, i, reference));
  return result;
}

}  // namespace paretoforge
