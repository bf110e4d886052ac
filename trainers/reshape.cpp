// The same network for images of another size.
#include "trainers/trainer_internal.hpp"

namespace paretoforge {
namespace {

/// A zero stands for an op that kept its input's shape; it follows that shape. Others are as they are.
Op at_shape(const Op& op, const Shape& before, const Shape& now) {
  const auto* zero = std::get_if<Zero>(&op);
  return zero != nullptr && zero->shape == before ? Op{Zero{now}} : op;
}

}  // namespace

Graph at_resolution(const Graph& graph, std::int32_t resolution) {
  const Shape from = graph.shape(0);
  const std::int32_t height = from.height == 1 ? 1 : resolution;  // a signal has a length alone
  if (resolution == 0 || (from.height == height && from.width == resolution)) return graph;
  const std::string cannot = "the network cannot be trained at resolution " + std::to_string(resolution) + ": ";
  Graph result({from.channels, height, resolution});
  for (NodeId id = 1; id < graph.size(); ++id) {
    const NodeId input = graph.inputs(id)[0];
    try {
      result.add(at_shape(graph.op(id), graph.shape(input), result.shape(input)), graph.inputs(id));
    } catch (const ShapeError& error) {
      throw TrainingError(cannot + error.what());
    }
    if (params(graph.op(id), graph.shape(input)) != params(result.op(id), result.shape(input)))
      throw TrainingError(cannot + "the weights of " + graph.name(id) + " depend on it");
  }
  result.set_output(graph.output());
  return result;
}

void check_fit(const Graph& graph, const Shape& images) {
  if (const auto id = first_imported_only(graph))
    throw TrainingError("cannot train " + graph.name(*id) + ": '" + std::string(op_name(graph.op(*id))) +
                        "' comes from imported models, which are costed only");
  if (graph.shape(0).channels != images.channels)
    throw TrainingError("the network takes images of " + std::to_string(graph.shape(0).channels) +
                        " channels, the data has " + std::to_string(images.channels));
}

void check_outputs(const Graph& graph, std::size_t count, const std::string& what) {
  const auto outputs = static_cast<std::size_t>(graph.shape(graph.output()).elements());
  if (outputs != count)
    throw TrainingError("the network has " + std::to_string(outputs) + " outputs, the data " + std::to_string(count) + " " + what);
}

}  // namespace paretoforge
