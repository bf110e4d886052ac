// The integer model in ONNX Runtime: the same numbers, and computed in integers.
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <iostream>

#include "catch.hpp"
#include "configs/files.hpp"
#include "configs/temporary_folder.hpp"
#include "exporters/calibration.hpp"
#include "exporters/float_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/verify.hpp"
#include "networks.hpp"
#include "runtime.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

IntegerModel integer_model(const Graph& graph, std::uint64_t seed) {
  return quantised(random_model(graph, seed), random_images(graph.shape(0), 8, seed + 1000));
}

onnx::ModelProto optimised_by_runtime(const std::string& bytes) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "optimised.onnx";
  OnnxSession::from_bytes(bytes, {.save_optimised = file});
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_file(file, std::size_t{1} << 30)));
  return model;
}

}  // namespace

TEST_CASE("each layer of 240 random networks is within one quantum of ONNX Runtime, and all are fused") {
  if (runtime_missing()) return;
  for (std::uint64_t seed = 1; seed <= 240; ++seed) {
    const Graph graph = random_graph(seed);
    const IntegerModel model = integer_model(graph, seed);
    const std::string bytes = qdq_onnx(model);
    check_onnx(bytes);
    const std::vector<float> images = random_images(graph.shape(0), 4, seed + 2000);
    for (const LayerParity& layer : compare_layers(model, images)) {
      INFO("seed " << seed << ": " << layer.op << " " << layer.name);
      CHECK(layer.greatest_quanta <= 1);
    }
    const Fusion fusion = inspect_fusion(model, bytes);
    INFO("seed " << seed << ": " << fusion.integer_layers << " of " << fusion.layers);
    for (const std::string& layer : fusion.float_layers) UNSCOPED_INFO(layer);
    CHECK(fusion.fused());
  }
}

TEST_CASE("a convolutional net is within one quantum at its output and agrees in the class") {
  if (runtime_missing()) return;
  const Graph graph = seven_convs(8);
  const IntegerModel model = integer_model(graph, 3);
  const Parity parity = compare_outputs(model, qdq_onnx(model), random_images(graph.shape(0), 50, 77));
  CHECK(parity.images == 50);
  CHECK(parity.greatest_quanta <= 1);
  CHECK(parity.agreement() >= 0.999);
  const Fusion fusion = inspect_fusion(model, qdq_onnx(model));
  CHECK(fusion.fused());
  CHECK(fusion.float_ops.empty());
}

TEST_CASE("tensors read twice by one op, and networks whose output no input reaches") {
  if (runtime_missing()) return;
  Graph twice({4, 6, 6});
  const NodeId conv = twice.add(conv_of(4, 3), NodeId{0});
  const NodeId sum = twice.add(Add{}, {conv, conv}), product = twice.add(Multiply{}, {sum, sum});
  twice.add(Linear{.out = 5}, twice.add(GlobalPool{}, twice.add(Concat{}, {product, product, conv})));
  Graph constant({4, 6, 6});
  const NodeId zero = constant.add(Zero{{4, 6, 6}}, NodeId{0});
  const NodeId last = block(constant, zero, conv_of(3, 3), ActivationKind::relu);
  constant.add(Linear{.out = 5}, constant.add(GlobalPool{}, last));
  Graph nothing({4, 6, 6});
  nothing.add(Zero{{3, 1, 1}}, NodeId{0});
  Graph same({4, 1, 1});
  for (const Graph& graph : {twice, constant, nothing, same}) {
    const IntegerModel model = integer_model(graph, 1);
    const std::string bytes = qdq_onnx(model);
    check_onnx(bytes);
    check_onnx(float_onnx(random_model(graph, 1)));
    const std::vector<float> images = random_images(graph.shape(0), 4, 9);
    const Parity parity = compare_outputs(model, bytes, images);
    CHECK(parity.greatest_quanta <= 1);
    CHECK(parity.agreeing == 4);
    CHECK(inspect_fusion(model, bytes).fused());
    for (const LayerParity& layer : compare_layers(model, images)) CHECK(layer.greatest_quanta <= 1);
    if (graph.size() > 1) CHECK(OnnxSession::from_bytes(float_onnx(random_model(graph, 1))).outputs().size() == 1);
  }
}

TEST_CASE("average pools are the reference's to the last bit in ONNX Runtime, ties too, and none runs in its integer kernel") {
  if (runtime_missing()) return;
  for (const std::int32_t channels : {16, 20})
    for (const std::int32_t side : {8, 9}) {
      Graph graph({channels, side, side});
      const NodeId wide = graph.add(Pool{.kind = PoolKind::average, .kernel = {3, 3}, .stride = {}, .pad = {1, 1, 1, 1}}, NodeId{0});
      const NodeId halved = graph.add(Pool{.kind = PoolKind::average, .kernel = {2, 2}, .stride = {2, 2}, .pad = {}}, wide);
      graph.add(Linear{.out = 5}, graph.add(GlobalPool{}, halved));
      const IntegerModel model = integer_model(graph, 1);
      for (const LayerParity& layer : compare_layers(model, random_images(graph.shape(0), 20, 2)))
        if (layer.op == op_name(Op{Pool{}})) CHECK(layer.greatest_quanta == 0);
      const Fusion fusion = inspect_fusion(model, qdq_onnx(model));
      CHECK(fusion.fused());
      CHECK(fusion.float_ops.size() == 2);
    }
}

TEST_CASE("an activation that only clamps is an integer op in ONNX Runtime") {
  if (runtime_missing()) return;
  for (const ActivationKind kind : {ActivationKind::relu, ActivationKind::relu6}) {
    Graph graph({8, 9, 9});
    const NodeId conv = graph.add(conv_of(8, 3), NodeId{0}), clamped = graph.add(act(kind), conv);
    graph.add(Linear{.out = 5}, graph.add(GlobalPool{}, graph.add(Add{}, {conv, clamped})));  // two readers: not fused into the convolution
    const IntegerModel model = integer_model(graph, 1);
    CHECK(inspect_fusion(model, qdq_onnx(model)).float_ops.empty());
    for (const LayerParity& layer : compare_layers(model, random_images(graph.shape(0), 20, 2))) CHECK(layer.greatest_quanta <= (layer.op == op_name(Op{Activation{}}) ? 0 : 1));
    const onnx::ModelProto optimised = optimised_by_runtime(qdq_onnx(model));
    const auto& nodes = optimised.graph().node();
    CHECK(std::count_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.op_type() == "QuantizeLinear"; }) == 1);  // the input's
  }
}
