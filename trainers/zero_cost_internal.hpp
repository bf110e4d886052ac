// The mathematics of zero-cost scores without LibTorch, and the functions of the table. Not public.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "trainers/zero_cost.hpp"

namespace paretoforge {

/// On which side of their bend the units of a network are, sample by sample: K(a, b) is the number of units that are on
/// the same side for the samples a and b.
class PatternKernel {
 public:
  explicit PatternKernel(std::size_t samples);
  /// values: [samples, units]; a unit is on the upper side where its value is greater than the bend.
  void add(std::span<const float> values, float bend);
  double at(std::size_t a, std::size_t b) const { return counts_[a * samples_ + b]; }
  /// ln det(K + I). K alone is singular where two samples are equal: the identity makes that a low score instead of
  /// minus infinity, and adds nothing that counts beside numbers of units.
  double log_determinant() const;

 private:
  std::size_t samples_;
  std::vector<double> counts_;
};

/// -sum(ln(v + k) + 1 / (v + k)), k = 1e-5, over the eigenvalues v of the correlation of the rows. A row without
/// variance says nothing and has the correlation 0, with itself too. jacobian: [samples, elements].
double jacobian_score(std::span<const float> jacobian, std::size_t samples);

// Each with what ZeroCostKind::score says.
double score_synflow(const Graph& graph, const ScoreBatch& batch);
double score_naswot(const Graph& graph, const ScoreBatch& batch);
double score_jacob_cov(const Graph& graph, const ScoreBatch& batch);
double score_grad_norm(const Graph& graph, const ScoreBatch& batch);
double score_snip(const Graph& graph, const ScoreBatch& batch);
double score_grasp(const Graph& graph, const ScoreBatch& batch);
double score_fisher(const Graph& graph, const ScoreBatch& batch);
double score_zen(const Graph& graph, const ScoreBatch& batch);

}  // namespace paretoforge
