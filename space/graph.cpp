// Building graphs, and what can be read off them at once: names, consumers, fused kernels.
#include "space/graph.hpp"

namespace paretoforge {

Graph::Graph(const Shape& input) {
  if (input.channels < 1 || input.height < 1 || input.width < 1)
    throw ShapeError("the input's sizes must be at least 1, not " + to_string(input));
  infer_shape(Input{input}, {});  // refuses what is too large
  nodes_.reserve(64);
  edges_.reserve(64);
  scopes_.emplace_back();
  nodes_.push_back({Input{input}, input, 8, 0, 0, 0});
}

NodeId Graph::add(const Op& op, std::span<const NodeId> inputs) {
  thread_local std::vector<Shape> shapes;  // reused: graphs are built by the hundred thousand
  shapes.clear();
  for (const NodeId id : inputs) {
    if (id < 0 || id >= size()) throw ShapeError(std::string(op_name(op)) + " reads a node that is not there yet");
    shapes.push_back(shape(id));
  }
  Node node{op, infer_shape(op, shapes), 8, static_cast<std::int32_t>(scopes_.size()) - 1,
            static_cast<std::int32_t>(edges_.size()), static_cast<std::int32_t>(inputs.size())};
  edges_.insert(edges_.end(), inputs.begin(), inputs.end());
  nodes_.push_back(node);
  return size() - 1;
}

NodeId Graph::add_copy(const Graph& other, NodeId id, std::span<const NodeId> inputs) {
  Node& node = nodes_.emplace_back(other.node(id));
  node.scope = static_cast<std::int32_t>(scopes_.size()) - 1;
  node.first_input = static_cast<std::int32_t>(edges_.size());
  node.input_count = static_cast<std::int32_t>(inputs.size());
  edges_.insert(edges_.end(), inputs.begin(), inputs.end());
  return size() - 1;
}

void Graph::reserve(std::int32_t nodes) {
  nodes_.reserve(static_cast<std::size_t>(nodes));
  edges_.reserve(static_cast<std::size_t>(nodes) * 5 / 4);
}

void Graph::set_weight_bits(NodeId id, int bits) {
  Op& op = nodes_[static_cast<std::size_t>(id)].op;
  if (auto* conv = std::get_if<Conv>(&op)) conv->weight_bits = static_cast<std::int8_t>(bits);
  if (auto* linear = std::get_if<Linear>(&op)) linear->weight_bits = static_cast<std::int8_t>(bits);
}

void Graph::begin_scope(std::string_view scope) { scopes_.emplace_back(scope); }

std::string Graph::name(NodeId id) const {
  if (id == 0) return "input";
  std::string text = scopes_[static_cast<std::size_t>(node(id).scope)];
  if (!text.empty()) text += '/';
  const auto* opaque = std::get_if<Opaque>(&op(id));
  text += opaque != nullptr ? opaque->text() : op_name(op(id));
  text += '_';
  return text += std::to_string(id);
}

std::vector<std::vector<NodeId>> consumers(const Graph& graph) {
  std::vector<std::vector<NodeId>> readers(static_cast<std::size_t>(graph.size()));
  for (NodeId id = 0; id < graph.size(); ++id)
    for (const NodeId input : graph.inputs(id)) readers[static_cast<std::size_t>(input)].push_back(id);
  return readers;
}

std::optional<NodeId> first_imported_only(const Graph& graph) {
  for (NodeId id = 1; id < graph.size(); ++id)
    if (imported_only(graph.op(id))) return id;
  return std::nullopt;
}

namespace {

bool takes_up_what_follows(const Op& op) {
  return std::visit(Overloaded{[](const Input&) { return false; }, [](const Zero&) { return false; },
                               [](const Flatten&) { return false; }, [](const Softmax&) { return false; },
                               [](const Reshape&) { return false; }, [](const Rearrange&) { return false; },
                               [](const LayerNorm&) { return false; }, [](const Opaque&) { return false; },
                               [](const auto&) { return true; }},
                    op);
}

}  // namespace

std::vector<Kernel> fused_kernels(const Graph& graph) {
  const auto nodes = static_cast<std::size_t>(graph.size());
  // The one reader of each node: -1 none, -2 several. The output is read by whoever runs the network.
  std::vector<NodeId> reader(nodes, -1);
  for (NodeId id = 0; id < graph.size(); ++id)
    for (const NodeId input : graph.inputs(id)) {
      NodeId& r = reader[static_cast<std::size_t>(input)];
      r = r == -1 ? id : -2;
    }
  reader[static_cast<std::size_t>(graph.output())] = -2;

  std::vector<Kernel> kernels;
  kernels.reserve(nodes);
  std::vector<char> taken(nodes, 0);
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (taken[static_cast<std::size_t>(id)]) continue;
    Kernel kernel{id, id};
    const auto take = [&](NodeId& slot, auto is_wanted) {
      const NodeId next = reader[static_cast<std::size_t>(kernel.last)];
      if (next < 0 || !is_wanted(graph.op(next))) return;
      taken[static_cast<std::size_t>(next)] = 1;
      slot = kernel.last = next;
    };
    if (takes_up_what_follows(graph.op(id))) {
      const bool is_norm = std::holds_alternative<BatchNorm>(graph.op(id));
      const bool is_activation = std::holds_alternative<Activation>(graph.op(id));
      if (!is_norm && !is_activation)
        take(kernel.norm, [](const Op& op) { return std::holds_alternative<BatchNorm>(op); });
      if (!is_activation)
        take(kernel.activation, [](const Op& op) { return std::holds_alternative<Activation>(op); });
    }
    kernels.push_back(kernel);
  }
  return kernels;
}

}  // namespace paretoforge
