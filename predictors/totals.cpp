// Counting what a network costs; bytes of weights and tensors in the integer form.
#include "predictors/totals.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace paretoforge {
namespace {

std::int64_t bytes_of(std::int64_t elements, int bits) { return (elements * bits + 7) / 8; }

void check_bits(std::optional<int> bits, const char* what) {
  if (bits && (*bits < 1 || *bits > 32))
    throw std::invalid_argument(std::string(what) + " must be 1 to 32, not " + std::to_string(*bits));
}

struct Count {
  std::int64_t macs = 0, params = 0;
};

Count count(const Graph& graph) {
  Count sum;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (graph.inputs(id).empty()) continue;
    const Shape& input = graph.shape(graph.inputs(id)[0]);
    sum.macs += macs(graph.op(id), input, graph.shape(id));
    sum.params += params(graph.op(id), input);
  }
  return sum;
}

/// A layer's weights, and whether it has a bias of its own.
struct Stored {
  std::int64_t weights = 0;
  int bits = 8;
  bool bias = false;
};

Stored stored(const Op& op, const Shape& input) {
  return std::visit(Overloaded{[&](const Conv& c) {
                                 const std::int64_t taps = std::int64_t{c.kernel.height} * c.kernel.width;
                                 return Stored{std::int64_t{c.out} * (input.channels / c.groups) * taps, c.weight_bits, c.bias};
                               },
                               [&](const Linear& l) {
                                 return Stored{std::int64_t{l.out} * input.elements(), l.weight_bits, l.bias};
                               },
                               // What imported ops store is counted as weights, at 8 bits.
                               [&](const auto&) {
                                 return imported_only(op) ? Stored{params(op, input), 8, false} : Stored{};
                               }},
                    op);
}

}  // namespace

std::int64_t weight_bytes(const Graph& graph, const Kernel& kernel, std::optional<int> weight_bits) {
  if (graph.inputs(kernel.main).empty()) return 0;
  Stored layer = stored(graph.op(kernel.main), graph.shape(graph.inputs(kernel.main)[0]));
  const std::int64_t channels = graph.shape(kernel.main).channels;
  const bool norm = kernel.norm >= 0 || std::holds_alternative<BatchNorm>(graph.op(kernel.main));
  if (layer.weights == 0 && norm) layer.weights = channels;  // a norm by itself: a 1x1 depthwise convolution
  return bytes_of(layer.weights, weight_bits.value_or(layer.bits)) + (layer.bias || norm ? 4 * channels : 0);
}

MemorySteps memory_steps(const Graph& graph, std::span<const Kernel> kernels, std::optional<int> activation_bits) {
  MemorySteps steps;
  steps.bytes.reserve(kernels.size());
  steps.first_input.reserve(kernels.size() + 1);
  steps.read.reserve(kernels.size() * 2);
  std::vector<std::int32_t> writer(static_cast<std::size_t>(graph.size()), -1);  // the step that wrote a node's value
  const auto writer_of = [&](NodeId id) { return writer[static_cast<std::size_t>(id)]; };
  std::vector<std::int32_t> inputs;
  bool input_is_read = false;
  for (const Kernel& kernel : kernels) {
    auto& step = writer[static_cast<std::size_t>(kernel.last)];
    const auto read = graph.inputs(kernel.main);
    if (is_view(graph.op(kernel.main))) {
      step = writer_of(read[0]);
      continue;
    }
    inputs.clear();
    const bool reads = !std::holds_alternative<Zero>(graph.op(kernel.main));
    if (reads)
      for (const NodeId id : read) inputs.push_back(writer_of(id));
    input_is_read = input_is_read || std::find(inputs.begin(), inputs.end(), 0) != inputs.end();
    if (kernel.last == graph.output() && kernel.main != 0 && !input_is_read) inputs.push_back(0);
    const Node& node = graph.node(kernel.last);
    step = steps.add(bytes_of(node.shape.elements(), activation_bits.value_or(node.activation_bits)), inputs);
  }
  steps.output = writer_of(graph.output());
  return steps;
}

Totals totals(const Graph& as_written, const TotalsOptions& options) {
  check_bits(options.weight_bits, "weight bits");
  check_bits(options.activation_bits, "activation bits");
  const Graph graph = pruned(as_written);
  const std::vector<Kernel> kernels = fused_kernels(graph);
  const Count written = count(as_written), left = count(graph);
  Totals result;
  result.macs = left.macs, result.params = left.params;
  result.macs_as_written = written.macs, result.params_as_written = written.params;
  for (const Kernel& kernel : kernels) result.weight_bytes += weight_bytes(graph, kernel, options.weight_bits);
  const PeakBytes peak = least_peak(memory_steps(graph, kernels, options.activation_bits), options.most_ideals);
  result.peak_activation_bytes = peak.high;
  result.peak_activation_bytes_low = peak.low;
  return result;
}

namespace {

constexpr std::array<TotalKind, 6> kinds{{
    {"macs", "", "multiply-accumulates of the pruned network", &Totals::macs},
    {"params", "", "trainable numbers of the pruned network", &Totals::params},
    {"weight_bytes", "bytes", "weights and biases in the integer form", &Totals::weight_bytes},
    {"peak_activation_bytes", "bytes", "most memory that tensors take at once, in the best order",
     &Totals::peak_activation_bytes},
    {"macs_as_written", "", "multiply-accumulates, dead branches included", &Totals::macs_as_written},
    {"params_as_written", "", "trainable numbers, dead branches included", &Totals::params_as_written},
}};

}  // namespace

std::span<const TotalKind> total_kinds() { return kinds; }

const TotalKind* find_total(std::string_view name) {
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const TotalKind& k) { return k.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

}  // namespace paretoforge
