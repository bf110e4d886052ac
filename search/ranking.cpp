// Orders within a non-dominated layer.
#include "search/ranking.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "search/hypervolume.hpp"

namespace paretoforge {

namespace {

/// The members with each coordinate scaled to 0..1, 0 where it never varies.
Costs scaled(const Costs& points, std::span<const std::size_t> members) {
  const std::size_t objectives = points.objectives();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<double> least(objectives, infinity), greatest(objectives, -infinity), row(objectives);
  for (const std::size_t member : members)
    for (std::size_t k = 0; k < objectives; ++k) {
      least[k] = std::min(least[k], points[member][k]);
      greatest[k] = std::max(greatest[k], points[member][k]);
    }
  Costs result(objectives);
  for (const std::size_t member : members) {
    for (std::size_t k = 0; k < objectives; ++k) {
      const double range = greatest[k] / 2 - least[k] / 2;  // halves: the range of huge numbers is a number
      row[k] = range > 0 ? (points[member][k] / 2 - least[k] / 2) / range : 0;
    }
    result.add(row);
  }
  return result;
}

double squared_distance(std::span<const double> a, std::span<const double> b) {
  return std::transform_reduce(a.begin(), a.end(), b.begin(), 0.0, std::plus<>(),
                               [](double x, double y) { return (x - y) * (x - y); });
}

}  // namespace

std::vector<std::size_t> epsilon_net_order(const Costs& points, std::span<const std::size_t> members) {
  const Costs place = scaled(points, members);
  std::vector<double> gap(members.size(), std::numeric_limits<double>::infinity());  // to the nearest one taken
  std::size_t next = 0;
  for (std::size_t i = 1; i < members.size(); ++i)
    if (points[members[i]][0] < points[members[next]][0]) next = i;
  std::vector<std::size_t> order;
  while (order.size() < members.size()) {
    order.push_back(members[next]);
    gap[next] = -1;  // taken
    for (std::size_t i = 0; i < members.size(); ++i) gap[i] = std::min(gap[i], squared_distance(place[i], place[next]));
    next = static_cast<std::size_t>(std::max_element(gap.begin(), gap.end()) - gap.begin());
  }
  return order;
}

std::vector<std::size_t> hypervolume_order(const Costs& points, std::span<const std::size_t> members) {
  const Costs place = scaled(points, members);
  const std::vector<double> reference(points.objectives(), 1.1);
  const std::vector<double> own = hypervolume_contributions(place, reference);
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return own[a] > own[b]; });
  std::transform(order.begin(), order.end(), order.begin(), [&](std::size_t i) { return members[i]; });
  return order;
}

std::vector<std::size_t> best(const Costs& points, std::size_t count, Ranking ranking) {
  count = std::min(count, points.size());
  const std::vector<std::int32_t> layer_of = nondominated_layers(points);
  std::vector<std::vector<std::size_t>> layers;
  for (std::size_t i = 0; i < layer_of.size(); ++i) {
    const auto layer = static_cast<std::size_t>(layer_of[i]);
    if (layer >= layers.size()) layers.resize(layer + 1);
    layers[layer].push_back(i);
  }
  std::vector<std::size_t> result;
  for (std::size_t layer = 0; result.size() < count; ++layer) {
    const auto order = ranking == Ranking::hypervolume ? hypervolume_order(points, layers[layer])
                                                       : epsilon_net_order(points, layers[layer]);
    result.insert(result.end(), order.begin(), order.end());
  }
  result.resize(count);
  return result;
}

}  // namespace paretoforge
