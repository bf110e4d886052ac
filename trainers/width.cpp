// The same network with fewer channels inside.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

class Thinner {
 public:
  Thinner(const Graph& graph, double width) : graph_(graph), width_(width), kept_(static_cast<std::size_t>(graph.size())) {
    kept_[0] = kept_[index(graph.output())] = true;
    while (spread()) continue;
    for (NodeId id = 1; id < graph.size(); ++id) unit_ = std::lcm(unit_, groups(id));
  }

  Graph run() const {
    Graph result(graph_.shape(0));
    for (NodeId id = 1; id < graph_.size(); ++id) result.add(thin(id, result), graph_.inputs(id));
    result.set_output(graph_.output());
    return result;
  }

 private:
  static std::size_t index(NodeId id) { return static_cast<std::size_t>(id); }
  const Shape& input(NodeId id) const { return graph_.shape(graph_.inputs(id)[0]); }

  /// Whether a node says itself how many channels it has; others have as many as what they read.
  bool chooses(NodeId id) const {
    const Op& op = graph_.op(id);
    const auto* conv = std::get_if<Conv>(&op);
    return conv != nullptr ? !is_depthwise(*conv, input(id)) : has_weights(op) || std::holds_alternative<Zero>(op);
  }

  /// Whether a node has its input's channels, one for one, and so the input the node's.
  bool passes(NodeId id) const {
    return !chooses(id) && !std::holds_alternative<Concat>(graph_.op(id)) && graph_.shape(id).channels == input(id).channels;
  }

  /// Carries on what keeps its channels, from a node to what it reads and back; false once nothing changes.
  bool spread() {
    bool changed = false;
    const auto keep = [&](NodeId id) {
      changed = changed || !kept_[index(id)];
      kept_[index(id)] = true;
    };
    for (NodeId id = 1; id < graph_.size(); ++id) {
      if (chooses(id)) continue;
      const auto inputs = graph_.inputs(id);
      const bool any = std::any_of(inputs.begin(), inputs.end(), [&](NodeId from) { return kept_[index(from)]; });
      if (passes(id) && any) keep(id);
      if (kept_[index(id)])
        for (const NodeId from : inputs) keep(from);
    }
    return changed;
  }

  /// What a node's channels are divided into.
  std::int32_t groups(NodeId id) const {
    if (const auto* shuffle = std::get_if<ChannelShuffle>(&graph_.op(id))) return shuffle->groups;
    const auto* conv = std::get_if<Conv>(&graph_.op(id));
    return conv == nullptr || is_depthwise(*conv, input(id)) ? 1 : conv->groups;
  }

  std::int32_t channels(NodeId id) const {
    const std::int32_t before = graph_.shape(id).channels;
    if (kept_[index(id)]) return before;
    const auto units = static_cast<std::int32_t>(std::lround(width_ * before / unit_));
    return std::min(before, std::max(1, units) * unit_);
  }

  Op thin(NodeId id, const Graph& so_far) const {
    Op op = graph_.op(id);
    const std::int32_t read = so_far.shape(graph_.inputs(id)[0]).channels;
    if (auto* conv = std::get_if<Conv>(&op)) {
      const bool depthwise = is_depthwise(*conv, input(id));
      conv->out = depthwise ? conv->out / conv->groups * read : channels(id);
      if (depthwise) conv->groups = read;
    }
    if (auto* linear = std::get_if<Linear>(&op)) linear->out = channels(id);
    if (auto* zero = std::get_if<Zero>(&op)) zero->shape.channels = channels(id);
    return op;
  }

  const Graph& graph_;
  double width_;
  std::vector<bool> kept_;  ///< has the channels that it had: the input, the output, and what is one with them
  std::int32_t unit_ = 1;   ///< every width is a multiple of it, so that groups divide it
};

}  // namespace

Graph at_width(const Graph& graph, double width) {
  if (width == 1) return graph;
  try {
    return Thinner(graph, width).run();
  } catch (const ShapeError& error) {
    throw TrainingError("the network cannot be trained at width " + std::to_string(width) + ": " + error.what());
  }
}

}  // namespace paretoforge
