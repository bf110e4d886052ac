// Exact costs that can be counted from a graph: multiply-accumulates, parameters, weight bytes, peak memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "predictors/peak.hpp"
#include "space/graph.hpp"

namespace paretoforge {

struct TotalsOptions {
  std::optional<int> weight_bits;       ///< 1..32, for every weight; by default each layer's own
  std::optional<int> activation_bits;   ///< 1..32, for every tensor; by default each tensor's own
  std::size_t most_ideals = 1'000'000;  ///< see least_peak
};

/// `macs`, `params` and the bytes are those of the network that is left when dead branches are pruned.
///
/// Counted: convolutions and linear layers (multiply-accumulates; weights, bias, 2 parameters per channel of a batch
/// norm), products of matrices that the network computes. Pooling, norms, activations and sums cost no
/// multiply-accumulates. Of imported ops what they say of themselves; weights that two layers share count twice.
///
/// Bytes are those of the integer form, where norm and activation are part of the layer before them:
///   weights  per tensor at its bit width, rounded up to whole bytes; an int32 bias per output channel where the
///            layer has a bias or a norm folded into it. A norm that no convolution or linear layer can take up is a
///            1x1 depthwise convolution: one weight and one bias a channel. Scales and zero points are not counted.
///   memory   every kernel's output at its bit width, the network's input and output included; nothing in place; a
///            flattened tensor is the tensor itself. Over all execution orders (least_peak).
struct Totals {
  std::int64_t macs = 0, params = 0;
  std::int64_t macs_as_written = 0, params_as_written = 0;
  std::int64_t weight_bytes = 0;
  std::int64_t peak_activation_bytes = 0;      ///< of the best order found
  std::int64_t peak_activation_bytes_low = 0;  ///< no order needs less; the same where exact
  bool exact() const { return peak_activation_bytes == peak_activation_bytes_low; }
};

/// Throws std::invalid_argument where the options' bits are outside 1..32.
Totals totals(const Graph& as_written, const TotalsOptions& options = {});

/// The kernels of a graph as steps of a program, each writing its output; what `totals` gives to least_peak.
/// Zeros read nothing; where nothing reads the network's input it is held until the output is written.
MemorySteps memory_steps(const Graph& graph, std::span<const Kernel> kernels,
                         std::optional<int> activation_bits = std::nullopt);

/// Bytes that a kernel's weights take, bias included.
std::int64_t weight_bytes(const Graph& graph, const Kernel& kernel, std::optional<int> weight_bits = std::nullopt);

/// The totals by the names under which studies, tables and reports know them.
struct TotalKind {
  std::string_view name, unit, summary;
  std::int64_t Totals::*value;
};
std::span<const TotalKind> total_kinds();
/// The total of that name, or nullptr.
const TotalKind* find_total(std::string_view name);

}  // namespace paretoforge
