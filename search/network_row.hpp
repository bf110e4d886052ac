// A point as models of its network see it: decisions, what its layers stand beside, what its layers cost.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "search/gaussian_process.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// Levels of refinement, and numbers per level that layers are counted in.
inline constexpr std::size_t layer_count_levels = 3, layer_count_buckets = 64;

/// How many layers of each kind a network has: kind by itself, then together with the kinds it reads, then with the
/// kinds those read (the features of Weisfeiler and Lehman subtree kernels: Shervashidze, Schweitzer, van Leeuwen,
/// Mehlhorn and Borgwardt, "Weisfeiler-Lehman graph kernels", 2011; for architectures: Ru, Wan, Dong and Osborne,
/// "Interpretable neural architecture search via Bayesian optimisation with Weisfeiler-Lehman kernels", 2021). Norms
/// and activations count as part of the edge they stand on; widths are left to the costs. Kinds are hashed into the
/// buckets of their level. Equal for isomorphic networks. `network` is pruned.
std::vector<double> layer_counts(const Graph& network);

/// Rows of points of one space: the decisions (Space::encode), the logarithms of layer_counts and those of
/// graph_features. The last two are the same for isomorphic networks, whatever the decisions.
struct NetworkRow {
  /// Nothing where the point has no network: decoding throws.
  static std::optional<std::vector<double>> of(const Space& space, const Architecture& point);
  /// The three parts, as blocks of a kernel.
  static std::vector<KernelBlock> blocks(const Space& space);
};

/// Centres and scales the columns of graph parts by how they vary over a sample of points, and leaves out those that
/// do not vary or repeat an earlier one.
class RowScaling {
 public:
  RowScaling(std::span<const std::vector<double>> sample, std::span<const KernelBlock> blocks);
  std::vector<double> operator()(std::span<const double> row) const;
  const std::vector<KernelBlock>& blocks() const { return kept_blocks_; }  ///< of the columns kept; none is empty

 private:
  std::vector<std::size_t> columns_;
  std::vector<double> centre_, scale_;
  std::vector<KernelBlock> kept_blocks_;
};

}  // namespace paretoforge
