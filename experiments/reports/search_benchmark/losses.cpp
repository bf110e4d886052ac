// Fronts of what was trained, of its twins, and of the twins of what was begun.
#include "experiments/reports/search_benchmark/losses.hpp"

#include <unordered_set>

#include "space/graph.hpp"

namespace paretoforge::benchmark {

double share_of(const Problem& problem, std::span<const Architecture> points) {
  Front front(criteria(problem.objectives()));
  std::uint64_t number = 0;
  for (const Architecture& point : points) {
    const auto [cost, accuracy] = problem.values(point);
    front.add({.number = ++number, .values = {cost, accuracy}});
  }
  return problem.share(front);
}

LossSplit::LossSplit(const Problem& problem) : problem_(problem) {
  problem.space().enumerate([&](const Architecture& point) {
    const std::uint64_t network = network_hash(pruned(problem.space().decode(point)));
    network_of_.emplace(point, network);
    twins_[network].push_back(point);
    return true;
  });
}

double LossSplit::share_with_twins(std::span<const Architecture> points) const {
  std::unordered_set<std::uint64_t> networks;
  for (const Architecture& point : points) networks.insert(network_of_.at(point));
  std::vector<Architecture> all;
  for (const std::uint64_t network : networks)
    all.insert(all.end(), twins_.at(network).begin(), twins_.at(network).end());
  return share_of(problem_, all);
}

Losses LossSplit::operator()(std::span<const Architecture> begun, std::span<const Architecture> trained) const {
  const double found = share_of(problem_, trained), with_luck = share_with_twins(trained);
  const double seen = share_with_twins(begun);
  return {with_luck - found, seen - with_luck, 1 - seen};
}

}  // namespace paretoforge::benchmark
