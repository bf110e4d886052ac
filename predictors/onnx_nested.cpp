// Graphs inside operators: If, Loop, Scan. They are not read, but what they need and hold is known.
#include <algorithm>
#include <set>

#include "predictors/onnx_step_internal.hpp"

namespace paretoforge::onnx_in {
namespace {

std::vector<const onnx::GraphProto*> graphs_in(const onnx::NodeProto& node) {
  std::vector<const onnx::GraphProto*> found;
  for (const auto& attribute : node.attribute()) {
    if (attribute.has_g()) found.push_back(&attribute.g());
    for (const auto& graph : attribute.graphs()) found.push_back(&graph);
  }
  return found;
}

/// Names that a graph reads and does not make; a graph in it sees what this one has.
void add_captured(const onnx::GraphProto& graph, std::set<std::string> known, std::set<std::string>& captured) {
  for (const auto& input : graph.input()) known.insert(input.name());
  for (const auto& tensor : graph.initializer()) known.insert(tensor.name());
  for (const auto& node : graph.node()) known.insert(node.output().begin(), node.output().end());
  const auto read = [&](const std::string& name) {
    if (!name.empty() && !known.contains(name)) captured.insert(name);
  };
  for (const auto& output : graph.output()) read(output.name());
  for (const auto& node : graph.node()) {
    std::for_each(node.input().begin(), node.input().end(), read);
    for (const onnx::GraphProto* inner : graphs_in(node)) add_captured(*inner, known, captured);
  }
}

}  // namespace

std::vector<std::string> captured_names(const onnx::NodeProto& node) {
  std::set<std::string> captured;
  for (const onnx::GraphProto* graph : graphs_in(node)) add_captured(*graph, {}, captured);
  return {captured.begin(), captured.end()};
}

std::int64_t nested_numbers(const Step& step) {
  std::int64_t count = 0;
  const auto add = [&](const onnx::TensorProto& tensor) {
    const std::int64_t elements = Value{{tensor.dims().begin(), tensor.dims().end()}}.elements();
    if (elements > 1) count = std::min(count + elements, most_weights);
  };
  std::vector<const onnx::GraphProto*> left;
  if (step.proto != nullptr) left = graphs_in(*step.proto);
  while (!left.empty()) {
    const onnx::GraphProto& graph = *left.back();
    left.pop_back();
    for (const auto& tensor : graph.initializer()) add(tensor);
    for (const auto& node : graph.node()) {
      for (const auto& attribute : node.attribute())
        if (node.op_type() == "Constant" && attribute.has_t()) add(attribute.t());
      const auto inner = graphs_in(node);
      left.insert(left.end(), inner.begin(), inner.end());
    }
  }
  return count;
}

}  // namespace paretoforge::onnx_in
