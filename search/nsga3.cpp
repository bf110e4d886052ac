// Niching around reference directions.
#include "search/nsga3.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "search/reference_points.hpp"

namespace paretoforge {

namespace {

struct Niche {
  std::size_t direction = 0;
  double distance = std::numeric_limits<double>::infinity();  ///< squared, perpendicular
};

Niche nearest_direction(std::span<const double> point, const Costs& directions) {
  double length = 0;
  for (const double v : point) length += v * v;
  Niche nearest;
  for (std::size_t d = 0; d < directions.size(); ++d) {
    double along = 0, norm = 0;
    for (std::size_t k = 0; k < point.size(); ++k) {
      along += point[k] * directions[d][k];
      norm += directions[d][k] * directions[d][k];
    }
    const double distance = std::max(0.0, length - along * along / norm);
    if (distance < nearest.distance) nearest = {d, distance};
  }
  return nearest;
}

/// The members of the last layer around each direction, the nearest first.
std::vector<std::vector<std::size_t>> around(const Costs& last, const Costs& directions) {
  std::vector<std::vector<std::size_t>> members(directions.size());
  std::vector<double> distance(last.size());
  for (std::size_t i = 0; i < last.size(); ++i) {
    const Niche niche = nearest_direction(last[i], directions);
    distance[i] = niche.distance;
    members[niche.direction].push_back(i);
  }
  for (auto& niche : members)
    std::stable_sort(niche.begin(), niche.end(),
                     [&](std::size_t a, std::size_t b) { return distance[a] < distance[b]; });
  return members;
}

/// The direction with the fewest individuals among those that have candidates, of equals one at random.
std::size_t rarest(const std::vector<std::size_t>& counts, const std::vector<std::vector<std::size_t>>& candidates,
                   Random& random) {
  std::size_t best = 0, least = std::numeric_limits<std::size_t>::max(), equals = 0;
  for (std::size_t d = 0; d < counts.size(); ++d) {
    if (candidates[d].empty() || counts[d] > least) continue;
    equals = counts[d] < least ? 1 : equals + 1;
    least = counts[d];
    if (random.below(equals) == 0) best = d;
  }
  return best;
}

}  // namespace

std::vector<std::size_t> niched(const Costs& chosen, const Costs& last, const Costs& directions, std::size_t count,
                                Random& random) {
  std::vector<std::size_t> counts(directions.size(), 0);
  for (std::size_t i = 0; i < chosen.size(); ++i) ++counts[nearest_direction(chosen[i], directions).direction];
  auto candidates = around(last, directions);
  std::vector<std::size_t> taken;
  while (taken.size() < count) {
    const std::size_t direction = rarest(counts, candidates, random);
    auto& members = candidates[direction];
    const std::size_t pick = counts[direction] == 0 ? 0 : random.below(members.size());
    taken.push_back(members[pick]);
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(pick));
    ++counts[direction];
  }
  return taken;
}

Nsga3::Nsga3(const SearchProblem& problem, const EvolutionOptions& options)
    : Generational(problem, options), directions_(reference_points(problem.criteria.size(), options.population)) {}

std::vector<std::size_t> Nsga3::last_places(const std::vector<Individual>& individuals, const Costs& front,
                                            const Cut& cut) {
  const Normalisation normalise(front, ideal_, Normalisation::Extremes::achievement);
  const auto normalised = [&](std::span<const std::size_t> members) {
    Costs points(directions_.objectives());
    for (const std::size_t i : members) points.add(normalise(individuals[i].costs));
    return points;
  };
  return niched(normalised(cut.whole), normalised(cut.last), directions_, cut.missing, random());
}

std::vector<Individual> Nsga3::survivors(std::vector<Individual> individuals, std::size_t count) {
  const Layers layers = assign_layers(individuals);
  const Cut cut = cut_layers(layers, count);
  std::vector<std::size_t> living = cut.whole, places(cut.missing);
  std::iota(places.begin(), places.end(), std::size_t{0});  // what breaks limits in its order
  if (individuals[layers[0][0]].violation == 0) {
    const Costs front = costs_of(individuals, layers[0]);
    const std::vector<double> least = least_costs(front);
    if (ideal_.empty()) ideal_ = least;
    for (std::size_t k = 0; k < least.size(); ++k) ideal_[k] = std::min(ideal_[k], least[k]);
    if (cut.missing > 0 && individuals[cut.last[0]].violation == 0) places = last_places(individuals, front, cut);
  }
  for (const std::size_t place : places) living.push_back(cut.last[place]);
  std::vector<Individual> survivors = taken_out(individuals, living);
  rank(survivors);
  return survivors;
}

}  // namespace paretoforge
