// Uniform crossover and uniform mutation; simulated binary crossover and polynomial mutation where there are levels.
#include "search/breeding.hpp"

#include <algorithm>
#include <cmath>

namespace paretoforge {

namespace {

constexpr double crossover_index = 15, mutation_index = 20;

/// How far apart the children are, relative to the parents; `room` is the distance to the bound in the same unit.
double spread(double u, double index, double room) {
  const double alpha = 2 - std::pow(1 + 2 * room, -(index + 1));
  const double ratio = u * alpha;
  return std::pow(ratio <= 1 ? ratio : 1 / (2 - ratio), 1 / (index + 1));
}

std::int32_t rounded(double value, std::int32_t levels) {
  return std::clamp(static_cast<std::int32_t>(std::lround(value)), 0, levels - 1);
}

}  // namespace

std::pair<double, double> simulated_binary_crossover(double first, double second, double low, double high, double index,
                                                     double u) {
  if (first == second) return {first, second};
  const double least = std::min(first, second), most = std::max(first, second);
  const double middle = (least + most) / 2, half = (most - least) / 2;
  const double down = middle - half * spread(u, index, (least - low) / (most - least));
  const double up = middle + half * spread(u, index, (high - most) / (most - least));
  const std::pair<double, double> children{std::clamp(down, low, high), std::clamp(up, low, high)};
  return first < second ? children : std::pair(children.second, children.first);
}

double polynomial_mutation(double value, double low, double high, double index, double u) {
  const double range = high - low;
  if (!(range > 0)) return value;
  const bool down = u < 0.5;
  const double room = 1 - (down ? value - low : high - value) / range;
  const double v = down ? 2 * u : 2 * (1 - u);
  const double step = 1 - std::pow(v + (1 - v) * std::pow(room, index + 1), 1 / (index + 1));
  return std::clamp(down ? value - step * range : value + step * range, low, high);
}

Breeder::Breeder(const Space& space, const BreedingRates& rates)
    : space_(space), rates_(rates), unconditional_(space.unconditional()) {
  for (const Decision& decision : space.decisions()) {
    levels_.push_back(static_cast<std::int32_t>(decision.labels.size()));
    numeric_.push_back(decision.ordinal && decision.labels.size() >= many_levels);
  }
}

Architecture Breeder::complete(Architecture point, Random& random) const {
  return unconditional_ ? point : space_.canonical(std::move(point), random);
}

std::int32_t Breeder::other_level(std::size_t decision, std::int32_t level, Random& random) const {
  const std::int32_t count = levels_[decision];
  if (!numeric_[decision])
    return static_cast<std::int32_t>(
        (static_cast<std::uint64_t>(level) + 1 + random.below(static_cast<std::uint64_t>(count) - 1)) %
        static_cast<std::uint64_t>(count));
  const double u = random.uniform();
  const std::int32_t other = rounded(polynomial_mutation(level, 0, count - 1, mutation_index, u), count);
  if (other != level) return other;
  return (u < 0.5 && level > 0) || level == count - 1 ? level - 1 : level + 1;
}

std::int32_t Breeder::crossed_level(std::size_t decision, std::int32_t mother, std::int32_t father,
                                    Random& random) const {
  if (mother < 0 || father < 0) return std::max(mother, father);
  if (mother == father) return mother;
  const bool swap = random.chance(0.5);
  if (!numeric_[decision]) return swap ? father : mother;
  if (random.chance(0.5)) return mother;
  const std::int32_t count = levels_[decision];
  const auto children = simulated_binary_crossover(mother, father, 0, count - 1, crossover_index, random.uniform());
  return rounded(swap ? children.second : children.first, count);
}

Architecture Breeder::cross(const Architecture& mother, const Architecture& father, Random& random) const {
  Architecture child(mother.size());
  for (std::size_t d = 0; d < child.size(); ++d) child[d] = crossed_level(d, mother[d], father[d], random);
  return complete(std::move(child), random);
}

Architecture Breeder::mutate(const Architecture& parent, Random& random) const {
  const auto movable = [&](std::size_t d) { return parent[d] >= 0 && levels_[d] > 1; };
  std::size_t count = 0;
  for (std::size_t d = 0; d < parent.size(); ++d) count += movable(d);
  if (count == 0) return parent;
  const double rate = rates_.mutation.value_or(1.0 / static_cast<double>(count));
  Architecture child = parent;
  for (std::size_t d = 0; d < child.size(); ++d)
    if (movable(d) && random.chance(rate)) child[d] = other_level(d, child[d], random);
  return complete(std::move(child), random);
}

Architecture Breeder::mutate_one(const Architecture& parent, Random& random) const {
  std::vector<std::size_t> movable;
  for (std::size_t d = 0; d < parent.size(); ++d)
    if (parent[d] >= 0 && levels_[d] > 1) movable.push_back(d);
  if (movable.empty()) return parent;
  const std::size_t d = movable[random.below(movable.size())];
  Architecture child = parent;
  child[d] = other_level(d, child[d], random);
  return complete(std::move(child), random);
}

Architecture Breeder::child(const Architecture& mother, const Architecture& father, Random& random) const {
  return mutate(random.chance(rates_.crossover) ? cross(mother, father, random) : mother, random);
}

}  // namespace paretoforge
