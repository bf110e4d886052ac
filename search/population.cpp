// Layers and crowding of individuals, limits first.
#include "search/population.hpp"

#include <algorithm>
#include <map>

#include "search/wishes.hpp"

namespace paretoforge {

namespace {

/// The layers of what breaks no limit and was measured at one rung.
void add_unbroken(std::vector<Individual>& individuals, std::span<const std::size_t> members, Layers& layers) {
  std::vector<double> misses;
  for (const std::size_t i : members) misses.push_back(individuals[i].miss);
  const std::vector<std::int32_t> layer_of =
      parted_by_miss(nondominated_layers(costs_of(individuals, members)), misses);
  const std::size_t first = layers.size();
  for (std::size_t p = 0; p < layer_of.size(); ++p) {
    const std::size_t layer = first + static_cast<std::size_t>(layer_of[p]);
    if (layers.size() <= layer) layers.resize(layer + 1);
    layers[layer].push_back(members[p]);
    individuals[members[p]].layer = static_cast<std::int32_t>(layer);
  }
}

/// One layer for each violation, rising.
void add_violators(std::vector<Individual>& individuals, Layers& layers) {
  std::vector<std::size_t> violators;
  for (std::size_t i = 0; i < individuals.size(); ++i)
    if (individuals[i].violation > 0) violators.push_back(i);
  std::stable_sort(violators.begin(), violators.end(),
                   [&](std::size_t a, std::size_t b) { return individuals[a].violation < individuals[b].violation; });
  double last = 0;
  for (const std::size_t i : violators) {
    if (individuals[i].violation != last) layers.emplace_back();
    last = individuals[i].violation;
    individuals[i].layer = static_cast<std::int32_t>(layers.size() - 1);
    layers.back().push_back(i);
  }
}

}  // namespace

Individual individual(std::span<const Criterion> criteria, const Trial& trial) {
  Individual made{.architecture = trial.architecture, .violation = violation(criteria, trial)};
  if (trial.state == TrialState::complete) made.costs = costs(criteria, trial);
  if (trial.state == TrialState::pruned) {
    for (std::size_t k = 0; k < criteria.size(); ++k)
      made.costs.push_back(trial.values.at(k) ? cost(criteria[k], *trial.values[k]) : 0);
    made.violation = 0;
    made.rungs_short = full_rung(criteria) - trial.rung;
  }
  return made;
}

bool constrained_dominates(const Individual& a, const Individual& b) {
  if (a.violation > 0 || b.violation > 0) return a.violation < b.violation;
  if (a.rungs_short != b.rungs_short) return a.rungs_short < b.rungs_short;
  return dominates(a.costs, b.costs);
}

Costs costs_of(std::span<const Individual> individuals, std::span<const std::size_t> members) {
  Costs points(members.empty() ? 0 : individuals[members[0]].costs.size());
  for (const std::size_t i : members) points.add(individuals[i].costs);
  return points;
}

Layers assign_layers(std::vector<Individual>& individuals) {
  std::map<std::uint32_t, std::vector<std::size_t>> unbroken;  // by rung, the full budget first
  for (std::size_t i = 0; i < individuals.size(); ++i)
    if (individuals[i].violation == 0) unbroken[individuals[i].rungs_short].push_back(i);
  Layers layers;
  for (const auto& [rungs_short, members] : unbroken) add_unbroken(individuals, members, layers);
  add_violators(individuals, layers);
  return layers;
}

Cut cut_layers(const Layers& layers, std::size_t count) {
  Cut cut;
  for (const auto& members : layers) {
    if (cut.whole.size() + members.size() > count) {
      cut.last = members;
      cut.missing = count - cut.whole.size();
      break;
    }
    cut.whole.insert(cut.whole.end(), members.begin(), members.end());
  }
  return cut;
}

void rank(std::vector<Individual>& individuals) {
  std::vector<std::size_t> all;
  for (const auto& members : assign_layers(individuals)) {
    if (individuals[members[0]].violation > 0) {
      for (const std::size_t i : members) individuals[i].crowding = 0;
      continue;
    }
    const Costs points = costs_of(individuals, members);
    all.resize(members.size());
    for (std::size_t m = 0; m < all.size(); ++m) all[m] = m;
    const std::vector<double> distances = crowding_distances(points, all);
    for (std::size_t m = 0; m < members.size(); ++m) individuals[members[m]].crowding = distances[m];
  }
}

bool fitter(const Individual& a, const Individual& b) {
  return a.layer != b.layer ? a.layer < b.layer : a.crowding > b.crowding;
}

const Individual& binary_tournament(std::span<const Individual> individuals, Random& random) {
  const Individual& first = individuals[random.below(individuals.size())];
  const Individual& second = individuals[random.below(individuals.size())];
  return fitter(second, first) ? second : first;
}

std::vector<Individual> taken_out(std::vector<Individual>& individuals, std::span<const std::size_t> positions) {
  std::vector<Individual> taken;
  taken.reserve(positions.size());
  for (const std::size_t i : positions) taken.push_back(std::move(individuals[i]));
  return taken;
}

}  // namespace paretoforge
