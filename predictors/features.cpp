// Features of a graph: sums over fused kernels by class, and what only the whole graph has.
#include "predictors/features.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "predictors/merged_internal.hpp"
#include "predictors/totals.hpp"

namespace paretoforge {
namespace {

constexpr std::array<std::string_view, kernel_classes> class_names{
    "conv", "pointwise", "depthwise", "grouped", "linear", "pool",       "global_pool",
    "add",  "concat",    "multiply",  "shuffle", "norm",   "activation", "matmul",
    "softmax", "layer_norm", "rearrange", "arithmetic", "opaque", "other"};
constexpr std::array<std::string_view, class_quantities> run_quantities{"count", "work",    "aligned_work", "wide_work", "ragged_work",
                                                         "moved", "weights", "patches",      "gathers"};
constexpr std::array<std::string_view, 2> written_quantities{"count", "work"};
constexpr std::array<std::string_view, 12> graph_quantities{
    "depth",      "critical_work",  "kernels",   "work",   "moved",   "weights",
    "peak_bytes", "input_elements", "intensity", "widest", "largest", "resolution"};

constexpr std::size_t written_begin = kernel_classes * run_quantities.size();
constexpr std::size_t graph_begin = written_begin + kernel_classes * written_quantities.size();
constexpr std::size_t feature_count = graph_begin + graph_quantities.size();

KernelClass class_of(const Conv& conv, const Shape& input) {
  if (conv.groups > 1) return is_depthwise(conv, input) ? KernelClass::depthwise : KernelClass::grouped;
  return conv.kernel.height * conv.kernel.width > 1 ? KernelClass::conv : KernelClass::pointwise;
}

const Shape& input_shape(const Graph& graph, NodeId id) {
  return graph.inputs(id).empty() ? graph.shape(id) : graph.shape(graph.inputs(id)[0]);
}

/// Input and views run nothing.
bool runs(const Graph& graph, const Kernel& kernel) {
  const Op& op = graph.op(kernel.main);
  return !std::holds_alternative<Input>(op) && !is_view(op);
}

double rounded_up(std::int32_t channels, std::int32_t to) { return static_cast<double>((channels + to - 1) / to * to); }

KernelCost convolution_cost(const Conv& conv, const Shape& in, const Shape& out) {
  const double taps = static_cast<double>(conv.kernel.height) * conv.kernel.width;
  const double places = static_cast<double>(out.height) * out.width;
  const double group_in = static_cast<double>(in.channels) / conv.groups;
  KernelCost cost;
  cost.work = places * taps * group_in * conv.out;
  // Vectors run over the channels of a group where there is one group, over all channels where each has its own.
  const double vector_in = conv.groups == 1 ? rounded_up(in.channels, 16) : group_in;
  cost.aligned_work = places * taps * vector_in * rounded_up(conv.out, 16);
  cost.wide_work = places * taps * group_in * rounded_up(conv.out, 64);
  cost.ragged_work = in.channels % 16 != 0 || conv.out % 16 != 0 ? cost.work : 0;
  cost.gathers = places * taps;
  cost.weights = taps * group_in * conv.out + conv.out;
  cost.patches = places * taps * in.channels;
  return cost;
}

/// Anything but a clamp: many devices run it apart from the layer before it.
bool is_curved(const Op& op) {
  const auto* activation = std::get_if<Activation>(&op);
  return activation != nullptr && activation->kind != ActivationKind::relu && activation->kind != ActivationKind::relu6;
}

KernelCost elementwise_cost(const Shape& shape) {
  KernelCost cost;
  cost.work = cost.aligned_work = static_cast<double>(shape.elements());
  cost.moved = 2 * cost.work;
  return cost;
}

/// Longest paths through the kernels: how many, and how much work.
struct Critical {
  double depth = 0, work = 0;
};

class Accumulator {
 public:
  explicit Accumulator(std::vector<double>& features) : features_(features) {}

  void add_run(const Graph& graph, const std::vector<Kernel>& kernels) {
    std::vector<Critical> at(static_cast<std::size_t>(graph.size()));
    Critical longest;
    for (const Kernel& kernel : kernels) {
      Critical& here = at[static_cast<std::size_t>(kernel.last)];
      for (const NodeId input : graph.inputs(kernel.main)) {
        here.depth = std::max(here.depth, at[static_cast<std::size_t>(input)].depth);
        here.work = std::max(here.work, at[static_cast<std::size_t>(input)].work);
      }
      if (!runs(graph, kernel)) continue;
      const KernelCost cost = kernel_cost(graph, kernel);
      add_kernel(kernel_class(graph, kernel), cost);
      if (kernel.activation >= 0 && is_curved(graph.op(kernel.activation)))
        add_kernel(KernelClass::activation, elementwise_cost(graph.shape(kernel.last)));
      here.depth += 1;
      here.work += cost.work;
      longest = {std::max(longest.depth, here.depth), std::max(longest.work, here.work)};
    }
    whole_[0] = longest.depth;
    whole_[1] = longest.work;
  }

  void add_written(const Graph& graph) {
    for (const Kernel& kernel : fused_kernels(graph)) {
      if (!runs(graph, kernel)) continue;
      double* to =
          &features_[written_begin + static_cast<std::size_t>(kernel_class(graph, kernel)) * written_quantities.size()];
      to[0] += 1;
      to[1] += kernel_cost(graph, kernel).work;
    }
  }

  /// `steps` are those of the kernels added, in order.
  void finish(MemorySteps steps, const Shape& input) {
    // A bound will do where the best order is hard to find: a feature has to be quick and always the same.
    whole_[6] = static_cast<double>(least_peak(steps, 1000).high);
    whole_[7] = static_cast<double>(input.elements());
    whole_[8] = whole_[3] / std::max(1.0, whole_[4] + whole_[5]);
    whole_[10] = static_cast<double>(*std::max_element(steps.bytes.begin(), steps.bytes.end()));
    whole_[11] = std::max(input.height, input.width);
    std::fill(steps.bytes.begin(), steps.bytes.end(), 1);
    whole_[9] = static_cast<double>(peak_in_order(steps));
    std::copy(whole_.begin(), whole_.end(), features_.begin() + graph_begin);
  }

 private:
  void add_kernel(KernelClass kind, const KernelCost& cost) {
    double* to = &features_[static_cast<std::size_t>(kind) * run_quantities.size()];
    const std::array<double, run_quantities.size()> values{
        1,          cost.work,    cost.aligned_work, cost.wide_work, cost.ragged_work,
        cost.moved, cost.weights, cost.patches,      cost.gathers};
    for (std::size_t q = 0; q < values.size(); ++q) to[q] += values[q];
    whole_[2] += 1;
    whole_[3] += cost.work;
    whole_[4] += cost.moved;
    whole_[5] += cost.weights;
  }

  std::vector<double>& features_;
  std::array<double, graph_quantities.size()> whole_{};
};

}  // namespace

std::string_view kernel_class_name(KernelClass kind) { return class_names[static_cast<std::size_t>(kind)]; }

KernelClass kernel_class(const Graph& graph, const Kernel& kernel) {
  return std::visit(
      Overloaded{
          [&](const Conv& c) { return class_of(c, input_shape(graph, kernel.main)); },
          [](const Linear&) { return KernelClass::linear; }, [](const Pool&) { return KernelClass::pool; },
          [](const GlobalPool&) { return KernelClass::global_pool; }, [](const Add&) { return KernelClass::add; },
          [](const Concat&) { return KernelClass::concat; }, [](const Multiply&) { return KernelClass::multiply; },
          [](const ChannelShuffle&) { return KernelClass::shuffle; },
          [](const BatchNorm&) { return KernelClass::norm; }, [](const Activation&) { return KernelClass::activation; },
          [](const Softmax& s) { return s.rows ? KernelClass::softmax : KernelClass::other; },
          [](const MatMul&) { return KernelClass::matmul; }, [](const LayerNorm&) { return KernelClass::layer_norm; },
          [](const Rearrange&) { return KernelClass::rearrange; },
          [](const Arithmetic&) { return KernelClass::arithmetic; }, [](const Opaque&) { return KernelClass::opaque; },
          [](const Reshape&) { return KernelClass::other; }, [](const Zero&) { return KernelClass::other; },
          [](const Input&) { return KernelClass::other; }, [](const Flatten&) { return KernelClass::other; }},
      graph.op(kernel.main));
}

KernelCost kernel_cost(const Graph& graph, const Kernel& kernel) {
  const Shape& in = input_shape(graph, kernel.main);
  const Shape& out = graph.shape(kernel.main);
  const auto written = static_cast<double>(out.elements());
  KernelCost cost;
  cost.work = cost.aligned_work = written;
  std::visit(
      Overloaded{[&](const Conv& c) { cost = convolution_cost(c, in, out); },
                 [&](const Linear& l) {
                   cost.work = static_cast<double>(in.elements()) * l.out;
                   cost.aligned_work = static_cast<double>(in.elements()) * rounded_up(l.out, 16);
                   cost.weights = cost.work + l.out;
                 },
                 [&](const Pool& p) { cost.work = cost.aligned_work = written * p.kernel.height * p.kernel.width; },
                 [&](const GlobalPool&) { cost.work = cost.aligned_work = static_cast<double>(in.elements()); },
                 [&](const MatMul&) {
                   cost.work = written * in.width;
                   cost.aligned_work =
                       static_cast<double>(out.channels) * out.height * rounded_up(in.width, 16) * rounded_up(out.width, 16);
                 },
                 // A reduction reads more than it writes.
                 [&](const Arithmetic& a) {
                   cost.work = cost.aligned_work = std::max(written, static_cast<double>(in.elements()));
                   cost.weights = static_cast<double>(a.params);
                 },
                 [&](const LayerNorm& n) { cost.weights = static_cast<double>(n.per_channel) * in.channels; },
                 [&](const Opaque& o) {
                   cost.work = cost.aligned_work = std::max(written, static_cast<double>(o.macs));
                   cost.weights = static_cast<double>(o.params);
                 },
                 [](const auto&) {}},
      graph.op(kernel.main));
  cost.moved = written;
  for (const NodeId input : graph.inputs(kernel.main)) cost.moved += static_cast<double>(graph.shape(input).elements());
  return cost;
}

const std::vector<Feature>& feature_list() {
  static const std::vector<Feature> list = [] {
    std::vector<Feature> all;
    all.reserve(feature_count);
    for (const auto name : class_names)
      for (const auto quantity : run_quantities) all.push_back({std::string(name) + '.' + std::string(quantity), true});
    for (const auto name : class_names)
      for (const auto quantity : written_quantities)
        all.push_back({"written." + std::string(name) + '.' + std::string(quantity), true});
    for (const auto quantity : graph_quantities) all.push_back({"graph." + std::string(quantity), false});
    return all;
  }();
  return list;
}

std::size_t additive_features() { return graph_begin; }

std::vector<double> graph_features(const Graph& as_written) {
  std::vector<double> features(feature_count, 0.0);
  const Graph graph = merged(pruned(as_written));
  const std::vector<Kernel> kernels = fused_kernels(graph);
  Accumulator sums(features);
  sums.add_run(graph, kernels);
  sums.add_written(as_written);
  sums.finish(memory_steps(graph, kernels), graph.shape(0));
  return features;
}

bool nothing_left(std::span<const double> features) {
  constexpr std::size_t kernels = graph_begin + 2, constants = static_cast<std::size_t>(KernelClass::other) * class_quantities;
  return features[kernels] == features[constants];
}

}  // namespace paretoforge
