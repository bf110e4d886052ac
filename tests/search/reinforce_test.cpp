// The factorised policy: its gradient in closed form and against differences; rewards; learning.
#include "search/reinforce.hpp"

#include <cmath>
#include <numeric>

#include "catch.hpp"
#include "spaces.hpp"

using namespace paretoforge;

namespace {

const std::vector<double> one{1};

/// advantage × log probability + entropy × entropies, which `reinforce` climbs.
double objective(const FactorisedPolicy& policy, const Architecture& point, std::span<const double> weights,
                 double advantage, double entropy) {
  double sum = 0;
  for (std::size_t d = 0; d < point.size(); ++d) {
    if (point[d] < 0) continue;
    const auto p = policy.probabilities(d, weights);
    sum += advantage * std::log(p[static_cast<std::size_t>(point[d])]);
    for (const double share : p) sum -= entropy * share * std::log(share);
  }
  return sum;
}

}  // namespace

TEST_CASE("for one decision the gradient is the advantage times what was taken less its probability") {
  FactorisedPolicy policy(chain_space(1, 4), 1);
  CHECK(policy.probabilities(0, one) == std::vector<double>(4, 0.25));
  policy.reinforce({2}, one, 3, 0, 0.1);
  const auto logits = policy.logits(0, 0);
  CHECK(logits[0] == Approx(-0.1 * 3 * 0.25));
  CHECK(logits[2] == Approx(0.1 * 3 * 0.75));
  const double rest = std::exp(-0.075), taken = std::exp(0.225);
  CHECK(policy.probabilities(0, one)[2] == Approx(taken / (taken + 3 * rest)));
}

TEST_CASE("the step is up the gradient, entropy and weights included") {
  const Space space = conditional_space();
  Random random(2);
  FactorisedPolicy policy(space, 2);
  for (std::size_t j = 0; j < 2; ++j)
    for (std::size_t d = 0; d < space.decisions().size(); ++d)
      for (double& logit : policy.logits(j, d)) logit = random.normal();
  const std::vector<double> weights{0.3, 0.7};
  for (int round = 0; round < 5; ++round) {
    const Architecture point = space.sample(random);
    FactorisedPolicy after = policy;
    after.reinforce(point, weights, -1.5, 0.4, 1);
    for (std::size_t j = 0; j < 2; ++j)
      for (std::size_t d = 0; d < point.size(); ++d)
        for (std::size_t a = 0; a < policy.logits(j, d).size(); ++a) {
          FactorisedPolicy up = policy, down = policy;
          const double step = 1e-5;
          up.logits(j, d)[a] += step, down.logits(j, d)[a] -= step;
          const double slope =
              (objective(up, point, weights, -1.5, 0.4) - objective(down, point, weights, -1.5, 0.4)) / (2 * step);
          CHECK(after.logits(j, d)[a] - policy.logits(j, d)[a] == Approx(slope).margin(1e-8));
        }
  }
}

TEST_CASE("a rewarded alternative is drawn more and more") {
  FactorisedPolicy policy(chain_space(2, 5), 1);
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    const Architecture point = policy.draw(one, random);
    policy.reinforce(point, one, point[0] == 3 ? 1 : -0.25, 0, 0.3);
  }
  CHECK(policy.probabilities(0, one)[3] > 0.9);
}

TEST_CASE("the product is MnasNet's reward: quality times how much the target beats the cost, to a power") {
  const std::vector<Criterion> criteria{{.name = "latency_ms"},
                                        {.name = "accuracy", .goal = Goal::maximize, .expensive = true}};
  const std::vector<double> targets{80, 0.5};
  CHECK(product_reward(criteria, std::vector{80.0, 0.75}, targets, 0.07) == Approx(1.5));
  CHECK(product_reward(criteria, std::vector{160.0, 0.75}, targets, 0.07) == Approx(1.5 * std::pow(2, -0.07)));
  CHECK(product_reward(criteria, std::vector{40.0, 0.25}, targets, 0.07) == Approx(0.5 * std::pow(2, 0.07)));
  CHECK(product_reward(criteria, std::vector{0.0, -1.0}, targets, 1) > 0);
}
