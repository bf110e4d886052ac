// Shapes and costs in closed form, pruning, fusion, and when two graphs are the same network.
#include "catch.hpp"
#include "space/graph.hpp"
#include "space/model.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

Conv conv(std::int32_t out, std::int32_t kernel = 1, std::int32_t groups = 1) {
  const std::int32_t pad = kernel / 2;
  return {out, {kernel, kernel}, {}, {}, {pad, pad, pad, pad}, groups, false, 8};
}

}  // namespace

TEST_CASE("a convolution's shape is the formula's") {
  const Shape in{3, 32, 17};
  REQUIRE(infer_shape(Conv{8, {3, 5}, {2, 1}, {2, 3}, {1, 2, 0, 4}, 1, false, 8}, {in}) == Shape{8, (32 + 1 - 5) / 2 + 1, 17 + 6 - 13 + 1});
  REQUIRE(infer_shape(conv(6, 3, 3), {in}) == Shape{6, 32, 17});
  REQUIRE_THROWS_AS(infer_shape(conv(8, 3, 2), {in}), ShapeError);
  REQUIRE_THROWS_AS(infer_shape(Conv{8, {40, 1}, {}, {}, {}, 1, false, 8}, {in}), ShapeError);
  REQUIRE_THROWS_AS(infer_shape(Conv{0, {}, {}, {}, {}, 1, false, 8}, {in}), ShapeError);
}

TEST_CASE("layers with weights say the shape and the bits of them, and a linear layer is a convolution over one place") {
  const Conv grouped{8, {3, 5}, {2, 1}, {}, {1, 2, 1, 2}, 2, true, 4};
  CHECK(has_weights(grouped));
  CHECK(weight_bits(grouped) == 4);
  CHECK(as_conv(grouped) == grouped);
  CHECK(kernel_shape(grouped, {6, 32, 17}) == std::vector<std::int64_t>{8, 3, 3, 5});
  const Linear linear{10, true, 2};
  CHECK(has_weights(linear));
  CHECK(weight_bits(linear) == 2);
  CHECK(kernel_shape(linear, {12}) == std::vector<std::int64_t>{10, 12});
  CHECK(as_conv(linear) == Conv{10, {}, {}, {}, {}, 1, true, 2});
  CHECK(macs(as_conv(linear), {12}, {10}) == macs(linear, {12}, {10}));
  CHECK(params(as_conv(linear), {12}) == params(linear, {12}));
  CHECK_FALSE(has_weights(BatchNorm{}));
  CHECK(weight_bits(BatchNorm{}) == 32);
  CHECK(kernel_shape(BatchNorm{}, {12}).empty());
  CHECK_THROWS_AS(as_conv(BatchNorm{}), std::bad_variant_access);
}

TEST_CASE("shapes that do not fit are refused and leave the graph as it was") {
  Graph graph({4, 8, 8});
  const NodeId a = graph.add(conv(8), NodeId{0});
  REQUIRE_THROWS_WITH(graph.add(Add{}, {0, a}), "add does not fit its input 4x8x8 and 8x8x8: all must have one shape");
  REQUIRE_THROWS_AS(graph.add(Linear{10, true, 8}, a), ShapeError);
  REQUIRE_THROWS_AS(graph.add(Multiply{}, {a}), ShapeError);
  REQUIRE_THROWS_AS(graph.add(Multiply{}, {0, a}), ShapeError);
  REQUIRE_THROWS_AS(graph.add(Pool{PoolKind::average, {2, 2}, {1, 1}, {2, 0, 0, 0}}, a), ShapeError);
  REQUIRE_THROWS_AS(graph.add(ChannelShuffle{3}, a), ShapeError);
  REQUIRE_THROWS_AS(graph.add(Activation{}, NodeId{7}), ShapeError);
  REQUIRE_THROWS_AS(Graph({0, 1, 1}), ShapeError);
  REQUIRE(graph.size() == 2);
  const NodeId gate = graph.add(GlobalPool{}, a);
  REQUIRE(graph.shape(graph.add(Multiply{}, {a, gate})) == Shape{8, 8, 8});
  REQUIRE(graph.shape(graph.add(Concat{}, {0, a, 0})) == Shape{16, 8, 8});
  REQUIRE(graph.shape(graph.add(Flatten{}, a)) == Shape{512, 1, 1});
}

TEST_CASE("multiply-accumulates and parameters are counted as the benchmarks count them") {
  const Shape in{16, 10, 10};
  const Op grouped = Conv{32, {3, 3}, {2, 2}, {}, {1, 1, 1, 1}, 4, true, 8};
  REQUIRE(macs(grouped, in, infer_shape(grouped, {in})) == 32 * 5 * 5 * 4 * 9);
  REQUIRE(params(grouped, in) == 32 * 4 * 9 + 32);
  REQUIRE(macs(Linear{10, true, 8}, {16, 1, 1}, {10, 1, 1}) == 160);
  REQUIRE(params(Linear{10, false, 8}, {16, 1, 1}) == 160);
  REQUIRE(params(BatchNorm{}, in) == 32);
  REQUIRE(macs(Pool{PoolKind::average, {3, 3}, {1, 1}, {1, 1, 1, 1}}, in, in) == 0);
}

TEST_CASE("pruning removes zeros, dead ends and sums of one tensor") {
  Graph graph({4, 8, 8});
  const NodeId zero = graph.add(Zero{{4, 8, 8}}, NodeId{0});
  const NodeId dead = graph.add(conv(4), zero);           // computed from zeros alone
  const NodeId a = graph.add(conv(4, 3), NodeId{0});
  graph.add(conv(9), a);                                   // leads nowhere
  const NodeId sum = graph.add(Add{}, {dead, a, zero});
  graph.set_output(graph.add(conv(2), sum));
  const Graph left = pruned(graph);
  REQUIRE(left.size() == 3);
  REQUIRE(left.op(1) == Op{conv(4, 3)});
  REQUIRE(left.op(2) == Op{conv(2)});
  REQUIRE(left.output() == 2);
}

TEST_CASE("a concat keeps its dead part as zeros and a network without a path is zeros") {
  Graph graph({4, 8, 8});
  const NodeId zero = graph.add(Zero{{4, 8, 8}}, NodeId{0});
  const NodeId both = graph.add(Concat{}, {zero, 0});
  REQUIRE(pruned(graph).shape(pruned(graph).output()) == Shape{8, 8, 8});
  graph.set_output(graph.add(Multiply{}, {both, graph.add(Zero{{8, 1, 1}}, NodeId{0})}));  // nothing lives behind x * 0
  const Graph nothing = pruned(graph);
  REQUIRE(nothing.size() == 2);
  REQUIRE(nothing.shape(nothing.output()) == Shape{8, 8, 8});
}

TEST_CASE("a pruned network copies shapes and widths that would be inferred again") {
  Random random(3);
  for (const char* name : {"nasbench201", "fbnet", "tiny_image"}) {
    const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
    for (int i = 0; i < 20; ++i) {
      Graph graph = space.decode(space.sample(random));
      graph.set_activation_bits(graph.size() / 2, 16);
      const Graph left = pruned(graph);
      int wide = 0;
      for (NodeId id = 0; id < left.size(); ++id) {
        std::vector<Shape> inputs;
        for (const NodeId input : left.inputs(id)) inputs.push_back(left.shape(input));
        REQUIRE(left.shape(id) == infer_shape(left.op(id), inputs));
        wide += left.node(id).activation_bits == 16;
      }
      REQUIRE(wide <= 1);
    }
  }
}

TEST_CASE("norm and activation are fused where nothing else reads between") {
  Graph graph({4, 8, 8});
  const NodeId c = graph.add(conv(4), NodeId{0});
  const NodeId n = graph.add(BatchNorm{}, c);
  const NodeId r = graph.add(Activation{ActivationKind::relu}, n);
  const NodeId shared = graph.add(conv(4), r);
  const NodeId relu = graph.add(Activation{ActivationKind::relu}, shared);
  graph.add(Add{}, {shared, relu});
  const auto kernels = fused_kernels(graph);
  REQUIRE(kernels.size() == 5);
  REQUIRE(kernels[1].main == c);
  REQUIRE(kernels[1].norm == n);
  REQUIRE(kernels[1].activation == r);
  REQUIRE(kernels[1].last == r);
  REQUIRE(kernels[2].activation == -1);  // two nodes read it
  REQUIRE(kernels[3].main == relu);
}

TEST_CASE("networks are the same up to renumbering, and sums commute") {
  const auto build = [](bool swapped, bool concat) {
    Graph graph({4, 8, 8});
    const NodeId first = graph.add(swapped ? conv(4, 3) : conv(4, 1), NodeId{0});
    const NodeId second = graph.add(swapped ? conv(4, 1) : conv(4, 3), NodeId{0});
    if (concat) graph.add(Concat{}, {first, second});
    else graph.add(Add{}, {first, second});
    return graph;
  };
  REQUIRE(same_network(build(false, false), build(true, false)));
  REQUIRE(network_hash(build(false, false)) == network_hash(build(true, false)));
  REQUIRE_FALSE(same_network(build(false, true), build(true, true)));
  REQUIRE_FALSE(same_network(build(false, false), build(false, true)));
}

TEST_CASE("one shared convolution is not two equal ones") {
  Graph shared({4, 8, 8});
  const NodeId once = shared.add(conv(4), NodeId{0});
  shared.add(Add{}, {once, once});
  Graph twice({4, 8, 8});
  const NodeId a = twice.add(conv(4), NodeId{0}), b = twice.add(conv(4), NodeId{0});
  twice.add(Add{}, {a, b});
  REQUIRE_FALSE(same_network(shared, twice));
}

TEST_CASE("places that colours cannot tell apart are paired exactly") {
  // Two symmetric pairs: refinement leaves them one colour, so the exact answer has to come from the pairing.
  const auto build = [](bool crossed) {
    Graph graph({4, 8, 8});
    const NodeId a = graph.add(conv(4), NodeId{0}), b = graph.add(conv(4), NodeId{0});
    const NodeId c = graph.add(conv(4, 3), crossed ? b : a), d = graph.add(conv(4, 3), crossed ? a : b);
    graph.add(Add{}, {a, b, c, d});
    return graph;
  };
  REQUIRE(same_network(build(false), build(true)));
  Graph both({4, 8, 8});
  const NodeId a = both.add(conv(4), NodeId{0}), b = both.add(conv(4), NodeId{0});
  const NodeId c = both.add(conv(4, 3), a), d = both.add(conv(4, 3), a);
  both.add(Add{}, {a, b, c, d});
  REQUIRE_FALSE(same_network(build(false), both));
}

TEST_CASE("random weights have the sizes that the ops need and depend on the seed alone") {
  Graph graph({4, 8, 8});
  graph.add(BatchNorm{}, graph.add(conv(6, 3, 2), NodeId{0}));
  const Model model = random_model(graph, 7), again = random_model(graph, 7), other = random_model(graph, 8);
  REQUIRE(model.weights[1].kernel.size() == 6 * 2 * 9);
  REQUIRE(model.weights[1].bias.empty());
  REQUIRE(model.weights[2].variance.size() == 6);
  REQUIRE(model.weights[1].kernel == again.weights[1].kernel);
  REQUIRE(model.weights[1].kernel != other.weights[1].kernel);
}
