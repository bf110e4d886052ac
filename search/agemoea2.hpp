// AGE-MOEA-II (Panichella, "An improved Pareto front modeling algorithm for large-scale many-objective optimization",
// 2022): survival by distances along a front whose curvature is estimated.
#pragma once

#include <span>
#include <vector>

#include "search/evolution.hpp"

namespace paretoforge {

/// The curvature p of the front x_1^p + ... + x_M^p = 1 through a normalised point: 1 is a plane, 2 a sphere, below 1
/// is concave towards the ideal point. Held within 0.1 .. 20; 1 where the point lies on no such front (a coordinate of
/// 1 or more, or fewer than two above 0).
double front_curvature(std::span<const double> point);

/// The survival scores of the points of one front, normalised: infinite for `extremes`, then, greedily, the sum of the
/// distances along the front of that curvature to the two nearest points that have their score, over the distance to
/// the ideal point (as a p-norm). More is better.
std::vector<double> survival_scores(const Costs& normalised, std::span<const std::size_t> extremes, double curvature);

/// Survival by layer, then by survival score; in layers behind the first the score is one over the p-norm.
class AgeMoea2 final : public Generational {
 public:
  static constexpr std::int64_t greatest_population = 10'000;

  explicit AgeMoea2(const SearchProblem& problem, const EvolutionOptions& options = {})
      : Generational(problem, options) {}

 private:
  std::vector<Individual> survivors(std::vector<Individual> individuals, std::size_t count) override;
};

}  // namespace paretoforge
