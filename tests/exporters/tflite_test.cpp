// TFLite models in real runtimes: every op alone, ugly ones, random networks, those of the spaces; and what is refused.
#include <algorithm>
#include <iostream>

#include "c_networks.hpp"
#include "catch.hpp"
#include "exporters/formats.hpp"
#include "exporters/tflite_verify.hpp"
#include "exporters/tflite_windows_internal.hpp"
#include "exporters/tflite_writer.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

const TfliteRuntime& litert = tflite_runtimes()[0];
const TfliteRuntime& armnn = tflite_runtimes()[1];

bool missing(const TfliteRuntime& runtime) {
  if (available(runtime)) return false;
  std::cout << "SKIPPED: needs " << runtime.title << " (" << runtime.install << ")\n";
  return true;
}

/// Its samples as numbers.
std::vector<float> images_of(const Network& network) {
  std::vector<float> images;
  for (std::size_t i = 0; i < network.job.inputs.size(); i += network.job.input) {
    const auto image = dequantised(network.model.nodes[0], std::span(network.job.inputs).subspan(i, network.job.input));
    images.insert(images.end(), image.begin(), image.end());
  }
  return images;
}

std::vector<TfliteParity> parities(const TfliteRuntime& runtime, const std::vector<Network>& networks, TfliteWeights weights) {
  std::vector<std::vector<float>> images;
  std::vector<TfliteCase> cases;
  for (const Network& network : networks) images.push_back(images_of(network));
  for (std::size_t i = 0; i < networks.size(); ++i) cases.push_back({networks[i].model, tflite_model(networks[i].model, {}, weights), images[i], weights});
  return compare_tflite(runtime, cases);
}

/// Layers alone within a quantum of the reference; the classes are the same, and outputs within `bound` quanta.
void prove(const TfliteRuntime& runtime, const std::vector<Network>& networks, double bound, TfliteWeights weights = TfliteWeights::bytes) {
  const std::vector<TfliteParity> found = parities(runtime, networks, weights);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    INFO(runtime.title << ": " << networks[i].job.name);
    for (const LayerParity& layer : found[i].layers) {
      INFO(layer.op << " " << layer.name);
      CHECK(layer.greatest_quanta <= 1);
    }
    CHECK(found[i].outputs.images == 2);
    CHECK(found[i].outputs.agreement() == 1);
    CHECK(found[i].outputs.greatest_quanta <= bound);
  }
}

int greatest_difference(std::span<const std::int8_t> a, std::span<const std::int8_t> b) {
  int greatest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) greatest = std::max(greatest, std::abs(a[i] - b[i]));
  return greatest;
}

std::size_t weights_of(const IntegerModel& model) {
  std::size_t count = 0;
  for (const IntegerNode& node : model.nodes) count += node.kernel.size();
  return count;
}

Graph one(const Shape& input, const Op& op, int inputs = 1) {
  Graph graph(input);
  graph.add(op, std::vector<NodeId>(static_cast<std::size_t>(inputs), 0));
  return graph;
}

Pool pool_of(PoolKind kind, Extent kernel, Extent stride, Padding pad) { return {kind, kernel, stride, pad}; }

/// Every op of space, each kind of it that is written in a way of its own.
std::vector<Graph> every_op() {
  const Conv dilated{.out = 6, .kernel = {3, 3}, .stride = {1, 1}, .dilation = {2, 3}, .pad = {2, 3, 2, 3}, .bias = true};
  const Conv causal{.out = 5, .kernel = {1, 4}, .stride = {1, 1}, .dilation = {}, .pad = {0, 3, 0, 0}, .groups = 5};
  const Conv early{.out = 4, .kernel = {3, 3}, .stride = {2, 2}, .dilation = {}, .pad = {0, 0, 2, 2}, .groups = 4};
  Conv wide = conv_of(12, 3, 1, 4);  // three outputs per channel
  Conv few_bits = conv_of(6, 3);
  few_bits.weight_bits = 4;
  std::vector<Graph> graphs{one({3, 7, 8}, conv_of(6, 3)), one({3, 8, 8}, conv_of(6, 3, 2)), one({3, 8, 8}, dilated), one({3, 9, 9}, few_bits), one({8, 6, 6}, conv_of(12, 3, 2, 4)),
                            one({8, 6, 6}, conv_of(8, 3, 1, 8)), one({8, 6, 6}, conv_of(8, 3, 2, 8)), one({8, 6, 7}, conv_of(8, 5, 2, 8)), one({4, 6, 6}, wide), one({5, 1, 9}, causal),
                            one({4, 8, 8}, early), one({12, 1, 1}, Linear{.out = 7}), one({12, 1, 1}, Linear{.out = 1}), one({4, 6, 7}, Add{}, 2), one({4, 6, 7}, Multiply{}, 2),
                            one({3, 4, 5}, Concat{}, 2), one({6, 4, 5}, ChannelShuffle{.groups = 2}), one({3, 4, 5}, Flatten{}), one({4, 5, 6}, GlobalPool{}),
                            one({4, 5, 6}, GlobalPool{.kind = PoolKind::maximum}), one({7, 1, 1}, Softmax{}), one({3, 4, 4}, Zero{{2, 3, 5}}), one({3, 4, 4}, BatchNorm{})};
  for (const PoolKind kind : {PoolKind::average, PoolKind::maximum}) {
    graphs.push_back(one({4, 8, 8}, pool_of(kind, {2, 2}, {2, 2}, {})));
    graphs.push_back(one({4, 7, 8}, pool_of(kind, {3, 3}, {1, 1}, {1, 1, 1, 1})));
    graphs.push_back(one({4, 8, 8}, pool_of(kind, {3, 3}, {2, 2}, {1, 1, 1, 1})));
    graphs.push_back(one({4, 1, 20}, pool_of(kind, {1, 5}, {1, 3}, {0, 2, 0, 2})));
  }
  for (const ActivationKind kind : {ActivationKind::relu, ActivationKind::relu6, ActivationKind::hard_swish, ActivationKind::hard_sigmoid, ActivationKind::sigmoid})
    graphs.push_back(one({5, 4, 4}, act(kind)));
  Graph gate({4, 5, 5});
  gate.add(Multiply{}, {NodeId{0}, gate.add(act(ActivationKind::hard_sigmoid), gate.add(conv_of(4, 1, 1, 1, true), gate.add(GlobalPool{}, NodeId{0})))});
  graphs.push_back(gate);
  Graph unlike({4, 5, 5});  // scales that differ are made one
  unlike.add(Concat{}, {NodeId{0}, unlike.add(act(ActivationKind::relu), unlike.add(conv_of(3, 3), NodeId{0}))});
  graphs.push_back(unlike);
  return graphs;
}

std::vector<Network> every_op_networks() {
  std::vector<Network> networks;
  for (const Graph& graph : every_op()) networks.push_back(network(graph, "op_" + std::to_string(networks.size()), networks.size() + 1));
  return networks;
}

}  // namespace

TEST_CASE("every op of space is within a quantum in LiteRT") {
  if (!missing(litert)) prove(litert, every_op_networks(), 1);
}
TEST_CASE("every op of space is within a quantum in Arm NN") {
  if (!missing(armnn)) prove(armnn, every_op_networks(), 1);
}

TEST_CASE("weights of 4 bits, two to a byte, are within a quantum in LiteRT") {
  if (missing(litert)) return;
  std::vector<Network> networks;
  for (const Graph& graph : every_op()) networks.push_back(network(with_bits(graph, networks.size() % 4 == 0 ? 3 : networks.size() % 4 == 1 ? 1 : 4), "op_" + std::to_string(networks.size()), networks.size() + 1));
  prove(litert, networks, 1, TfliteWeights::packed);
  networks.clear();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) networks.push_back(network(with_bits(random_graph(seed), 4, seed % 2 == 0), "random_" + std::to_string(seed), seed));
  const auto packed = parities(litert, networks, TfliteWeights::packed);
  for (std::size_t i = 0; i < networks.size(); ++i) {
    INFO(networks[i].job.name);
    CHECK(packed[i].layer_quanta() <= 1);
    CHECK(packed[i].outputs.agreement() == 1);
    // LiteRT computes layers with such weights by kernels that round twice.
    const Network logits{without_softmax(networks[i].model), networks[i].job};
    CHECK(packed[i].outputs.greatest_quanta <= 4 + greatest_difference(expected(logits, Rounding::single), expected(logits, Rounding::twice)));
  }
  const Network large = network(with_bits(seven_convs(8), 4), "large", 1);
  CHECK(tflite_model(large.model, {}, TfliteWeights::packed).size() + weights_of(large.model) / 2 < tflite_model(large.model).size() + 512);
}

TEST_CASE("ugly networks run in LiteRT") {
  if (!missing(litert)) prove(litert, ugly_networks(), 2);
}
TEST_CASE("ugly networks run in Arm NN") {
  if (!missing(armnn)) prove(armnn, ugly_networks(), 2);
}

TEST_CASE("random networks of every op are the reference's in LiteRT, layer by layer") {
  if (!missing(litert)) prove(litert, random_networks(1, 60), 4);
}
TEST_CASE("random networks of every op are the reference's in Arm NN, layer by layer") {
  if (!missing(armnn)) prove(armnn, random_networks(1, 60), 4);
}

namespace {

/// Random architectures. Outputs stay within 4 quanta, but for the deep ones with gates: with random weights a tie that is
/// rounded the other way grows from block to block (experiments/reports/exports has how far), so their layers and class are asked for.
void prove_spaces(const TfliteRuntime& runtime, int count) {
  if (missing(runtime)) return;
  constexpr double any = 255;
  for (const auto& [space, bound] : {std::pair{"nasbench201", 4.0}, {"tiny_image", 4.0}, {"mobile", any}, {"audio_1d", 4.0}}) prove(runtime, samples_of(space, 1, count), bound);
}

}  // namespace

TEST_CASE("architectures of the spaces are the reference's in LiteRT") { prove_spaces(litert, 6); }
TEST_CASE("architectures of the spaces are the reference's in Arm NN") { prove_spaces(armnn, 2); }

TEST_CASE("a network of zeros alone, and one that hands its input on, have their output") {
  Graph none({3, 4, 4});
  none.add(Zero{{5, 1, 1}}, NodeId{0});
  for (const TfliteRuntime& runtime : tflite_runtimes())
    if (available(runtime)) prove(runtime, {network(none, "none", 1), network(Graph({2, 3, 3}), "input", 1)}, 0);
}

TEST_CASE("what calibration never saw is clamped as the reference clamps it") {
  // The gate is closed for all that calibration sees, so that its scale is that of no range at all; then it opens.
  Graph graph({2, 3, 3});
  graph.add(Multiply{}, {NodeId{0}, graph.add(act(ActivationKind::hard_sigmoid), graph.add(conv_of(2, 1, 1, 1, true), graph.add(GlobalPool{}, NodeId{0})))});
  Model model = random_model(graph, 1);
  model.weights[2].kernel = {1, 0, 0, 1};
  model.weights[2].bias = {0, 0};
  const IntegerModel integer = quantised(model, std::vector<float>(36, -20.0f));
  std::vector<float> images(36, -3.5f);
  std::fill(images.begin() + 18, images.end(), -1.0f);
  const std::vector<TfliteCase> cases{{integer, tflite_model(integer), images}};
  for (const TfliteRuntime& runtime : tflite_runtimes())
    if (available(runtime)) CHECK(compare_tflite(runtime, cases)[0].layer_quanta() <= 1);
}

TEST_CASE("a softmax is left out where outputs are compared") {
  Graph graph({3, 8, 8});
  graph.add(Softmax{}, graph.add(Linear{.out = 5}, graph.add(GlobalPool{}, block(graph, 0, conv_of(6, 3), ActivationKind::relu))));
  const Network made = network(graph, "softmax", 3);
  REQUIRE(made.model.nodes.size() > without_softmax(made.model).nodes.size());
  for (const TfliteRuntime& runtime : tflite_runtimes())
    if (available(runtime)) prove(runtime, {made}, 1);
}

TEST_CASE("same model, same bytes, with name and metadata in them") {
  const Network made = network(seven_convs(4), "seven", 1);
  const OnnxOptions options{"seven", {{"study", "of windows"}, {"trial", "41"}}, 1};
  const std::string bytes = tflite_model(made.model, options);
  CHECK(bytes == tflite_model(made.model, options));
  CHECK(bytes.substr(4, 4) == "TFL3");
  for (const std::string text : {"seven", "study", "of windows", "trial", "41"}) CHECK(bytes.find(text) != std::string::npos);
  for (const IntegerNode& node : made.model.nodes) CHECK((std::holds_alternative<Input>(node.op) || bytes.find(node.name) != std::string::npos));
  CHECK_THROWS_WITH(tflite_model(made.model, {.batch = 2}), ContainsSubstring("batch of 1, not of 2"));
}

TEST_CASE("what TFLite cannot hold is named with its op and the format, before any work") {
  const Graph graph = one({4, 6, 6}, pool_of(PoolKind::average, {4, 4}, {2, 2}, {3, 3, 3, 3}));
  const std::vector<std::string> tflite{"onnx", "tflite"}, others{"onnx", "c"};
  CHECK_THROWS_WITH(check_exportable(graph, tflite), ContainsSubstring(graph.name(1)) && ContainsSubstring("pool in tflite: padding of more than half a window"));
  CHECK_NOTHROW(check_exportable(graph, others));
  CHECK_THROWS_WITH(tflite_model(network(graph, "pool", 1).model), ContainsSubstring("half a window"));
  for (const Graph& each : every_op()) CHECK_NOTHROW(check_exportable(each, tflite));
}

TEST_CASE("windows that TFLite's SAME does not meet are met with taps of zero") {
  const auto same_before = [](const internal::Windows& w) { return std::max((w.out - 1) * w.stride + w.reach() - w.in, 0) / 2; };
  int reached = 0;
  for (int size = 1; size <= 7; ++size)
    for (int stride = 1; stride <= 4; ++stride)
      for (int in = 1; in <= 12; ++in)
        for (int before = 0; before < size; ++before)
          for (int after = 0; after < size; ++after) {
            if (in + before + after < size) continue;
            const internal::Windows windows{size, stride, 1, before, in, (in + before + after - size) / stride + 1};
            const auto more = windows.more_for_same();
            CHECK(more.has_value() == (windows.out == (in + stride - 1) / stride));
            if (!more) continue;
            const internal::Windows wider{size + more->before + more->after, stride, 1, before + more->before, in, windows.out};
            CHECK(same_before(wider) == wider.before);
            CHECK(wider.same());
            if (more->before + more->after > 0) ++reached;
          }
  CHECK(reached > 500);
}

TEST_CASE("a runtime says what is wrong with a model and with its input") {
  for (const TfliteRuntime& runtime : tflite_runtimes()) {
    if (!available(runtime)) continue;
    const Network made = network(one({3, 4, 4}, conv_of(2, 3)), "one", 1);
    CHECK(!version(runtime).empty());
    CHECK(run_tflite(runtime, {}).empty());
    TfliteJob job{tflite_model(made.model), 1, std::vector<std::int8_t>(48)};
    CHECK(run_tflite(runtime, {&job, 1})[0].size() == 32);
    job.inputs.push_back(0);
    CHECK_THROWS_WITH(run_tflite(runtime, {&job, 1}), ContainsSubstring(std::string(runtime.title)) && ContainsSubstring("48 bytes of 49"));
    job = {"not a model", 1, {}};
    CHECK_THROWS_AS(run_tflite(runtime, {&job, 1}), TfliteRuntimeError);
  }
}
