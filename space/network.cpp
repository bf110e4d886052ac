// When two graphs are the same network: colours that only equal places can share, then an exact answer.
#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/vf2_sub_graph_iso.hpp>

#include "space/graph.hpp"

namespace paretoforge {
namespace {

using Colour = std::uint64_t;

Colour mix(Colour a, Colour b) {
  Colour z = (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9u;
  z ^= z >> 29;
  z *= 0x94d049bb133111ebu;
  return z ^ (z >> 32);
}

Colour mix_all(std::initializer_list<std::int64_t> values) {
  Colour colour = 0x2545f4914f6cdd1du;
  for (const std::int64_t value : values) colour = mix(colour, static_cast<Colour>(value));
  return colour;
}

Colour attributes(const Op& op) {
  return std::visit(
      Overloaded{
          [](const Input& o) { return mix_all({o.shape.channels, o.shape.height, o.shape.width}); },
          [](const Conv& o) {
            return mix_all({o.out, o.kernel.height, o.kernel.width, o.stride.height, o.stride.width, o.dilation.height,
                            o.dilation.width, o.pad.top, o.pad.left, o.pad.bottom, o.pad.right, o.groups, o.bias,
                            o.weight_bits});
          },
          [](const Linear& o) { return mix_all({o.out, o.bias, o.weight_bits, o.count_bias}); },
          [](const Pool& o) {
            return mix_all({static_cast<int>(o.kind), o.kernel.height, o.kernel.width, o.stride.height, o.stride.width,
                            o.pad.top, o.pad.left, o.pad.bottom, o.pad.right});
          },
          [](const GlobalPool& o) { return mix_all({static_cast<int>(o.kind)}); },
          [](const Activation& o) { return mix_all({static_cast<int>(o.kind)}); },
          [](const ChannelShuffle& o) { return mix_all({o.groups}); },
          [](const Zero& o) { return mix_all({o.shape.channels, o.shape.height, o.shape.width}); },
          [](const Softmax& o) { return mix_all({o.rows}); },
          [](const Reshape& o) { return mix_all({o.shape.channels, o.shape.height, o.shape.width}); },
          [](const Rearrange& o) { return mix_all({o.shape.channels, o.shape.height, o.shape.width, o.params}); },
          [](const Arithmetic& o) { return mix_all({o.shape.channels, o.shape.height, o.shape.width, o.params}); },
          [](const LayerNorm& o) { return mix_all({o.per_channel}); },
          [](const Opaque& o) {
            Colour colour = mix_all({o.shape.channels, o.shape.height, o.shape.width, o.macs, o.params});
            for (const char letter : o.text()) colour = mix(colour, static_cast<Colour>(letter));
            return colour;
          },
          [](const auto&) { return mix_all({}); }},
      op);
}

/// Only a sum does not care about the order of its inputs.
bool keeps_order(const Op& op) { return !std::holds_alternative<Add>(op); }

std::size_t distinct(std::vector<Colour> colours) {
  std::sort(colours.begin(), colours.end());
  return static_cast<std::size_t>(std::unique(colours.begin(), colours.end()) - colours.begin());
}

/// Colour refinement (1-dimensional Weisfeiler-Leman) on the directed graph with ordered inputs.
class Refinement {
 public:
  explicit Refinement(const Graph& graph) : graph_(graph), colours_(static_cast<std::size_t>(graph.size())) {
    for (NodeId id = 0; id < graph.size(); ++id) {
      const Node& node = graph.node(id);
      colours_[static_cast<std::size_t>(id)] =
          mix(mix(node.op.index(), attributes(node.op)), static_cast<Colour>(node.activation_bits * 2 + (id == graph.output())));
    }
    // The order of execution makes one forward sweep see all that lies before a node, one backward sweep all
    // that lies behind it; more rounds only matter where both are needed at once.
    for (std::size_t classes = 0, before = 1; classes != before;) {
      before = classes;
      forward();
      backward();
      classes = distinct(colours_);
    }
  }

  const std::vector<Colour>& colours() const { return colours_; }

 private:
  void forward() {
    std::vector<Colour> incoming;
    for (NodeId id = 1; id < graph_.size(); ++id) {
      incoming.clear();
      for (const NodeId input : graph_.inputs(id)) incoming.push_back(colours_[static_cast<std::size_t>(input)]);
      if (!keeps_order(graph_.op(id))) std::sort(incoming.begin(), incoming.end());
      Colour& colour = colours_[static_cast<std::size_t>(id)];
      for (const Colour c : incoming) colour = mix(colour, c);
    }
  }

  void backward() {
    // A multiset of readers, as a sum of well-mixed numbers: the order of summation does not matter.
    std::vector<Colour> outgoing(colours_.size(), 0);
    for (NodeId id = graph_.size() - 1; id >= 0; --id) {
      Colour& colour = colours_[static_cast<std::size_t>(id)];
      colour = mix(colour, outgoing[static_cast<std::size_t>(id)]);
      Colour position = 0;
      for (const NodeId input : graph_.inputs(id)) {
        outgoing[static_cast<std::size_t>(input)] += mix(colour, position);
        if (keeps_order(graph_.op(id))) ++position;
      }
    }
  }

  const Graph& graph_;
  std::vector<Colour> colours_;
};

using Positions = boost::property<boost::edge_index_t, std::uint32_t>;
using Directed = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, boost::no_property, Positions>;

Directed directed(const Graph& graph) {
  Directed result(static_cast<std::size_t>(graph.size()));
  for (NodeId id = 1; id < graph.size(); ++id) {
    std::uint32_t position = 0;
    for (const NodeId input : graph.inputs(id)) {
      boost::add_edge(static_cast<std::size_t>(input), static_cast<std::size_t>(id), position, result);
      if (keeps_order(graph.op(id))) ++position;
    }
  }
  return result;
}

/// Where every colour occurs once, equal colours are the only possible pairing; it has only to be checked.
bool equal_under_colours(const Graph& a, const std::vector<Colour>& of_a, const Graph& b, const std::vector<Colour>& of_b) {
  std::vector<std::pair<Colour, NodeId>> places;
  for (NodeId id = 0; id < b.size(); ++id) places.emplace_back(of_b[static_cast<std::size_t>(id)], id);
  std::sort(places.begin(), places.end());
  const auto twin = [&](NodeId id) {
    return std::lower_bound(places.begin(), places.end(), std::pair{of_a[static_cast<std::size_t>(id)], NodeId{0}})->second;
  };
  for (NodeId id = 0; id < a.size(); ++id) {
    const NodeId other = twin(id);
    if (a.op(id) != b.op(other)) return false;
    std::vector<NodeId> mapped;
    for (const NodeId input : a.inputs(id)) mapped.push_back(twin(input));
    std::vector<NodeId> expected(b.inputs(other).begin(), b.inputs(other).end());
    if (!keeps_order(a.op(id))) {
      std::sort(mapped.begin(), mapped.end());
      std::sort(expected.begin(), expected.end());
    }
    if (mapped != expected) return false;
  }
  return true;
}

}  // namespace

std::uint64_t network_hash(const Graph& graph) {
  std::vector<Colour> colours = Refinement(graph).colours();
  std::sort(colours.begin(), colours.end());
  Colour hash = mix_all({graph.size()});
  for (const Colour colour : colours) hash = mix(hash, colour);
  return hash;
}

bool same_network(const Graph& a, const Graph& b) {
  if (a.size() != b.size()) return false;
  const Refinement of_a(a), of_b(b);
  std::vector<Colour> sorted_a = of_a.colours(), sorted_b = of_b.colours();
  std::sort(sorted_a.begin(), sorted_a.end());
  std::sort(sorted_b.begin(), sorted_b.end());
  if (sorted_a != sorted_b) return false;
  if (std::adjacent_find(sorted_a.begin(), sorted_a.end()) == sorted_a.end())
    return equal_under_colours(a, of_a.colours(), b, of_b.colours());

  const Directed left = directed(a), right = directed(b);
  const auto left_positions = get(boost::edge_index, left);
  const auto right_positions = get(boost::edge_index, right);
  const auto found = [](const auto&, const auto&) { return false; };  // one pairing is enough
  return boost::vf2_graph_iso(
      left, right, found, boost::vertex_order_by_mult(left),
      boost::vertices_equivalent([&](std::size_t u, std::size_t v) {
        return of_a.colours()[u] == of_b.colours()[v] && a.op(static_cast<NodeId>(u)) == b.op(static_cast<NodeId>(v));
      }).edges_equivalent([&](const auto& u, const auto& v) { return get(left_positions, u) == get(right_positions, v); }));
}

}  // namespace paretoforge
