// Expected improvement of random scalarisations.
#include "search/parego.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "search/gaussian_forecast_internal.hpp"
#include "search/model_search_internal.hpp"

namespace paretoforge {

double augmented_tchebycheff(std::span<const double> costs, std::span<const double> weights, double rho) {
  double greatest = -std::numeric_limits<double>::infinity(), sum = 0;
  for (std::size_t k = 0; k < costs.size(); ++k) {
    greatest = std::max(greatest, weights[k] * costs[k]);
    sum += weights[k] * costs[k];
  }
  return greatest + rho * sum;
}

std::vector<double> lattice_weights(std::size_t objectives, std::size_t steps, Random& random) {
  // Stars and bars: which of the steps and bars are bars, drawn without putting back.
  std::vector<std::size_t> places(steps + objectives - 1);
  std::iota(places.begin(), places.end(), std::size_t{0});
  random.shuffle(places);
  places.resize(objectives - 1);
  std::sort(places.begin(), places.end());
  places.push_back(steps + objectives - 1);
  std::vector<double> weights;
  std::size_t from = 0;
  for (const std::size_t bar : places) {
    weights.push_back(static_cast<double>(bar - from) / static_cast<double>(steps));
    from = bar + 1;
  }
  return weights;
}

namespace {

constexpr std::size_t draws = 64;

class Parego final : public ForecastSearch {
 public:
  Parego(const SearchProblem& problem, const ParegoOptions& options)
      : ForecastSearch(problem, gaussian_processes(problem), {.start = options.start, .pool = options.pool}),
        options_(options) {}

 protected:
  std::size_t pick(std::span<const Outlook> outlooks) override {
    const std::size_t width = history_.criteria().size();
    const std::vector<double> weights = lattice_weights(width, options_.steps, random_);
    std::vector<double> normal(draws * width);
    for (double& z : normal) z = random_.normal();
    const double best = best_so_far(weights);
    std::vector<double> scores, costs(width);
    for (const Outlook& outlook : outlooks) {
      double sum = 0;
      for (std::size_t d = 0; d < draws; ++d) {
        for (std::size_t k = 0; k < width; ++k)
          costs[k] = outlook.costs[k].mean + outlook.costs[k].deviation * normal[d * width + k];
        sum += std::max(0.0, best - outlook.miss - augmented_tchebycheff(costs, weights, options_.rho));
      }
      scores.push_back(sum / draws);
    }
    return most_promising(outlooks, scores);
  }

 private:
  /// The least sum of scalarised cost and miss that keeps all limits, of trials and of what is pending.
  double best_so_far(std::span<const double> weights) const {
    const std::size_t width = weights.size();
    double best = augmented_tchebycheff(std::vector<double>(width, 2), weights, options_.rho);
    const Costs front = history_.front(forecaster_.scales());
    for (std::size_t i = 0; i < front.size(); ++i)
      best = std::min(best, augmented_tchebycheff(front[i], weights, options_.rho) + forecaster_.miss(front[i]));
    for (const Outlook& fantasy : fantasies())
      best = std::min(best, augmented_tchebycheff(mean_costs(fantasy), weights, options_.rho) + fantasy.miss);
    return best;
  }

  ParegoOptions options_;
};

}  // namespace

ParegoOptions ParegoOptions::read(const Config& search) {
  ParegoOptions options;
  read_count(search, "start", options.start, 1, 100000);
  read_count(search, "pool", options.pool, 10, 100000);
  if (const auto rho = search.find("rho")) options.rho = rho->number(0, 1);
  read_count(search, "steps", options.steps, 1, 1000);
  return options;
}

std::unique_ptr<Searcher> make_parego(const SearchProblem& problem, const ParegoOptions& options) {
  return std::make_unique<Parego>(problem, options);
}

}  // namespace paretoforge
