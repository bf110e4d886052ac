// Gaussian processes that tune themselves now and then.
#include "search/gaussian_forecast_internal.hpp"
#include "search/gaussian_process.hpp"

namespace paretoforge {

namespace {

class PatientProcess final : public Surrogate {
 public:
  explicit PatientProcess(GaussianProcessOptions options) : process_(std::move(options)) {}

  void fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) override {
    const bool tune = 3 * values.size() >= 4 * tuned_at_;
    if (tune) tuned_at_ = values.size();
    process_.keep_hyperparameters(!tune);
    process_.fit(points, values, seed);
  }
  std::vector<Belief> predict(const Encoded& points) const override { return process_.predict(points); }

 private:
  GaussianProcess process_;
  std::size_t tuned_at_ = 0;  ///< rows
};

}  // namespace

ForecastModels gaussian_processes(const SearchProblem& problem) {
  const std::size_t width = problem.space.encoding_width();
  std::size_t cheap = 0;
  if (problem.cheap)
    for (const Criterion& criterion : problem.criteria) cheap += !criterion.expensive;
  GaussianProcessOptions options;
  if (width > 0 && cheap > 0) options.blocks = {{0, width}, {width, width + cheap}};
  return {[options] { return std::make_unique<PatientProcess>(options); }};
}

}  // namespace paretoforge
