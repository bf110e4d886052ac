// TFLite files from the integer model.
#include "exporters/tflite_writer.hpp"

#include <algorithm>
#include <stdexcept>

#include "exporters/tflite_layers_internal.hpp"

namespace paretoforge {

using namespace internal;
using namespace internal::tflite;

namespace {

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// Whether some op computes from the input.
bool reads_input(const IntegerModel& model) {
  return model.output == 0 || std::any_of(model.nodes.begin(), model.nodes.end(), [](const IntegerNode& node) {
           return !std::holds_alternative<Zero>(node.op) && std::find(node.inputs.begin(), node.inputs.end(), 0) != node.inputs.end();
         });
}

void refuse_what_is_refused(const IntegerModel& model) {
  for (const IntegerNode& node : model.nodes) {
    if (node.inputs.empty()) continue;
    const std::string why = tflite_refusal(node.op, model.nodes[size_of(node.inputs[0])].shape, node.shape);
    if (!why.empty()) throw std::invalid_argument(node.name + ": " + std::string(op_name(node.op)) + " in tflite: " + why);
  }
}

}  // namespace

std::string tflite_model(const IntegerModel& model, const OnnxOptions& options, TfliteWeights weights) {
  if (options.batch != 1) throw std::invalid_argument("a TFLite file is written for a batch of 1, not of " + std::to_string(options.batch));
  refuse_what_is_refused(model);
  Builder builder;
  Layers layers(builder, weights);
  std::vector<Value> values;
  bool constant = !reads_input(model);
  for (const IntegerNode& node : model.nodes) {
    std::vector<Value> inputs;
    for (const std::int32_t input : node.inputs) inputs.push_back(values[size_of(input)]);
    const bool first_zeros = constant && std::holds_alternative<Zero>(node.op);
    values.push_back(first_zeros ? layers.zeros(node, values[0]) : layers.layer(node, inputs));
    if (first_zeros) constant = false;
  }
  const Value& last = values[size_of(model.output)];
  layers.output(last, last.shape.height == 1 && last.shape.width == 1, "output");
  return builder.serialised(options.name, options.metadata);
}

std::string exploded_tflite_model(const IntegerModel& model, TfliteWeights weights) {
  refuse_what_is_refused(model);
  Builder builder;
  Layers layers(builder, weights);
  for (const IntegerNode& node : model.nodes) {
    if (node.inputs.empty() || std::holds_alternative<Zero>(node.op)) continue;
    std::vector<Value> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(layers.input(node.name + "." + std::to_string(i), model.nodes[size_of(node.inputs[i])]));
    layers.output(layers.layer(node, inputs), false, node.name + ".output");
  }
  return builder.serialised("layers", {});
}

std::string tflite_refusal(const Op& op, const Shape& input, const Shape& output) {
  if (const auto* pool = std::get_if<Pool>(&op)) {
    const Windows2D windows = windows_of(pool->kernel, pool->stride, {}, pool->pad, input, output);
    if (!windows.valid() && !windows.same() && !windows.among_all()) return "padding of more than half a window";
  }
  return "";
}

}  // namespace paretoforge
