// How evolutionary searchers make a child of two parents, decision by decision.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "space/random.hpp"
#include "space/space.hpp"

namespace paretoforge {

struct BreedingRates {
  /// Probability that a child has two parents; 0.9 as in NSGA-II (Deb et al. 2002).
  double crossover = 0.9;
  /// Probability of each decision that can change to do so; empty: one over their number, as there.
  std::optional<double> mutation = {};
};

/// Crossover and mutation that know what kind of decision they change.
///
/// A decision without order, or with few alternatives, is taken from either parent with the same chance, and mutates
/// to any other of its alternatives. An ordinal decision with at least `many_levels` alternatives is a number: with
/// probability 1/2 it is crossed by simulated binary crossover (Deb and Agrawal, "Simulated binary crossover for
/// continuous search space", 1995; index 15) and given to either parent's side, else kept from the mother; it mutates
/// by polynomial mutation (Deb and Goyal, "A combined genetic adaptive search (GeneAS) for engineering design", 1996;
/// index 20). Both are rounded to the nearest level, and a level that mutates changes by one at least.
class Breeder {
 public:
  static constexpr std::size_t many_levels = 16;

  explicit Breeder(const Space& space, const BreedingRates& rates = {});

  /// Two parents with probability `crossover`, else the mother alone; then mutation. May be a copy of a parent.
  Architecture child(const Architecture& mother, const Architecture& father, Random& random) const;
  /// Each decision from the parents; what neither has is sampled.
  Architecture cross(const Architecture& mother, const Architecture& father, Random& random) const;
  /// Each decision changes with the probability `mutation`; what becomes active is sampled.
  Architecture mutate(const Architecture& parent, Random& random) const;
  /// One decision, each with the same chance, changes; a space of one point is left as it is.
  Architecture mutate_one(const Architecture& parent, Random& random) const;

 private:
  std::int32_t other_level(std::size_t decision, std::int32_t level, Random& random) const;
  std::int32_t crossed_level(std::size_t decision, std::int32_t mother, std::int32_t father, Random& random) const;
  Architecture complete(Architecture point, Random& random) const;

  Space space_;
  BreedingRates rates_;
  std::vector<std::int32_t> levels_;  ///< alternatives of each decision
  std::vector<char> numeric_;         ///< ordinal, with many levels
  bool unconditional_;
};

/// Simulated binary crossover of two numbers in low..high: the two children, the first nearer the first parent; their
/// mean is that of the parents where the bounds are far. `u` is uniform in 0..1, `index` the paper's eta: the larger,
/// the nearer to the parents.
std::pair<double, double> simulated_binary_crossover(double first, double second, double low, double high, double index,
                                                     double u);
/// Polynomial mutation of a number in low..high; never outside.
double polynomial_mutation(double value, double low, double high, double index, double u);

}  // namespace paretoforge
