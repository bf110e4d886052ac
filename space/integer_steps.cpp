#include "space/integer_steps.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "space/activation.hpp"

namespace paretoforge {
namespace {

constexpr Quantisation unit_interval{1.0f / 256, lowest_activation};

bool keeps_scale(const Op& op) {
  if (const auto* pool = std::get_if<GlobalPool>(&op)) return pool->kind == PoolKind::maximum;
  return std::holds_alternative<Pool>(op) || std::holds_alternative<ChannelShuffle>(op) ||
         std::holds_alternative<Flatten>(op);
}

bool is_sigmoid(const Op& op) {
  const auto* activation = std::get_if<Activation>(&op);
  return activation && activation->kind == ActivationKind::sigmoid;
}

/// Whether the op makes its output anew, so that a clamp can be part of it.
bool takes_clamp(const Op& op) {
  if (const auto* pool = std::get_if<GlobalPool>(&op)) return pool->kind == PoolKind::average;
  return has_weights(op) || std::holds_alternative<Add>(op) || std::holds_alternative<Multiply>(op);
}

/// The ReLU or ReLU6 that alone reads `id`, else `id`.
NodeId fused_clamp(const Graph& graph, NodeId id, const std::vector<NodeId>& readers) {
  const bool fuses = takes_clamp(graph.op(id)) && readers.size() == 1 && id != graph.output() && is_clamp(graph.op(readers[0]));
  return fuses ? readers[0] : id;
}

}  // namespace

bool is_clamp(const Op& op) {
  const auto* activation = std::get_if<Activation>(&op);
  return activation && (activation->kind == ActivationKind::relu || activation->kind == ActivationKind::relu6);
}

std::vector<IntegerStep> integer_steps(const Graph& folded) {
  const auto readers = consumers(folded);
  std::vector<std::int32_t> place(static_cast<std::size_t>(folded.size()), -1);
  std::vector<IntegerStep> steps;
  for (NodeId id = 0; id < folded.size(); ++id) {
    if (place[static_cast<std::size_t>(id)] >= 0) continue;
    IntegerStep step{id, fused_clamp(folded, id, readers[static_cast<std::size_t>(id)]), {}, {}};
    if (const int bits = folded.node(step.last).activation_bits; bits != 8)
      throw std::invalid_argument("cannot quantise " + folded.name(id) + ": activations of " + std::to_string(bits) + " bits; int8 is what there is");
    if (step.last != id) step.activation = std::get<Activation>(folded.op(step.last)).kind;
    for (const NodeId input : folded.inputs(id)) step.inputs.push_back(place[static_cast<std::size_t>(input)]);
    place[static_cast<std::size_t>(id)] = place[static_cast<std::size_t>(step.last)] = static_cast<std::int32_t>(steps.size());
    steps.push_back(std::move(step));
  }
  return steps;
}

std::int32_t output_step(const Graph& folded, const std::vector<IntegerStep>& steps) {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const IntegerStep& step) {
    return step.node == folded.output() || step.last == folded.output();
  });
  return static_cast<std::int32_t>(found - steps.begin());
}

bool has_own_range(const Graph& folded, const IntegerStep& step) {
  const Op& op = folded.op(step.node);
  return !keeps_scale(op) && !std::holds_alternative<Softmax>(op) && !is_sigmoid(folded.op(step.last));
}

Quantisation output_quantisation(const Graph& folded, const IntegerStep& step, const Quantisation& input, const Range& range) {
  if (keeps_scale(folded.op(step.node))) return input;
  if (!has_own_range(folded, step)) return unit_interval;
  const Op& end = folded.op(step.last);
  if (!is_clamp(end)) return quantisation_of(range, folded.name(step.last));
  Range clamped{std::max(range.low, 0.0f), range.high};
  if (std::get<Activation>(end).kind == ActivationKind::relu6) clamped.high = std::min(range.high, 6.0f);
  return {quantisation_of(clamped, folded.name(step.last)).scale, lowest_activation};
}

Clip output_clip(const IntegerStep& step, const Quantisation& output) {
  if (!step.activation) return {};
  Clip clip{.low = output.zero_point};
  if (step.activation == ActivationKind::relu6) clip.high = quantise(6.0f, output);
  return clip;
}

std::vector<std::int8_t> activation_table(ActivationKind kind, const Quantisation& input, const Quantisation& output) {
  std::vector<std::int8_t> table;
  for (std::int32_t q = lowest_activation; q <= highest_activation; ++q)
    table.push_back(quantise(activate(kind, static_cast<float>(q - input.zero_point) * input.scale), output));
  return table;
}

std::int8_t integer_mean(std::int32_t sum, std::int32_t count) {
  return static_cast<std::int8_t>(std::nearbyint(static_cast<float>(sum) / static_cast<float>(count)));
}

void integer_softmax(std::span<const std::int8_t> in, float input_scale, const Quantisation& output, std::span<std::int8_t> out) {
  const std::int8_t greatest = *std::max_element(in.begin(), in.end());
  std::vector<float> powers;
  float sum = 0;
  for (const std::int8_t q : in) {
    powers.push_back(std::exp(static_cast<float>(q - greatest) * input_scale));
    sum += powers.back();
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = quantise(powers[i] / sum, output);
}

}  // namespace paretoforge
