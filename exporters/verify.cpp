// Verification in the real ONNX Runtime.
#include "exporters/verify.hpp"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "configs/temporary_folder.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/reference.hpp"

namespace paretoforge {
namespace {

namespace fs = std::filesystem;

std::size_t size_of(std::int32_t n) { return static_cast<std::size_t>(n); }

/// The greatest difference between two outputs in quanta.
double quanta(std::span<const float> a, std::span<const float> b, float scale) {
  double greatest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    greatest = std::max(greatest, std::abs(double{a[i]} - double{b[i]}) / double{scale});
  return std::isnan(greatest) ? std::numeric_limits<double>::infinity() : std::round(greatest * 1024) / 1024;
}

std::span<const float> sample(std::span<const float> images, std::size_t size, std::size_t i) {
  return images.subspan(i * size, size);
}

std::size_t sample_count(const IntegerModel& model, std::span<const float> images) {
  const auto size = static_cast<std::size_t>(model.nodes[0].shape.elements());
  if (images.size() % size != 0)
    throw std::invalid_argument("verification needs whole images of " + to_string(model.nodes[0].shape));
  return images.size() / size;
}

bool contains(std::initializer_list<std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Counts one node of the optimised graph. What neither computes in float nor in integers (moves, conversions) is
/// not counted.
void count(const onnx::NodeProto& node, Fusion& fusion) {
  const std::string& type = node.op_type();
  const std::string label = type + " " + node.name();
  if (contains({"QLinearConv", "QGemm", "QLinearMatMul", "ConvInteger", "MatMulInteger"}, type))
    ++fusion.integer_layers;
  else if (contains({"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "FusedMatMul", "ConvTranspose"}, type))
    fusion.float_layers.push_back(label);
  else if (!type.starts_with("QLinear") &&
           !contains({"QuantizeLinear", "DequantizeLinear", "Transpose", "Reshape", "Flatten", "MaxPool", "NhwcMaxPool",
                      "Identity", "Cast", "Concat", "Squeeze", "Unsqueeze", "ReorderInput", "ReorderOutput"},
                     type))
    fusion.float_ops.push_back(label);
}

/// Layers whose value depends on the input; the others are constants, which ONNX Runtime may compute in advance.
std::size_t computed_layers(const IntegerModel& model) {
  std::size_t layers = 0;
  std::vector<char> depends(model.nodes.size(), 0);
  for (std::size_t n = 0; n < model.nodes.size(); ++n) {
    const IntegerNode& node = model.nodes[n];
    const bool from_input =
        std::any_of(node.inputs.begin(), node.inputs.end(), [&](std::int32_t i) { return depends[size_of(i)] != 0; });
    depends[n] = std::holds_alternative<Input>(node.op) || (from_input && !std::holds_alternative<Zero>(node.op));
    if (depends[n] && !node.kernel.empty()) ++layers;
  }
  return layers;
}

}  // namespace

IntegerModel without_softmax(IntegerModel model) {
  const IntegerNode& last = model.nodes[size_of(model.output)];
  if (std::holds_alternative<Softmax>(last.op)) {
    model.output = last.inputs[0];
    model.nodes.resize(size_of(model.output) + 1);
  }
  return model;
}

bool same_class(std::span<const float> a, std::span<const float> b) {
  const float top_a = *std::max_element(a.begin(), a.end()), top_b = *std::max_element(b.begin(), b.end());
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] == top_a && b[i] == top_b) return true;
  return false;
}

bool same_answer(std::span<const float> a, std::span<const float> b, double step) {
  if (step <= 0) return same_class(a, b);
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!(std::abs(double{a[i]} - double{b[i]}) < (greatest_output_quanta + 0.5) * step)) return false;
  return true;
}

Parity compare_outputs(const IntegerModel& whole, const std::string& onnx, std::span<const float> images) {
  const IntegerModel model = without_softmax(whole);
  const IntegerNode& last = model.nodes[size_of(model.output)];
  OnnxSession session = OnnxSession::from_bytes(model.nodes.size() == whole.nodes.size() ? onnx : qdq_onnx(model));
  IntegerInterpreter interpreter(model);
  Parity parity{sample_count(model, images), 0, 0};
  const auto size = static_cast<std::size_t>(model.nodes[0].shape.elements());
  for (std::size_t i = 0; i < parity.images; ++i) {
    const auto input = quantised_input(model, sample(images, size, i));
    const std::vector<float> expected = dequantised(last, interpreter.run(input));
    const std::vector<float> found = session.run(sample(images, size, i));
    parity.greatest_quanta = std::max(parity.greatest_quanta, quanta(found, expected, last.output.scale));
    if (same_answer(found, expected, whole.regression() ? double{last.output.scale} : 0)) ++parity.agreeing;
  }
  return parity;
}

std::vector<LayerParity> compare_layers(const IntegerModel& model, std::span<const float> images) {
  std::vector<std::size_t> computed;
  for (std::size_t n = 0; n < model.nodes.size(); ++n)
    if (!model.nodes[n].inputs.empty() && !std::holds_alternative<Zero>(model.nodes[n].op)) computed.push_back(n);
  if (computed.empty()) return {};  // a network without any path, whose exploded graph holds nothing: ONNX Runtime refuses that
  OnnxSession session = OnnxSession::from_bytes(exploded_qdq_onnx(model));
  IntegerInterpreter interpreter(model);
  const auto size = static_cast<std::size_t>(model.nodes[0].shape.elements());
  const auto layer_value = [&](std::size_t node) { return dequantised(model.nodes[node], interpreter.value(node)); };
  std::vector<LayerParity> layers;
  for (std::size_t i = 0; i < sample_count(model, images); ++i) {
    interpreter.run(quantised_input(model, sample(images, size, i)));
    std::size_t next = 0;
    for (const std::size_t n : computed)
      for (const std::int32_t from : model.nodes[n].inputs) {
        const std::vector<float> value = layer_value(size_of(from));
        std::copy(value.begin(), value.end(), session.input(next++).begin());
      }
    session.run();
    layers.resize(computed.size());
    for (std::size_t k = 0; k < computed.size(); ++k) {
      const IntegerNode& node = model.nodes[computed[k]];
      layers[k].name = node.name;
      layers[k].op = op_name(node.op);
      layers[k].greatest_quanta =
          std::max(layers[k].greatest_quanta, quanta(session.output(k), layer_value(computed[k]), node.output.scale));
    }
  }
  return layers;
}

Fusion inspect_fusion(const IntegerModel& model, const std::string& onnx) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "optimised.onnx";
  OnnxSession::from_bytes(onnx, {.save_optimised = file});
  std::ifstream stream(file, std::ios::binary);
  onnx::ModelProto optimised;
  if (!optimised.ParseFromIstream(&stream)) throw std::runtime_error("ONNX Runtime's optimised graph cannot be read");
  Fusion fusion;
  fusion.layers = computed_layers(model);
  for (const onnx::NodeProto& node : optimised.graph().node()) count(node, fusion);
  return fusion;
}

}  // namespace paretoforge
