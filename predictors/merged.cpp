// Common subexpressions of a graph are computed once.
#include <algorithm>

#include "predictors/merged_internal.hpp"

namespace paretoforge {
namespace {

/// Layers without weights of their own: equal inputs give equal outputs. Imported ops do not say all that they do:
/// two slices of one shape may be different parts.
bool can_merge(const Op& op) {
  if (imported_only(op)) return is_view(op) || std::holds_alternative<MatMul>(op);
  return !std::holds_alternative<Input>(op) && !has_weights(op) && !std::holds_alternative<BatchNorm>(op);
}

bool is_same(const Graph& graph, NodeId a, NodeId b, const std::vector<NodeId>& same_as) {
  const auto left = graph.inputs(a), right = graph.inputs(b);
  return graph.op(a) == graph.op(b) && graph.node(a).activation_bits == graph.node(b).activation_bits &&
         std::equal(left.begin(), left.end(), right.begin(), right.end(), [&](NodeId l, NodeId r) {
           return same_as[static_cast<std::size_t>(l)] == same_as[static_cast<std::size_t>(r)];
         });
}

/// For each node the first that computes the same; itself where there is none before it.
std::vector<NodeId> first_of_equals(const Graph& graph) {
  const auto nodes = static_cast<std::size_t>(graph.size());
  std::vector<NodeId> same_as(nodes);
  // Per node the latest mergeable reader by first input, chained: few nodes have more than some readers.
  std::vector<NodeId> latest(nodes, -1), before(nodes, -1);
  for (NodeId id = 0; id < graph.size(); ++id) {
    same_as[static_cast<std::size_t>(id)] = id;
    if (!can_merge(graph.op(id)) || graph.inputs(id).empty()) continue;
    NodeId& chain = latest[static_cast<std::size_t>(same_as[static_cast<std::size_t>(graph.inputs(id)[0])])];
    NodeId other = chain;
    while (other >= 0 && !is_same(graph, id, other, same_as)) other = before[static_cast<std::size_t>(other)];
    if (other >= 0) {
      same_as[static_cast<std::size_t>(id)] = other;
      continue;
    }
    before[static_cast<std::size_t>(id)] = chain;
    chain = id;
  }
  return same_as;
}

}  // namespace

Graph merged(Graph graph) {
  const std::vector<NodeId> same_as = first_of_equals(graph);
  NodeId next = 0;
  if (std::all_of(same_as.begin(), same_as.end(), [&](NodeId first) { return first == next++; })) return graph;
  Graph result(graph.shape(0));
  result.reserve(graph.size());
  result.set_activation_bits(0, graph.node(0).activation_bits);
  std::vector<NodeId> renumbered(same_as.size(), 0);
  std::vector<NodeId> inputs;
  for (NodeId id = 1; id < graph.size(); ++id) {
    const NodeId first = same_as[static_cast<std::size_t>(id)];
    if (first != id) {
      renumbered[static_cast<std::size_t>(id)] = renumbered[static_cast<std::size_t>(first)];
      continue;
    }
    inputs.clear();
    for (const NodeId input : graph.inputs(id)) inputs.push_back(renumbered[static_cast<std::size_t>(input)]);
    renumbered[static_cast<std::size_t>(id)] = result.add_copy(graph, id, inputs);
  }
  result.set_output(renumbered[static_cast<std::size_t>(graph.output())]);
  return result;
}

}  // namespace paretoforge
