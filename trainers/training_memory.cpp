// How much memory a training takes, before it takes it.
#include <algorithm>
#include <variant>
#include <vector>

#include "trainers/trainer_internal.hpp"
#include "trainers/winograd_internal.hpp"

namespace paretoforge {
namespace {

constexpr double float_bytes = 4;

/// Elements of one image that the way back needs, and of the largest node: each node's output is kept once, as input of
/// what reads it or as what its own gradient is computed from; but for norms that one op reads, which are done with it.
struct Activations {
  double kept = 0, largest = 0;
};

Activations activations(const Graph& graph) {
  Activations result;
  std::vector<int> readers(static_cast<std::size_t>(graph.size()));
  for (NodeId id = 1; id < graph.size(); ++id)
    for (const NodeId input : graph.inputs(id)) ++readers[static_cast<std::size_t>(input)];
  for (NodeId id = 0; id < graph.size(); ++id) {
    const auto elements = static_cast<double>(graph.shape(id).elements());
    if (!std::holds_alternative<BatchNorm>(graph.op(id)) || readers[static_cast<std::size_t>(id)] != 1) result.kept += elements;
    result.largest = std::max(result.largest, elements);
  }
  return result;
}

/// What the hungriest convolution takes while it runs.
double workspace(const Graph& graph, std::int64_t batch) {
  std::size_t most = 0;
  for (NodeId id = 1; id < graph.size(); ++id)
    if (const auto* conv = std::get_if<Conv>(&graph.op(id)))
      most = std::max(most, winograd_workspace(*conv, batch, graph.shape(graph.inputs(id)[0])));
  return static_cast<double>(most);
}

double weights_of(const Graph& graph) {
  double count = 0;
  for (NodeId id = 1; id < graph.size(); ++id)
    count += static_cast<double>(params(graph.op(id), graph.shape(graph.inputs(id)[0])));
  return count;
}

}  // namespace

double training_bytes(const Graph& graph, const Dataset& data, const TrainRecipe& recipe, const TrainBudget& budget) {
  const Graph shaped = at_resolution(at_width(graph, budget.width), budget.resolution);
  const Split parts = chosen_images(data, budget);
  const auto batch = static_cast<double>(std::min(parts.train.size(), static_cast<std::size_t>(std::max(1, budget.batch))));
  const Activations passing = activations(shaped);
  // Weights, gradients, moments, their average, the best ones, and what a step holds beside them for a moment.
  const double copies = 2 + (recipe.optimizer == OptimizerKind::adamw ? 2 : 1) + (recipe.ema > 0) + (recipe.early_stop.patience > 0) + 2;
  const bool copied = !(shaped.shape(0) == data.train.shape);  // resized; else images are read where they lie
  const double image = copied ? static_cast<double>(shaped.shape(0).elements()) * (data.train.values.empty() ? 1 : float_bytes) : 0;
  const auto images = static_cast<double>(parts.train.size() + parts.validation.size());
  const double value = recipe.precision == Precision::float32 ? float_bytes : float_bytes / 2;
  // Trained quantised, the way back needs each value before its rounding and after it.
  const double kept = (recipe.quantise ? 2 : 1) * passing.kept;
  const bool filtered = recipe.precision == Precision::float32 && !recipe.quantise;  // by winograd.cpp
  const double scratch = filtered ? workspace(shaped, static_cast<std::int64_t>(batch)) : 0;
  return value * batch * (kept + 2 * passing.largest) + scratch + float_bytes * copies * weights_of(shaped) + 2 * images * image;
}

}  // namespace paretoforge
