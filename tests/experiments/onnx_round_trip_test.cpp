// What the exporters write, the reader of ONNX models reads back as the same network with the same costs.
#include <vector>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/onnx_writer.hpp"
#include "predictors/onnx.hpp"
#include "predictors/totals.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

void check_same_costs(const Graph& read, const Graph& written) {
  const Totals a = totals(read), b = totals(written);
  CHECK(a.macs == b.macs);
  CHECK(a.params == b.params);
  CHECK(a.weight_bytes == b.weight_bytes);
  CHECK(a.peak_activation_bytes == b.peak_activation_bytes);
}

/// How a benchmark counts biases is no property of the network, and no file of it says so.
Graph counted_as_usual(const Graph& graph) {
  Graph result(graph.shape(0));
  for (NodeId id = 1; id < graph.size(); ++id) {
    Op op = graph.op(id);
    if (auto* linear = std::get_if<Linear>(&op)) linear->count_bias = false;
    result.add(op, graph.inputs(id));
  }
  result.set_output(graph.output());
  return result;
}

void round_trip(const Graph& graph, std::uint64_t seed) {
  const Model model = random_model(graph, seed);
  const Graph plain = counted_as_usual(folded(model).graph);
  const Graph from_float = read_onnx(float_onnx(model), "float.onnx");
  check_same_costs(from_float, plain);
  CHECK(same_network(pruned(from_float), pruned(plain)));
  Random random(seed);
  std::vector<float> image(static_cast<std::size_t>(graph.shape(0).elements()));
  for (float& value : image) value = static_cast<float>(random.normal());
  // The integer form drops activations that a clamp does; nothing that costs.
  check_same_costs(read_onnx(qdq_onnx(quantised(model, image)), "qdq.onnx"), plain);
}

}  // namespace

TEST_CASE("networks of several spaces come back from float and QDQ ONNX with the same totals") {
  for (const char* name : {"spaces/tiny_image", "spaces/mobile", "spaces/audio_1d", "spaces/nasbench201",
                           "architectures/mlperf_tiny_ds_cnn", "architectures/mlperf_tiny_resnet8",
                           "architectures/mlperf_tiny_autoencoder"}) {
    const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/" + name + ".yaml");
    Random random(7);
    for (std::uint64_t seed = 1; seed <= (space.decisions().empty() ? 1u : 3u); ++seed) {
      INFO(name << ", sample " << seed);
      round_trip(space.decode(space.sample(random)), seed);
    }
  }
}

TEST_CASE("channel shuffles and gates come back from ONNX") {
  const Space space(
      Config::parse("input: [3, 16, 16]\nlayers:\n  - conv: {out: 16, kernel: 3, act: relu6}\n"
                    "  - mbconv: {out: 16, groups: 2, expand: 2, se: 0.5, act: hard_swish}\n"
                    "  - branches: {join: concat, of: [{conv: {out: 8, kernel: 1}}, {pool: {kind: max, kernel: 3, "
                    "stride: 1, pad: 1}}]}\n"
                    "  - pool: {global: true}\n  - linear: {out: 4}\n  - softmax: {}\n",
                    "test"));
  round_trip(space.decode({}), 3);
}
