// Thompson sampling from an ensemble of networks over mutants of the front.
#include "search/mobananas.hpp"

#include "search/model_search_internal.hpp"
#include "search/neural_ensemble.hpp"

namespace paretoforge {

namespace {

class Mobananas final : public ForecastSearch {
 public:
  Mobananas(const SearchProblem& problem, const MobananasOptions& options)
      : ForecastSearch(
            problem, {[] { return std::make_unique<NeuralEnsemble>(); }, false},
            {.start = options.start, .refit = options.refit, .pool = options.pool, .rates = {.crossover = 0}}) {}

 protected:
  std::size_t pick(std::span<const Outlook> outlooks) override {
    std::vector<Outlook> drawn(outlooks.begin(), outlooks.end());
    for (Outlook& outlook : drawn)
      for (Belief& belief : outlook.costs)
        if (belief.deviation > 0) belief = {belief.mean + belief.deviation * random_.normal(), 0};
    // What another draw dominates improves the hypervolume by less than that one.
    return most_improving(drawn);
  }
};

}  // namespace

MobananasOptions MobananasOptions::read(const Config& search) {
  MobananasOptions options;
  read_count(search, "start", options.start, 1, 100000);
  read_count(search, "refit", options.refit, 1, 1000);
  read_count(search, "pool", options.pool, 10, 100000);
  return options;
}

std::unique_ptr<Searcher> make_mobananas(const SearchProblem& problem, const MobananasOptions& options) {
  return std::make_unique<Mobananas>(problem, options);
}

}  // namespace paretoforge
