// MOEA/D (Zhang and Li, "MOEA/D: a multiobjective evolutionary algorithm based on decomposition", 2007).
#pragma once

#include <span>
#include <vector>

#include "search/evolution.hpp"

namespace paretoforge {

struct MoeadOptions {
  EvolutionOptions evolution = {.rates = {.crossover = 1}};  ///< every child has two parents, as in the paper
  /// Subproblems whose solutions may be parents of a child and replaced by it: those with the nearest weights, the
  /// subproblem itself included. The paper's 20, at most all.
  std::size_t neighbours = 20;

  /// EvolutionOptions' keys (population up to 10,000) and neighbours (2 to 1,000).
  static MoeadOptions read(const Config& search);
};

/// For each weight the rows of the nearest ones, itself first; of equals the earlier.
std::vector<std::vector<std::size_t>> nearest_weights(const Costs& weights, std::size_t count);
/// The greatest weighted distance from the ideal point, distances in ranges; a weight of 0 counts as 1e-6.
double tchebycheff(std::span<const double> costs, std::span<const double> weights, std::span<const double> ideal,
                   std::span<const double> worst);

/// One subproblem per weight (see reference_points), each with one solution; the population is their number, at most
/// what the options say. The n-th child belongs to subproblem n modulo their number. One solution often serves several
/// subproblems; the parents are drawn anew until they differ (ten times at most). Objectives are scaled to the range
/// from the best value so far to the worst of the present solutions (the paper's section V-B).
class Moead final : public Evolution {
 public:
  explicit Moead(const SearchProblem& problem, const MoeadOptions& options = {});

 private:
  Moead(const SearchProblem& problem, const MoeadOptions& options, Costs weights);
  bool ready() const override { return population_.size() == weights_.size(); }
  Architecture breed() override;
  void learn(Individual told) override;
  void relearn(Individual told) override;
  void note_range(const Individual& told);
  void compete(const Individual& told);
  bool at_least_as_good(const Individual& a, const Individual& b, std::size_t subproblem) const;

  Costs weights_;
  std::vector<std::vector<std::size_t>> neighbours_;
  Breeder breeder_;
  std::vector<Individual> population_;  ///< by subproblem
  std::vector<double> ideal_, worst_;   ///< empty until something keeps the limits
};

}  // namespace paretoforge
