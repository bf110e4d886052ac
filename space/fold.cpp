// Folding: first the graph, then weights for it.
#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>

#include "space/fold.hpp"

namespace paretoforge {
namespace {

void check_finite(const std::vector<float>& values, std::size_t expected, const std::string& what) {
  if (values.size() != expected)
    throw std::invalid_argument(what + ": " + std::to_string(values.size()) + " numbers, " + std::to_string(expected) +
                                " expected");
  for (const float value : values)
    if (!std::isfinite(value)) throw std::invalid_argument(what + " has a weight that is not finite");
}

void check_weights(const Model& model, NodeId id) {
  const Graph& graph = model.graph;
  const Weights& weights = model.weights[static_cast<std::size_t>(id)];
  const std::string name = graph.name(id);
  const auto out = static_cast<std::size_t>(graph.shape(id).channels);
  const auto check_layer = [&](std::size_t kernel, bool bias) {
    check_finite(weights.kernel, kernel, name + " kernel");
    check_finite(weights.bias, bias ? out : weights.bias.size(), name + " bias");
    if (!bias && !weights.bias.empty()) throw std::invalid_argument(name + " has a bias that its op does not");
  };
  if (const auto* conv = std::get_if<Conv>(&graph.op(id))) {
    const auto depth = static_cast<std::size_t>(graph.shape(graph.inputs(id)[0]).channels / conv->groups);
    check_layer(out * depth * static_cast<std::size_t>(conv->kernel.height * conv->kernel.width), conv->bias);
  } else if (const auto* linear = std::get_if<Linear>(&graph.op(id))) {
    check_layer(out * static_cast<std::size_t>(graph.shape(graph.inputs(id)[0]).channels), linear->bias);
  } else if (std::holds_alternative<BatchNorm>(graph.op(id))) {
    for (const auto* part : {&weights.gamma, &weights.beta, &weights.mean, &weights.variance})
      check_finite(*part, out, name);
    for (const float variance : weights.variance)
      if (variance < 0) throw std::invalid_argument(name + " has a negative variance");
  }
}

/// y = slope * x + offset, the form of a batch norm once trained. In double: a variance near zero makes big slopes.
struct Affine {
  std::vector<double> slope, offset;
};

Affine affine(const Weights& norm) {
  Affine result;
  for (std::size_t c = 0; c < norm.gamma.size(); ++c) {
    const double slope = norm.gamma[c] / std::sqrt(double{norm.variance[c]} + double{batch_norm_epsilon});
    result.slope.push_back(slope);
    result.offset.push_back(norm.beta[c] - slope * norm.mean[c]);
  }
  return result;
}

/// The norm behind a layer, taken into its weights.
void scale(Weights& weights, const Affine& norm) {
  const std::size_t row = weights.kernel.size() / norm.slope.size();
  for (std::size_t out = 0; out < norm.slope.size(); ++out) {
    for (std::size_t i = 0; i < row; ++i) {
      float& weight = weights.kernel[out * row + i];
      weight = static_cast<float>(weight * norm.slope[out]);
    }
    weights.bias[out] = static_cast<float>(weights.bias[out] * norm.slope[out] + norm.offset[out]);
  }
}


/// Builds the folded graph node by node; `place` tells where each old node's value is now.
class Folder {
 public:
  explicit Folder(const Graph& graph)
      : graph_(graph),
        readers_(consumers(graph_)),
        zero_(zero_nodes()),
        live_(live_nodes()),
        place_(static_cast<std::size_t>(graph_.size()), -1),
        result_{Graph(graph_.shape(0)), {FoldedNode{0}}} {}

  Folding run() {
    place_[0] = 0;
    for (NodeId id = 1; id < graph_.size(); ++id)
      if (live_[static_cast<std::size_t>(id)]) fold(id);
    result_.graph.set_output(place_[static_cast<std::size_t>(graph_.output())]);
    return std::move(result_);
  }

 private:
  /// What an Add really adds: its inputs but for zeros; one zero where there is nothing else.
  std::vector<NodeId> terms(NodeId add) const {
    std::vector<NodeId> result;
    for (const NodeId input : graph_.inputs(add))
      if (!zero_[static_cast<std::size_t>(input)]) result.push_back(input);
    if (result.empty()) result.push_back(graph_.inputs(add)[0]);
    return result;
  }

  std::vector<char> zero_nodes() const {
    std::vector<char> zero(static_cast<std::size_t>(graph_.size()), 0);
    const auto is_zero = [&](NodeId id) { return zero[static_cast<std::size_t>(id)] != 0; };
    for (NodeId id = 0; id < graph_.size(); ++id) {
      const auto inputs = graph_.inputs(id);
      const bool sum = std::holds_alternative<Add>(graph_.op(id)) && std::all_of(inputs.begin(), inputs.end(), is_zero);
      zero[static_cast<std::size_t>(id)] = sum || std::holds_alternative<Zero>(graph_.op(id));
    }
    return zero;
  }

  std::vector<char> live_nodes() const {
    std::vector<char> live(static_cast<std::size_t>(graph_.size()), 0);
    live[static_cast<std::size_t>(graph_.output())] = 1;
    for (NodeId id = graph_.output(); id > 0; --id) {
      if (!live[static_cast<std::size_t>(id)]) continue;
      const auto inputs = graph_.inputs(id);
      const bool adds = std::holds_alternative<Add>(graph_.op(id));
      for (const NodeId input : adds ? terms(id) : std::vector<NodeId>(inputs.begin(), inputs.end()))
        live[static_cast<std::size_t>(input)] = 1;
    }
    return live;
  }

  void fold(NodeId id) {
    enter_scope(id);
    NodeId& place = place_[static_cast<std::size_t>(id)];
    if (std::holds_alternative<BatchNorm>(graph_.op(id)))
      place = fold_norm(id);
    else if (std::holds_alternative<Add>(graph_.op(id)))
      place = fold_add(id);
    else
      place = copy(id);
    result_.graph.set_activation_bits(place, graph_.node(id).activation_bits);
  }

  NodeId copy(NodeId id) {
    Op op = graph_.op(id);
    std::vector<NodeId> inputs;
    for (const NodeId input : graph_.inputs(id)) inputs.push_back(place_[static_cast<std::size_t>(input)]);
    if (auto* conv = std::get_if<Conv>(&op)) conv->bias = true;
    if (auto* linear = std::get_if<Linear>(&op)) linear->bias = true;
    if (has_weights(op)) return append(op, inputs, {.value = id, .layer = id});
    // Runtimes merge equal layers of float models; between conversions of quantised ones they do not see them.
    auto& equals = made_[inputs];
    for (const NodeId made : equals)
      if (result_.graph.op(made) == op && result_.graph.node(made).activation_bits == graph_.node(id).activation_bits)
        return made;
    equals.push_back(append(op, inputs, {.value = id}));
    return equals.back();
  }

  NodeId fold_norm(NodeId id) {
    const NodeId input = graph_.inputs(id)[0], place = place_[static_cast<std::size_t>(input)];
    if (!takes_norm(input)) return norm_as_conv(id, place);
    FoldedNode& layer = result_.nodes[static_cast<std::size_t>(place)];
    layer.value = layer.norm = id;
    return place;
  }

  bool takes_norm(NodeId id) const {
    return has_weights(graph_.op(id)) && readers_[static_cast<std::size_t>(id)].size() == 1 && id != graph_.output();
  }

  NodeId norm_as_conv(NodeId norm, NodeId input) {
    const std::int32_t channels = graph_.shape(norm).channels;
    return append(
        Conv{.out = channels, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}, .groups = channels, .bias = true},
        {input}, {.value = norm, .norm = norm});
  }

  NodeId fold_add(NodeId id) {
    NodeId sum = -1;
    for (const NodeId input : terms(id)) {
      const NodeId term = place_[static_cast<std::size_t>(input)];
      sum = sum < 0 ? term : append(Add{}, {sum, term}, {.value = id});
    }
    return sum;
  }

  NodeId append(const Op& op, const std::vector<NodeId>& inputs, const FoldedNode& from) {
    result_.nodes.push_back(from);
    return result_.graph.add(op, inputs);
  }

  /// A node's name is scope/op_number: its scope goes with it into the new graph.
  void enter_scope(NodeId id) {
    const std::string name = graph_.name(id);
    const std::size_t slash = name.rfind('/');
    const std::string scope = slash == std::string::npos ? "" : name.substr(0, slash);
    if (scope == scope_) return;
    scope_ = scope;
    result_.graph.begin_scope(scope);
  }

  const Graph& graph_;
  std::vector<std::vector<NodeId>> readers_;
  std::vector<char> zero_, live_;
  std::vector<NodeId> place_;
  std::map<std::vector<NodeId>, std::vector<NodeId>> made_;  ///< layers without weights, by what they read
  Folding result_;
  std::string scope_;
};

/// The weights of one node of a folded graph.
Weights folded_weights(const Model& model, const FoldedNode& from) {
  if (from.layer < 0 && from.norm < 0) return {};
  if (from.layer >= 0) check_weights(model, from.layer);
  if (from.norm >= 0) check_weights(model, from.norm);
  const Affine norm = from.norm < 0 ? Affine{} : affine(model.weights[static_cast<std::size_t>(from.norm)]);
  Weights weights;
  if (from.layer < 0) {
    weights.kernel.assign(norm.slope.begin(), norm.slope.end());
    weights.bias.assign(norm.offset.begin(), norm.offset.end());
  } else {
    const Weights& layer = model.weights[static_cast<std::size_t>(from.layer)];
    weights.kernel = layer.kernel;
    weights.bias = layer.bias;
    weights.bias.resize(static_cast<std::size_t>(model.graph.shape(from.layer).channels), 0.0f);
    if (from.norm >= 0) scale(weights, norm);
  }
  if (from.norm < 0) return weights;
  check_finite(weights.kernel, weights.kernel.size(), model.graph.name(from.norm));
  check_finite(weights.bias, weights.bias.size(), model.graph.name(from.norm));
  return weights;
}

}  // namespace

void refuse_imported(const Graph& graph) {
  const auto id = first_imported_only(graph);
  if (!id) return;
  throw std::invalid_argument("cannot export " + graph.name(*id) + ": '" + std::string(op_name(graph.op(*id))) +
                              "' comes from imported models, which are costed only");
}

Folding folding(const Graph& graph) {
  refuse_imported(graph);
  return Folder(graph).run();
}

Model folded(const Model& model) {
  Folding plan = folding(model.graph);
  const auto nodes = static_cast<std::size_t>(model.graph.size());
  if (model.weights.size() != nodes) throw std::invalid_argument("a model needs one entry of weights per node");
  if (!model.ranges.empty() && model.ranges.size() != nodes) throw std::invalid_argument("a model needs one range per node, or none");
  Model result{std::move(plan.graph), {}, {}, model.input, model.output};
  for (const FoldedNode& from : plan.nodes) {
    result.weights.push_back(folded_weights(model, from));
    if (!model.ranges.empty()) result.ranges.push_back(model.ranges[static_cast<std::size_t>(from.value)]);
  }
  return result;
}

}  // namespace paretoforge
