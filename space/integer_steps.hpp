// Which parts of a folded network become one op on int8 tensors, and how the output of each is quantised.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "space/quantisation.hpp"

namespace paretoforge {

/// One op of the integer form: a node, and a ReLU or ReLU6 that is done by the clamp of its output.
struct IntegerStep {
  NodeId node;                               ///< of the folded graph
  NodeId last;                               ///< the activation that is fused behind it, else the node itself
  std::optional<ActivationKind> activation;  ///< of `last`
  std::vector<std::int32_t> inputs;          ///< positions of earlier steps
};

/// The steps of a folded graph in execution order, Input first. Throws std::invalid_argument naming the node where
/// activations have another width than 8 bits.
std::vector<IntegerStep> integer_steps(const Graph& folded);
/// The step whose value is the network's output.
std::int32_t output_step(const Graph& folded, const std::vector<IntegerStep>& steps);

/// Whether the output has a range of its own, that of `last`. Max pools, average pools with a window, shuffles and flatten
/// keep what their input has; softmax and sigmoid have scale 1/256 and zero point -128.
bool has_own_range(const Graph& folded, const IntegerStep& step);
/// The output's quantisation: `input` is that of the first input, `range` is read where the step has one of its own.
/// Throws as quantisation_of.
Quantisation output_quantisation(const Graph& folded, const IntegerStep& step, const Quantisation& input, const Range& range);

/// The least and the greatest integer of the output.
struct Clip {
  std::int32_t low = lowest_activation, high = highest_activation;
};
Clip output_clip(const IntegerStep& step, const Quantisation& output);

/// Whether the op is an activation that the clamp of an output does (ReLU, ReLU6).
bool is_clamp(const Op& op);

/// What an activation by itself gives for q = -128 ... 127.
std::vector<std::int8_t> activation_table(ActivationKind kind, const Quantisation& input, const Quantisation& output);

/// The mean of `count` (below 2^15) activations with this sum, zero points included, to nearest, ties to even. Means meet ties
/// often (of 2, 4, ... values); of sums of scaled numbers the order of additions would decide them.
std::int8_t integer_mean(std::int32_t sum, std::int32_t count);

/// Softmax over `in`, in float, the greatest value taken off first.
void integer_softmax(std::span<const std::int8_t> in, float input_scale, const Quantisation& output, std::span<std::int8_t> out);

}  // namespace paretoforge
