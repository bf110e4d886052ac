// Dead branches: what is not on a path from the input to the output costs nothing and teaches nothing.
#include <algorithm>

#include "space/graph.hpp"

namespace paretoforge {
namespace {

bool is_join(const Op& op) { return std::holds_alternative<Add>(op) || std::holds_alternative<Concat>(op); }

/// Nodes that carry something of the input: execution order is a topological order, so one sweep does.
/// A multiplication by a dead tensor is dead; a sum lives as long as one of its terms does.
std::vector<char> reached_from_input(const Graph& graph) {
  std::vector<char> live(static_cast<std::size_t>(graph.size()), 0);
  live[0] = 1;
  const auto is_live = [&](NodeId id) { return live[static_cast<std::size_t>(id)] != 0; };
  for (NodeId id = 1; id < graph.size(); ++id) {
    if (std::holds_alternative<Zero>(graph.op(id))) continue;
    const auto inputs = graph.inputs(id);
    live[static_cast<std::size_t>(id)] = is_join(graph.op(id)) ? std::any_of(inputs.begin(), inputs.end(), is_live)
                                                               : std::all_of(inputs.begin(), inputs.end(), is_live);
  }
  return live;
}

/// A concat keeps its dead parts as zeros: the channels behind them stay where they are.
bool keeps_dead_inputs(const Op& op) { return std::holds_alternative<Concat>(op); }

std::vector<char> leads_to_output(const Graph& graph, const std::vector<char>& live) {
  std::vector<char> wanted(static_cast<std::size_t>(graph.size()), 0);
  if (live[static_cast<std::size_t>(graph.output())]) wanted[static_cast<std::size_t>(graph.output())] = 1;
  for (NodeId id = graph.size() - 1; id > 0; --id) {
    if (!wanted[static_cast<std::size_t>(id)]) continue;
    for (const NodeId input : graph.inputs(id))
      if (live[static_cast<std::size_t>(input)]) wanted[static_cast<std::size_t>(input)] = 1;
  }
  return wanted;
}

}  // namespace

Graph pruned(const Graph& graph) {
  const std::vector<char> live = reached_from_input(graph);
  const std::vector<char> wanted = leads_to_output(graph, live);

  Graph result(graph.shape(0));
  result.reserve(graph.size());
  result.set_activation_bits(0, graph.node(0).activation_bits);
  std::vector<NodeId> renumbered(static_cast<std::size_t>(graph.size()), -1);
  renumbered[0] = 0;
  std::vector<NodeId> inputs;
  std::int32_t scope = -1;
  for (NodeId id = 1; id < graph.size(); ++id) {
    if (!wanted[static_cast<std::size_t>(id)]) continue;
    if (graph.node(id).scope != scope) result.begin_scope(graph.scope_text(scope = graph.node(id).scope));
    inputs.clear();
    for (const NodeId input : graph.inputs(id)) {
      if (live[static_cast<std::size_t>(input)])
        inputs.push_back(renumbered[static_cast<std::size_t>(input)]);
      else if (keeps_dead_inputs(graph.op(id)))
        inputs.push_back(result.add(Zero{graph.shape(input)}, NodeId{0}));
    }
    if (is_join(graph.op(id)) && inputs.size() == 1) {  // the sum of one tensor is that tensor
      renumbered[static_cast<std::size_t>(id)] = inputs[0];
      continue;
    }
    renumbered[static_cast<std::size_t>(id)] = result.add_copy(graph, id, inputs);
  }
  const NodeId output = renumbered[static_cast<std::size_t>(graph.output())];
  result.set_output(output >= 0 ? output : result.add(Zero{graph.shape(graph.output())}, NodeId{0}));
  return result;
}

}  // namespace paretoforge
