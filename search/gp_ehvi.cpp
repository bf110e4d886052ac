// Expected hypervolume improvement over fronts drawn from the models.
#include "search/gp_ehvi.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "search/gaussian_forecast_internal.hpp"
#include "search/improvement.hpp"
#include "search/model_search_internal.hpp"

namespace paretoforge {

namespace {

class GpEhvi final : public ForecastSearch {
 public:
  GpEhvi(const SearchProblem& problem, const GpEhviOptions& options)
      : ForecastSearch(problem, gaussian_processes(problem), {.start = options.start, .pool = options.pool}),
        options_(options) {}

 protected:
  std::size_t pick(std::span<const Outlook> outlooks) override {
    const std::vector<OpenBoxes> fronts = this->fronts();
    std::vector<double> scores;
    std::vector<CostBelief> beliefs;
    for (const Outlook& outlook : outlooks) {
      beliefs.clear();
      for (const Belief& belief : outlook.costs) beliefs.push_back({belief.mean, belief.deviation});
      double sum = 0;
      for (const OpenBoxes& boxes : fronts) sum += boxes.expected_improvement(beliefs);
      scores.push_back(sum);
    }
    return most_promising(outlooks, scores);
  }

 private:
  /// What is known, with what is pending at its expected costs.
  std::vector<OpenBoxes> fronts() {
    const Costs measured = expected_front();
    const Box box = box_beyond(measured);
    if (options_.fronts == 0) return {OpenBoxes(thinned_front(measured), box.worst, box.best)};
    const std::vector<Outlook> likely = likely_front();
    std::vector<OpenBoxes> result;
    for (std::size_t s = 0; s < options_.fronts; ++s) {
      Costs drawn(measured.objectives());
      for (const Outlook& outlook : likely) drawn.add(draw(outlook));
      result.emplace_back(thinned_front(drawn), box.worst, box.best);
    }
    return result;
  }

  /// The models' beliefs of the trials in the first two layers, and of what is pending.
  std::vector<Outlook> likely_front() {
    std::vector<Individual> all = history_.ranked(forecaster_.scales());
    std::erase_if(all, [](const Individual& tried) { return tried.violation > 0 || tried.layer > 1; });
    std::stable_sort(all.begin(), all.end(), fitter);
    const std::size_t most = 2 * most_in_front(history_.criteria().size());
    if (all.size() > most) all.resize(most);
    std::vector<Architecture> points;
    for (Individual& tried : all) points.push_back(std::move(tried.architecture));
    std::vector<Outlook> result = forecaster_.outlooks(std::move(points));
    result.insert(result.end(), fantasies().begin(), fantasies().end());
    return result;
  }

  /// A belief's deviation is that of another measurement. Where something was measured, noise is at least half of its
  /// variance.
  std::vector<double> draw(const Outlook& outlook) {
    std::vector<double> result;
    for (const Belief& belief : outlook.costs)
      result.push_back(belief.mean +
                       (belief.deviation > 0 ? belief.deviation / std::numbers::sqrt2 * random_.normal() : 0));
    return result;
  }

  GpEhviOptions options_;
};

}  // namespace

GpEhviOptions GpEhviOptions::read(const Config& search) {
  GpEhviOptions options;
  read_count(search, "start", options.start, 1, 100000);
  read_count(search, "pool", options.pool, 10, 100000);
  read_count(search, "fronts", options.fronts, 0, 128);
  return options;
}

std::unique_ptr<Searcher> make_gp_ehvi(const SearchProblem& problem, const GpEhviOptions& options) {
  return std::make_unique<GpEhvi>(problem, options);
}

}  // namespace paretoforge
