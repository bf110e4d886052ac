// The factorised policy and its rewards.
#include "search/reinforce.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "search/model_search_internal.hpp"
#include "search/parego.hpp"

namespace paretoforge {

FactorisedPolicy::FactorisedPolicy(const Space& space, std::size_t weights) : space_(space), theta_(weights) {
  for (auto& of_weight : theta_)
    for (const Decision& decision : space.decisions()) of_weight.emplace_back(decision.labels.size());
}

std::span<double> FactorisedPolicy::logits(std::size_t weight, std::size_t decision) {
  return theta_[weight][decision];
}

std::vector<double> FactorisedPolicy::probabilities(std::size_t decision, std::span<const double> weights) const {
  std::vector<double> result(space_.decisions()[decision].labels.size());
  for (std::size_t j = 0; j < weights.size(); ++j)
    for (std::size_t a = 0; a < result.size(); ++a) result[a] += weights[j] * theta_[j][decision][a];
  const double greatest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double& value : result) sum += value = std::exp(value - greatest);
  for (double& value : result) value /= sum;
  return result;
}

Architecture FactorisedPolicy::draw(std::span<const double> weights, Random& random) const {
  Architecture point;
  for (std::size_t d = 0; d < space_.decisions().size(); ++d) {
    const std::vector<double> p = probabilities(d, weights);
    double left = random.uniform();
    std::size_t at = 0;
    while (at + 1 < p.size() && left >= p[at]) left -= p[at++];
    point.push_back(static_cast<std::int32_t>(at));
  }
  return space_.canonical(std::move(point));
}

void FactorisedPolicy::reinforce(const Architecture& point, std::span<const double> weights, double advantage,
                                 double entropy, double rate) {
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (point[d] < 0) continue;
    const std::vector<double> p = probabilities(d, weights);
    double disorder = 0;
    for (const double share : p) disorder -= share > 0 ? share * std::log(share) : 0;
    for (std::size_t a = 0; a < p.size(); ++a) {
      const double of_draw = (static_cast<std::size_t>(point[d]) == a ? 1 : 0) - p[a];
      const double of_disorder = p[a] > 0 ? -p[a] * (std::log(p[a]) + disorder) : 0;
      for (std::size_t j = 0; j < weights.size(); ++j)
        theta_[j][d][a] += rate * weights[j] * (advantage * of_draw + entropy * of_disorder);
    }
  }
}

double product_reward(std::span<const Criterion> criteria, std::span<const double> values,
                      std::span<const double> targets, double power) {
  double logarithm = 0;
  for (std::size_t k = 0; k < criteria.size(); ++k) {
    const bool up = criteria[k].goal == Goal::maximize;
    const double ratio = up ? values[k] / targets[k] : targets[k] / values[k];
    logarithm += (criteria[k].expensive ? 1 : power) * std::log(ratio > 1e-3 ? std::min(ratio, 1e3) : 1e-3);
  }
  return std::exp(logarithm);
}

namespace {

constexpr int attempts = 64;
constexpr std::size_t weight_steps = 10;
constexpr double worst_scalarised = -3;
constexpr double most_for_miss = 0.85;  ///< the greatest scalarised cost is 2.1: limits still come before wishes

class Reinforce final : public ModelSearch {
 public:
  Reinforce(const SearchProblem& problem, const ReinforceOptions& options)
      : ModelSearch(problem, 0), options_(options), policy_(problem.space, weights_of(problem, options)) {}

  void tell(const Trial& trial) override {
    ModelSearch::tell(trial);
    learn(trial, history_.newest(trial));
  }

  void update(const Trial& trial) override {
    ModelSearch::update(trial);
    learn(trial, history_.newest(trial));
  }

 protected:
  std::optional<Architecture> choose() override {
    std::vector<double> weights{1};
    if (options_.reward == Reward::scalarised)
      weights = lattice_weights(problem_.criteria.size(), weight_steps, random_);
    Architecture point;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      point = policy_.draw(weights, random_);
      if (!points_.available(point)) continue;
      drawn_.emplace(point, std::move(weights));
      break;
    }
    return point;
  }

 private:
  static std::size_t weights_of(const SearchProblem& problem, const ReinforceOptions& options) {
    return options.reward == Reward::scalarised ? problem.criteria.size() : 1;
  }

  /// A pruned trial is rewarded for its readings, as low as these are, and once more when it was promoted.
  void learn(const Trial& trial, const Observation& seen) {
    const auto drawn = drawn_.find(trial.architecture);
    if (drawn == drawn_.end()) return;
    const std::vector<double> weights = drawn->second;
    if (trial.state != TrialState::pruned) drawn_.erase(drawn);
    learn(trial.architecture, weights, reward(seen, weights));
  }

  double reward(const Observation& seen, std::span<const double> weights) const {
    if (seen.violation > 0) {
      const double worst = options_.reward == Reward::scalarised ? worst_scalarised : 0;
      return worst - (std::isfinite(seen.violation) ? seen.violation / (1 + seen.violation) : 1);
    }
    std::vector<double> values, costs;
    for (const auto& known : seen.costs) costs.push_back(*known);
    for (std::size_t k = 0; k < costs.size(); ++k) values.push_back(cost(problem_.criteria[k], costs[k]));
    const double miss = history_.wishes().any() ? history_.wishes().miss(costs) : 0;
    if (options_.reward == Reward::scalarised)
      return -augmented_tchebycheff(scaled_costs(seen, history_.scales()), weights) -
             most_for_miss * (1 - 1 / (1 + miss));
    return product_reward(problem_.criteria, values, targets(), options_.power) * share_left(miss);
  }

  std::vector<double> targets() const {
    std::vector<double> result;
    for (std::size_t k = 0; k < problem_.criteria.size(); ++k) {
      std::vector<double> told;
      for (const Observation& seen : history_.told())
        if (seen.costs[k]) told.push_back(cost(problem_.criteria[k], *seen.costs[k]));
      const auto middle = told.begin() + static_cast<std::ptrdiff_t>(told.size() / 2);
      std::nth_element(told.begin(), middle, told.end());
      result.push_back(problem_.criteria[k].limit.value_or(*middle));
    }
    return result;
  }

  void learn(const Architecture& point, std::span<const double> weights, double reward) {
    if (++lessons_ == 1) mean_ = reward;
    const double off = reward - mean_, keep = std::min(options_.decay, 1 - 1 / static_cast<double>(lessons_));
    const double deviation = std::sqrt(variance_);
    // One trial cannot pull by more than a few deviations.
    const double advantage = deviation > 0 ? std::clamp(off / deviation, -3.0, 3.0) : 0;
    policy_.reinforce(point, weights, advantage, options_.entropy, options_.rate);
    mean_ += (1 - keep) * off;
    variance_ = keep * (variance_ + (1 - keep) * off * off);
  }

  ReinforceOptions options_;
  FactorisedPolicy policy_;
  std::map<Architecture, std::vector<double>> drawn_;  ///< by the policy, with which weights; not told yet
  double mean_ = 0, variance_ = 0;                     ///< of rewards, running
  std::uint64_t lessons_ = 0;
};

}  // namespace

ReinforceOptions ReinforceOptions::read(const Config& search) {
  ReinforceOptions options;
  if (const auto reward = search.find("reward"))
    options.reward = reward->one_of({"scalarised", "product"}) == "product" ? Reward::product : Reward::scalarised;
  if (const auto rate = search.find("rate")) options.rate = rate->number(0, 100);
  if (const auto entropy = search.find("entropy")) options.entropy = entropy->number(0, 10);
  if (const auto decay = search.find("decay")) options.decay = decay->number(0, 0.999);
  if (const auto power = search.find("power")) options.power = power->number(0, 10);
  return options;
}

std::unique_ptr<Searcher> make_reinforce(const SearchProblem& problem, const ReinforceOptions& options) {
  return std::make_unique<Reinforce>(problem, options);
}

}  // namespace paretoforge
