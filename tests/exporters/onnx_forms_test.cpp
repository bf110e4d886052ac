// ONNX's other forms in the real runtime: int4 weights, 16-bit activations, float16.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/formats.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/onnx_forms.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/verify.hpp"
#include "networks.hpp"
#include "runtime.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

Model narrow_model(const Graph& graph, std::uint64_t seed) {
  const Model model = random_model(graph, seed);
  return with_weight_bits(model, weighted_layers(model.graph), 4);
}

onnx::ModelProto parsed(const std::string& bytes) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(bytes));
  return model;
}

std::size_t initializer_bytes(const onnx::ModelProto& model) {
  std::size_t bytes = 0;
  for (const auto& tensor : model.graph().initializer()) bytes += tensor.raw_data().size();
  return bytes;
}

/// The float network that an integer model stands for once its weights are rounded: kernels and biases dequantised.
Model dequantised_weights(const IntegerModel& integer) {
  Model model{Graph(integer.nodes[0].shape), {Weights{}}, {}, integer.input};
  std::vector<NodeId> places{0};
  for (std::size_t n = 1; n < integer.nodes.size(); ++n) {
    const IntegerNode& node = integer.nodes[n];
    std::vector<NodeId> inputs;
    for (const std::int32_t input : node.inputs) inputs.push_back(places[static_cast<std::size_t>(input)]);
    NodeId place = model.graph.add(node.op, inputs);
    Weights weights;
    const auto* conv = std::get_if<Conv>(&node.op);
    const std::size_t taps = conv ? static_cast<std::size_t>(conv->kernel.height * conv->kernel.width) : 1;
    const std::size_t row = node.kernel_scales.empty() ? 1 : node.kernel.size() / node.kernel_scales.size(), depth = row / taps;
    weights.kernel.resize(node.kernel.size());
    for (std::size_t i = 0; i < node.kernel.size(); ++i) {  // [out, taps, depth] to [out, depth, taps]
      const std::size_t o = i / row, tap = i % row / depth, d = i % depth;
      weights.kernel[o * row + d * taps + tap] = static_cast<float>(node.kernel[i]) * node.kernel_scales[o];
    }
    for (std::size_t o = 0; o < node.bias.size(); ++o)
      weights.bias.push_back(static_cast<float>(node.bias[o]) * (integer.nodes[static_cast<std::size_t>(node.inputs[0])].output.scale * node.kernel_scales[o]));
    model.weights.push_back(std::move(weights));
    if (node.activation) {
      place = model.graph.add(act(*node.activation), place);
      model.weights.emplace_back();
    }
    places.push_back(place);
  }
  model.graph.set_output(places[static_cast<std::size_t>(integer.output)]);
  return model;
}

double relative_difference(const std::string& onnx, const Model& model, std::span<const float> images) {
  OnnxSession session = OnnxSession::from_bytes(onnx);
  FloatInterpreter interpreter(model);
  const auto size = static_cast<std::size_t>(model.graph.shape(0).elements());
  double difference = 0, power = 0;
  for (std::size_t i = 0; i < images.size(); i += size) {
    const auto found = session.run(images.subspan(i, size)), expected = interpreter.run(images.subspan(i, size));
    REQUIRE(found.size() == expected.size());
    for (std::size_t k = 0; k < found.size(); ++k) {
      difference += std::pow(double{found[k]} - double{expected[k]}, 2);
      power += std::pow(double{expected[k]}, 2);
    }
  }
  return power > 0 ? std::sqrt(difference / power) : std::sqrt(difference);
}

}  // namespace

TEST_CASE("int4 files of 60 random networks give what the int8 files give, fused, with weights half as large") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = random_graph(seed);
    const std::vector<float> images = random_images(graph.shape(0), 4, seed + 1000);
    const IntegerModel model = quantised(narrow_model(graph, seed), images);
    const std::string bytes = int4_onnx(model), wide = qdq_onnx(model);
    INFO("seed " << seed);
    OnnxSession narrow = OnnxSession::from_bytes(bytes), usual = OnnxSession::from_bytes(wide);
    const auto size = static_cast<std::size_t>(graph.shape(0).elements());
    for (std::size_t i = 0; i < images.size(); i += size) {
      const auto image = std::span<const float>(images).subspan(i, size);
      CHECK(narrow.run(image) == usual.run(image));
    }
    CHECK(inspect_fusion(model, bytes).fused());
    std::size_t packed = 0;
    for (const IntegerNode& node : model.nodes) {
      const auto* conv = std::get_if<Conv>(&node.op);
      const auto* linear = std::get_if<Linear>(&node.op);
      if ((conv && conv->weight_bits == 4) || (linear && linear->weight_bits == 4)) packed += node.kernel.size() / 2;
    }
    CHECK(initializer_bytes(parsed(wide)) - initializer_bytes(parsed(bytes)) == packed);
  }
}

TEST_CASE("an int4 file says so: opset 21, INT4 tensors, an odd count padded") {
  Graph graph({3, 1, 1});
  graph.add(Linear{.out = 3}, NodeId{0});
  Model model = narrow_model(graph, 1);
  model.weights[1].kernel = {1, 2, 3, 4, 5, 6, 7, -7, 1};
  const IntegerModel integer = quantised(folded(model), calibrate(folded(model), random_images({3, 1, 1}, 4, 1)));
  const onnx::ModelProto file = parsed(int4_onnx(integer));
  CHECK(file.opset_import(0).version() == 21);
  CHECK(file.ir_version() == 10);
  for (const auto& tensor : file.graph().initializer())
    if (tensor.data_type() == 22) {
      CHECK(tensor.raw_data().size() == 5);
      for (std::size_t i = 0; i < 9; ++i) {
        const int nibble = static_cast<unsigned char>(tensor.raw_data()[i / 2]) >> (i % 2 * 4) & 15;
        CHECK((nibble < 8 ? nibble : nibble - 16) == integer.nodes[1].kernel[i]);
      }
      return;
    }
  FAIL("no INT4 tensor");
}

TEST_CASE("files with 16-bit activations of 60 random networks follow the float network of the same weights") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = random_graph(seed);
    const std::vector<float> images = random_images(graph.shape(0), 4, seed + 1000);
    const IntegerModel model = quantised(random_model(graph, seed), images);
    INFO("seed " << seed);
    const Model real = dequantised_weights(model);
    const double wide = relative_difference(int16_onnx(model), real, images), usual = relative_difference(qdq_onnx(model), real, images);
    INFO(wide << " with 16 bits, " << usual << " with 8");
    CHECK(wide < 0.001);
    CHECK((wide <= usual / 20 || wide < 1e-5));
  }
}

TEST_CASE("float16 files of 60 random networks are within what eleven bits give") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = random_graph(seed);
    const Model model = random_model(graph, seed);
    const std::string bytes = float16_onnx(model);
    check_onnx(bytes);
    INFO("seed " << seed);
    CHECK(relative_difference(bytes, model, random_images(graph.shape(0), 4, seed + 1000)) < 0.02);
    CHECK(2 * initializer_bytes(parsed(bytes)) < 1.2 * static_cast<double>(initializer_bytes(parsed(float_onnx(model)))) + 200);
  }
}

TEST_CASE("float16: numbers at the edges, and what does not fit is refused by name") {
  Graph graph({1, 1, 1});
  graph.add(conv_of(8, 1, 1, 1, true), NodeId{0});
  Model model{graph, std::vector<Weights>(2), {}, {}};
  model.weights[1].kernel = {1.0f, -2.0f, 65504.0f, 0x1p-24f, 0x1p-14f, 0x1.ffcp-15f, 0x1.002p0f, 0x1p-26f};
  model.weights[1].bias.assign(8, 0.0f);
  const onnx::ModelProto file = parsed(float16_onnx(model));
  for (const auto& tensor : file.graph().initializer())
    if (tensor.name().ends_with(".kernel")) {
      const auto* half = reinterpret_cast<const std::uint16_t*>(tensor.raw_data().data());
      CHECK(std::vector<std::uint16_t>(half, half + 8) == std::vector<std::uint16_t>{0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x0400, 0x3c00, 0x0000});
    }
  model.weights[1].kernel[2] = 65520.0f;
  CHECK_THROWS_WITH(float16_onnx(model), ContainsSubstring("conv_1.kernel") && ContainsSubstring("float16"));
}

TEST_CASE("a linear layer quantised as it runs: its input's own range, integer products, in closed form") {
  if (runtime_missing()) return;
  for (const int bits : {8, 4, 1}) {
    Graph graph({7, 1, 1});
    graph.add(Linear{.out = 3, .weight_bits = static_cast<std::int8_t>(bits)}, NodeId{0});
    Model model = random_model(graph, 5);
    std::fill_n(model.weights[1].kernel.begin(), 7, 0.0f);  // an output of its bias alone
    const std::string bytes = dynamic_onnx(model);
    if (bits == 8) check_onnx(bytes);
    CHECK(parsed(bytes).opset_import(0).version() == (bits == 8 ? 14 : 21));
    const RoundedLinear rounded = rounded_linear(folded(model), 1);
    CHECK(rounded.scales[0] == 0);
    OnnxSession session = OnnxSession::from_bytes(bytes);
    for (const std::vector<float>& input : {std::vector<float>{-1, 2, 0.5f, 0.25f, 3, -0.75f, 0}, {1, 2, 3, 4, 5, 6, 7}, {-5, -4, -3, -2, -1, -1, -0.5f}, std::vector<float>(7, 0.0f)}) {
      const auto [least, greatest] = std::minmax_element(input.begin(), input.end());
      const float low = std::min(*least, 0.0f), high = std::max(*greatest, 0.0f), scale = (high - low) / 255;
      const float zero = scale > 0 ? std::nearbyint(-low / scale) : 0;
      const std::vector<float> found = session.run(input);
      for (std::size_t o = 0; o < 3; ++o) {
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < 7; ++i) {
          const float q = scale > 0 ? std::clamp(std::nearbyint(input[i] / scale) + zero, 0.0f, 255.0f) : 0;
          sum += static_cast<std::int32_t>(q - zero) * rounded.q[o * 7 + i];
        }
        const float expected = static_cast<float>(sum) * scale * rounded.scales[o] + model.weights[1].bias[o];
        INFO(bits << " bits, output " << o);
        CHECK(found[o] == Approx(expected).margin(1e-6));
      }
    }
  }
}

TEST_CASE("dynamic files of 60 random networks follow the float network, with linear layers of 8 bits and of 4") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = random_graph(seed);
    const std::vector<float> images = random_images(graph.shape(0), 4, seed + 1000);
    const Model model = random_model(graph, seed);
    INFO("seed " << seed);
    const std::string bytes = dynamic_onnx(model);
    check_onnx(bytes);
    CHECK(relative_difference(bytes, model, images) < 0.05);
    const Model narrow = narrow_model(graph, seed);
    CHECK(relative_difference(dynamic_onnx(narrow), with_rounded_linears(narrow), images) < 0.05);
  }
}

TEST_CASE("large linear layers take a quarter of the bytes in a dynamic file, and an eighth with 4 bits; a network without any is refused") {
  Graph graph({64, 1, 1});
  graph.add(Linear{.out = 32}, graph.add(act(ActivationKind::relu), graph.add(Linear{.out = 128}, NodeId{0})));
  const Model model = random_model(graph, 1);
  const std::size_t weights = 64 * 128 + 128 * 32, biases = 4 * (128 + 32), scales = biases;
  CHECK(initializer_bytes(parsed(float_onnx(model))) == 4 * weights + biases);
  CHECK(initializer_bytes(parsed(dynamic_onnx(model))) == weights + biases + scales);
  Model narrow = model;
  for (const NodeId layer : {NodeId{1}, NodeId{3}}) narrow.graph.set_weight_bits(layer, 4);
  CHECK(initializer_bytes(parsed(dynamic_onnx(narrow))) == weights / 2 + biases + scales);
  narrow.graph.set_weight_bits(1, 16);
  CHECK_THROWS_WITH(dynamic_onnx(narrow), ContainsSubstring("linear_1") && ContainsSubstring("16 bits"));
  const std::vector<std::string> formats{"onnx", "onnx_dynamic"};
  CHECK_NOTHROW(check_exportable(graph, formats));
  Graph none({3, 6, 6});
  none.add(conv_of(4, 3), NodeId{0});
  CHECK_THROWS_WITH(check_exportable(none, formats), ContainsSubstring("cannot export as onnx_dynamic: the network has no linear layer"));
}

TEST_CASE("every form is proven against what it was made from; a file of another network is refused by name") {
  if (runtime_missing()) return;
  const Graph graph = seven_convs(8);
  const std::vector<float> images = random_images(graph.shape(0), 16, 3);
  const Model model = narrow_model(graph, 3), other = narrow_model(graph, 4);
  const IntegerModel integer = quantised(model, images), another = quantised(other, images);
  REQUIRE(golden_samples(integer, images).size() == 16);
  for (const std::string file : {"model_int4.onnx", "model_int16.onnx", "model_float16.onnx", "model_dynamic.onnx"}) {
    const auto bytes = [&](const Model& real, const IntegerModel& whole) {
      if (file == "model_dynamic.onnx") return dynamic_onnx(real);
      return file == "model_int4.onnx" ? int4_onnx(whole) : file == "model_int16.onnx" ? int16_onnx(whole) : float16_onnx(real);
    };
    INFO(file);
    CHECK(is_onnx_form(file));
    const OnnxFormCheck check = proven_onnx_form(file, bytes(model, integer), model, integer, images);
    CHECK(check.samples == 16);
    CHECK(check.difference < 0.6);
    CHECK_THROWS_WITH(proven_onnx_form(file, bytes(other, another), model, integer, images), ContainsSubstring(file));
  }
  CHECK_FALSE(is_onnx_form("model.onnx"));
  CHECK_THROWS_AS(check_onnx_form("model_int4.onnx", "no model", golden_samples(integer, images)), OnnxRuntimeError);
}
