// The loop of model-based searchers.
#include <algorithm>
#include <utility>

#include "search/model_search_internal.hpp"
#include "search/nsga2.hpp"

namespace paretoforge {

namespace {

constexpr std::size_t most_parents = 20;

}  // namespace

ModelSearch::ModelSearch(const SearchProblem& problem, std::size_t start)
    : problem_(problem),
      points_(problem),
      random_(derived_seed(problem.seed, 0)),
      history_(problem.criteria),
      start_(start) {}

std::optional<Architecture> ModelSearch::ask() {
  if (points_.exhausted()) return std::nullopt;
  std::optional<Architecture> proposal;
  if (start_ == 0 || (history_.trials() > 0 && history_.trials() + history_.pending().size() >= start_)) {
    proposal = choose();
    if (proposal) proposal = points_.take_nearest(*proposal, random_);
  }
  if (!proposal) proposal = points_.draw(random_);
  if (proposal) history_.asked(*proposal);
  return proposal;
}

void read_count(const Config& search, std::string_view key, std::size_t& value, std::int64_t least, std::int64_t most) {
  if (const auto found = search.find(key)) value = static_cast<std::size_t>(found->integer(least, most));
}

void ForecastSearch::refit() {
  const auto pending = history_.pending();
  std::erase_if(fantasies_, [&](const Outlook& fantasy) {
    return std::find(pending.begin(), pending.end(), fantasy.architecture) == pending.end();
  });
  if (fitted_at_ > 0 && history_.trials() < fitted_at_ + settings_.refit) return;
  fitted_at_ = history_.trials();
  forecaster_.fit(history_, fantasies_, derived_seed(problem_.seed, fitted_at_));
}

std::vector<Individual> ForecastSearch::parents() const {
  return least_crowded(history_.ranked(forecaster_.scales()), most_parents);
}

std::vector<Outlook> ForecastSearch::candidates() {
  return forecaster_.outlooks(pool_.gather(points_, parents(), settings_.pool, random_));
}

Costs ForecastSearch::expected_front() const {
  Costs front = history_.front(forecaster_.scales());
  for (const Outlook& fantasy : fantasies_) front.add(mean_costs(fantasy));
  return front;
}

Box ForecastSearch::box_beyond(const Costs& front) const {
  return history_.box(reference_beyond(front), forecaster_.scales());
}

std::size_t ForecastSearch::most_improving(std::span<const Outlook> outlooks) const {
  const Costs front = expected_front();
  return greatest_improvement(outlooks, front, box_beyond(front));
}

std::optional<Architecture> ForecastSearch::choose() {
  refit();
  const std::vector<Outlook> outlooks = candidates();
  if (outlooks.empty()) return std::nullopt;
  const Outlook& chosen = outlooks[pick(outlooks)];
  fantasies_.push_back(chosen);
  return chosen.architecture;
}

}  // namespace paretoforge
