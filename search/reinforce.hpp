// Policy-gradient search with a factorised policy (Williams, "Simple statistical gradient-following algorithms for
// connectionist reinforcement learning", 1992; rewards after Tan et al., "MnasNet: platform-aware neural architecture
// search for mobile", 2019, and by random scalarisation).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/searcher.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// Every active decision is drawn from its own categorical distribution. Its logits are linear in a vector of weights,
/// so that one policy answers every preference among the objectives: the sum over j of weight_j theta_j.
class FactorisedPolicy {
 public:
  /// Uniform at first.
  FactorisedPolicy(const Space& space, std::size_t weights);

  std::vector<double> probabilities(std::size_t decision, std::span<const double> weights) const;
  Architecture draw(std::span<const double> weights, Random& random) const;
  /// One step up the gradient of advantage × log probability of the point + entropy × the entropies of its active
  /// decisions.
  void reinforce(const Architecture& point, std::span<const double> weights, double advantage, double entropy,
                 double rate);
  /// theta of one weight and decision, one number per alternative.
  std::span<double> logits(std::size_t weight, std::size_t decision);

 private:
  Space space_;
  std::vector<std::vector<std::vector<double>>> theta_;  ///< weight, decision, alternative
};

enum class Reward : std::uint8_t {
  scalarised,  ///< minus the augmented Tchebycheff function of the scaled costs, with weights drawn for each proposal
  product      ///< MnasNet's: the product of value / target, or target / value where minimised, to a power
};

struct ReinforceOptions {
  Reward reward = Reward::scalarised;
  double rate = 0.3;      ///< of the steps, for advantages in deviations
  double entropy = 0.01;  ///< bonus
  double decay = 0.9;     ///< of the running baseline and deviation
  double power = 0.07;    ///< of cheap objectives in the product; of expensive ones 1; MnasNet's
  /// The keys reward (scalarised, product), rate (0 to 100), entropy (0 to 10), decay (0 to 0.999) and power (0 to 10).
  static ReinforceOptions read(const Config& search);
};

/// MnasNet's reward of a complete trial; targets in the objectives' own units. A ratio that is not above 0 counts as
/// 1e-3, and so do smaller ones, as 1e3 those above.
double product_reward(std::span<const Criterion> criteria, std::span<const double> values,
                      std::span<const double> targets, double power);

/// Each trial's advantage is its reward less a running mean, in running deviations. The target of an objective is its
/// limit, else the median told so far. Misses of wishes
/// lower the reward. What breaks a limit has a worse reward than anything that does not, what failed
/// the worst. Where a draw was proposed before it is drawn again, and where that fails often a random point teaches
/// nothing.
std::unique_ptr<Searcher> make_reinforce(const SearchProblem& problem, const ReinforceOptions& options);

}  // namespace paretoforge
