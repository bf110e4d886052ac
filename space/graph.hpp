// A network: nodes in execution order with their shapes; acyclic and shaped by construction.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "space/op.hpp"

namespace paretoforge {

using NodeId = std::int32_t;

/// Layers that do not fit together. The message names the op and the shapes.
class ShapeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Node {
  Op op;
  Shape shape;                    ///< of its output, one sample
  std::int8_t activation_bits = 8;  ///< of its output in the integer form: 8 or 16
  std::int32_t scope = 0;         ///< which part of the document made it, see Graph::name
  std::int32_t first_input = 0, input_count = 0;  ///< see Graph::inputs
};

/// Node 0 is the Input; every node's inputs come before it; one node is the output (the last, unless said).
/// Not every node need lead to the output: `pruned` removes what does not.
class Graph {
 public:
  explicit Graph(const Shape& input);

  /// Appends a node and infers its shape; throws ShapeError and leaves the graph as it was.
  NodeId add(const Op& op, std::span<const NodeId> inputs);
  NodeId add(const Op& op, std::initializer_list<NodeId> inputs) {
    return add(op, std::span<const NodeId>(inputs.begin(), inputs.size()));
  }
  NodeId add(const Op& op, NodeId input) { return add(op, {input}); }
  /// Appends a copy of another graph's node, width of its activations included, without inferring its shape again:
  /// `inputs` must have the shapes of those that it reads there (a sum may read fewer).
  NodeId add_copy(const Graph& other, NodeId id, std::span<const NodeId> inputs);
  /// Room for that many nodes.
  void reserve(std::int32_t nodes);

  std::int32_t size() const { return static_cast<std::int32_t>(nodes_.size()); }
  const Node& node(NodeId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  const Op& op(NodeId id) const { return node(id).op; }
  const Shape& shape(NodeId id) const { return node(id).shape; }
  std::span<const NodeId> inputs(NodeId id) const {
    return {edges_.data() + node(id).first_input, static_cast<std::size_t>(node(id).input_count)};
  }
  NodeId output() const { return output_ >= 0 ? output_ : size() - 1; }
  void set_output(NodeId id) { output_ = id; }
  void set_activation_bits(NodeId id, int bits) { nodes_[static_cast<std::size_t>(id)].activation_bits = static_cast<std::int8_t>(bits); }
  /// Of a Conv or Linear; nothing for other ops.
  void set_weight_bits(NodeId id, int bits);

  /// Nodes added from now on belong to this part of the document ("2", "3.1", "cell5").
  void begin_scope(std::string_view scope);
  /// A readable, unique name: scope, op and number, "3.1/conv_17".
  std::string name(NodeId id) const;
  const std::string& scope_text(std::int32_t scope) const { return scopes_[static_cast<std::size_t>(scope)]; }

 private:
  std::vector<Node> nodes_;
  std::vector<NodeId> edges_;
  std::vector<std::string> scopes_;
  NodeId output_ = -1;
};

/// For each node the nodes that read it, in order (twice where it is read twice).
std::vector<std::vector<NodeId>> consumers(const Graph& graph);

/// The first node whose op only imported models have: such a graph cannot be trained or exported.
std::optional<NodeId> first_imported_only(const Graph& graph);

/// What is left when everything that is not on a path from the input to the output is removed: zeros and what
/// is computed from them alone, dead ends, an add of one tensor. A network without any path is its input and
/// a Zero.
Graph pruned(const Graph& graph);

/// One kernel as devices run it: a main op with what is fused behind it.
struct Kernel {
  NodeId main;                 ///< conv, linear, pool, add, ... (a norm or activation where nothing can take it up)
  NodeId last;                 ///< the node whose value leaves the kernel
  NodeId norm = -1;            ///< the batch norm fused behind main, or -1
  NodeId activation = -1;      ///< the activation fused behind that, or -1
};
/// The kernels of a graph in execution order, Input first. A batch norm and then an activation are fused into
/// the op before them where nothing else reads that op; Input, Zero, Flatten, Softmax, views, moves,
/// layer norms and unknown ops take nothing up.
/// Every node is in exactly one kernel.
std::vector<Kernel> fused_kernels(const Graph& graph);

/// A hash of the network up to renumbering of its nodes: colour refinement forward and backward (Weisfeiler and
/// Leman), the order of inputs kept for concat and multiply, ignored for add. Equal networks have equal hashes.
std::uint64_t network_hash(const Graph& graph);
/// Exact: whether two graphs are the same network up to renumbering (colour refinement, then isomorphism).
bool same_network(const Graph& a, const Graph& b);

}  // namespace paretoforge
