// Non-dominated sorting and crowding.
#include "search/pareto.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace paretoforge {

bool dominates(std::span<const double> a, std::span<const double> b) {
  bool better = false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
    better |= a[k] < b[k];
  }
  return better;
}

namespace {

/// The points of one layer, asked only about points that come after them in lexicographic order and differ
/// from them: the first coordinate then never speaks against dominance.
class Layer {
 public:
  explicit Layer(const Costs& points) : points_(&points) {}

  bool dominates(std::size_t point) const {
    const auto p = (*points_)[point];
    if (p.size() <= 1) return true;
    if (p.size() == 2) return (*points_)[last_][1] <= p[1];
    if (p.size() == 3) return staircase_dominates(p);
    return member_dominates(p.subspan(1));
  }

  void add(std::size_t point) {
    const auto p = (*points_)[point];
    if (p.size() == 3)
      add_to_staircase(p);
    else if (p.size() > 3)
      members_.insert(members_.end(), p.begin() + 1, p.end());
    last_ = point;  // with two objectives the newest has the least second coordinate, or it would be dominated
  }

 private:
  struct Step {
    double second, third;
  };
  static bool before(const Step& step, double second) { return step.second < second; }
  static bool after(double second, const Step& step) { return second < step.second; }

  bool staircase_dominates(std::span<const double> p) const {
    const auto right = std::upper_bound(steps_.begin(), steps_.end(), p[1], after);
    return right != steps_.begin() && std::prev(right)->third <= p[2];
  }

  /// The newest members are the likeliest to be just below.
  bool member_dominates(std::span<const double> rest) const {
    for (std::size_t end = members_.size(); end > 0; end -= rest.size()) {
      const double* member = &members_[end - rest.size()];
      std::size_t k = 0;
      while (k < rest.size() && member[k] <= rest[k]) ++k;
      if (k == rest.size()) return true;
    }
    return false;
  }

  /// Keeps the steps rising in the second coordinate and falling in the third.
  void add_to_staircase(std::span<const double> p) {
    const auto from = std::lower_bound(steps_.begin(), steps_.end(), p[1], before);
    auto to = from;
    while (to != steps_.end() && to->third >= p[2]) ++to;
    steps_.insert(steps_.erase(from, to), Step{p[1], p[2]});
  }

  const Costs* points_;
  std::vector<double> members_;  ///< all coordinates but the first, row by row, where there are more than three
  std::vector<Step> steps_;
  std::size_t last_ = 0;
};

}  // namespace

std::vector<std::int32_t> nondominated_layers(const Costs& points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::lexicographical_compare(points[a].begin(), points[a].end(), points[b].begin(), points[b].end());
  });
  std::vector<std::int32_t> layer_of(points.size());
  std::vector<Layer> layers;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto p = points[order[i]];
    if (i > 0 && std::equal(p.begin(), p.end(), points[order[i - 1]].begin())) {
      layer_of[order[i]] = layer_of[order[i - 1]];
      continue;
    }
    // Dominated by layer k means dominated by every layer before it: the first that does not is found by halving.
    auto layer = std::partition_point(layers.begin(), layers.end(),
                                      [&](const Layer& candidate) { return candidate.dominates(order[i]); });
    layer_of[order[i]] = static_cast<std::int32_t>(layer - layers.begin());
    if (layer == layers.end()) layer = layers.emplace(layer, points);
    layer->add(order[i]);
  }
  return layer_of;
}

std::vector<double> crowding_distances(const Costs& points, std::span<const std::size_t> members) {
  std::vector<double> distance(members.size(), 0.0);
  std::vector<std::size_t> order(members.size());
  for (std::size_t k = 0; k < points.objectives() && !members.empty(); ++k) {
    // Halved, so that a range from -1e308 to 1e308 does not overflow.
    const auto half = [&](std::size_t i) { return points[members[order[i]]][k] / 2; };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const double x = points[members[a]][k], y = points[members[b]][k];
      return x != y ? x < y : a < b;
    });
    const double range = half(order.size() - 1) - half(0);
    if (!(range > 0)) continue;
    distance[order.front()] = distance[order.back()] = std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i + 1 < order.size(); ++i) distance[order[i]] += (half(i + 1) - half(i - 1)) / range;
  }
  return distance;
}

}  // namespace paretoforge
