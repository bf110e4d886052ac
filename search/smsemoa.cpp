// Selection by contribution to the hypervolume.
#include "search/smsemoa.hpp"

#include <algorithm>
#include <limits>

#include "search/hypervolume.hpp"

namespace paretoforge {

namespace {

/// Every objective scaled to 0 .. 1 over the points; 0 where it is constant.
Costs scaled(const Costs& points) {
  std::vector<double> low(points[0].begin(), points[0].end()), high = low;
  for (std::size_t i = 1; i < points.size(); ++i)
    for (std::size_t k = 0; k < low.size(); ++k) {
      low[k] = std::min(low[k], points[i][k]);
      high[k] = std::max(high[k], points[i][k]);
    }
  Costs result(points.objectives());
  std::vector<double> row(low.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    // Halved, so that a range from -1e308 to 1e308 does not overflow.
    for (std::size_t k = 0; k < row.size(); ++k)
      row[k] = high[k] > low[k] ? (points[i][k] / 2 - low[k] / 2) / (high[k] / 2 - low[k] / 2) : 0;
    result.add(row);
  }
  return result;
}

}  // namespace

std::size_t least_contributor(std::vector<Individual>& individuals) {
  const std::vector<std::size_t> worst = assign_layers(individuals).back();
  if (individuals[worst[0]].violation > 0) return worst.back();
  const Costs points = scaled(costs_of(individuals, worst));
  std::vector<double> contributions = hypervolume_contributions(points, std::vector<double>(points.objectives(), 2.0));
  if (points.objectives() == 2)
    for (const std::size_t k : {0, 1}) {
      std::size_t end = 0;
      for (std::size_t i = 1; i < points.size(); ++i)
        if (points[i][k] < points[end][k]) end = i;
      contributions[end] = std::numeric_limits<double>::infinity();
    }
  // Of equals the newest: what lived longer than it did so for a reason.
  const auto least = std::min_element(contributions.rbegin(), contributions.rend());
  return worst[static_cast<std::size_t>(contributions.rend() - least) - 1];
}

SmsEmoa::SmsEmoa(const SearchProblem& problem, const EvolutionOptions& options)
    : Evolution(problem, options.population), count_(options.population), breeder_(problem.space, options.rates) {}

Architecture SmsEmoa::breed() {
  const Individual& mother = binary_tournament(population_, random());
  const Individual& father = binary_tournament(population_, random());
  return breeder_.child(mother.architecture, father.architecture, random());
}

void SmsEmoa::learn(Individual told) {
  population_.push_back(std::move(told));
  wish(population_);
  if (population_.size() > count_)
    population_.erase(population_.begin() + static_cast<std::ptrdiff_t>(least_contributor(population_)));
  if (ready()) rank(population_);
}

void SmsEmoa::relearn(Individual told) {
  forget(population_, told.architecture);
  learn(std::move(told));
}

}  // namespace paretoforge
