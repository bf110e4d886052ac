// What a predictor sees of a network: one fixed, named vector of numbers for graphs of any space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "space/graph.hpp"

namespace paretoforge {

/// Changes whenever a feature's meaning or place does: device files name the version they were fitted with.
inline constexpr int feature_version = 2;

/// What runs as one kernel on a device, by how it behaves there.
enum class KernelClass : std::uint8_t {
  conv,       ///< dense, more than one tap
  pointwise,  ///< dense, one tap
  depthwise,  ///< one group per channel
  grouped,    ///< any other number of groups
  linear,
  pool,
  global_pool,
  add,
  concat,
  multiply,
  shuffle,
  norm,        ///< by itself
  activation,  ///< by itself, or behind another kernel where it is no clamp (relu, relu6)
  matmul,      ///< of two tensors that the network computes
  softmax,     ///< over rows
  layer_norm,
  rearrange,
  arithmetic,
  opaque,      ///< ops that are not known
  other,       ///< softmax of a flat tensor, constants
};
inline constexpr std::size_t kernel_classes = 20;
std::string_view kernel_class_name(KernelClass kind);
KernelClass kernel_class(const Graph& graph, const Kernel& kernel);

/// What one kernel asks of a device.
struct KernelCost {
  double work = 0;          ///< multiply-accumulates; taps of a pooling; elements written elsewhere
  double aligned_work = 0;  ///< the same with channels in and out rounded up to 16, as vector units see them
  double wide_work = 0;     ///< the same with channels out rounded up to 64
  double ragged_work = 0;   ///< the work of kernels whose channels in or out are no multiple of 16, which often run
                            ///< in slower code
  double moved = 0;         ///< elements read and written, weights aside
  double weights = 0;       ///< elements of weights and bias
  double patches = 0;       ///< elements of the unrolled input (im2col) of a convolution
  double gathers = 0;       ///< places times taps: addresses that are looked up, whatever the channels
};
KernelCost kernel_cost(const Graph& graph, const Kernel& kernel);

struct Feature {
  std::string name;  ///< "conv.work": class and quantity; "written.conv.count"; "graph.depth"
  bool additive;     ///< a sum over kernels: twice the network, twice the value
};

/// Where a class's quantities stand: CLASS.count is column class * class_quantities, the others so far behind it.
inline constexpr std::size_t class_quantities = 9, class_work = 1, class_moved = 5, class_weights = 6;

/// The features in their order; the additive ones come first.
///   CLASS.{count, work, aligned_work, ...}  of the fused kernels that are left when dead branches are pruned and
///                                           nothing is computed twice, as converters leave them; see KernelCost
///   written.CLASS.{count, work}             of the network as written, for devices that run it so
///   graph.*                                 depth, critical path, totals, peak memory, most tensors alive at once
///                                           (widest), the largest tensor's bytes, the input and its longer side
const std::vector<Feature>& feature_list();
std::size_t additive_features();

/// The features of a network as written (pruning is done here), in the order of feature_list().
std::vector<double> graph_features(const Graph& as_written);

/// Whether pruning left nothing but constants of the network that has these features: its output does not depend on its
/// input, as of a cell without a connection.
bool nothing_left(std::span<const double> features);

}  // namespace paretoforge
