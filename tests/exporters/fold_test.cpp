// Folding and the float interpreter: closed forms first, then the folded network against the one it came from.
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "networks.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {
std::vector<float> run_op(const Shape& shape, const Op& op, const std::vector<float>& input) {
  Graph graph(shape);
  graph.add(op, NodeId{0});
  return run_float({graph, std::vector<Weights>(2), {}, {}}, input);
}
}  // namespace

TEST_CASE("each activation in closed form") {
  const std::vector<float> x{-4, -3, -1, 0, 1, 3, 7};
  CHECK(run_op({7, 1, 1}, act(ActivationKind::relu), x) == std::vector<float>{0, 0, 0, 0, 1, 3, 7});
  CHECK(run_op({7, 1, 1}, act(ActivationKind::relu6), x) == std::vector<float>{0, 0, 0, 0, 1, 3, 6});
  CHECK(run_op({7, 1, 1}, act(ActivationKind::hard_sigmoid), x)[5] == 1.0f);
  CHECK(run_op({7, 1, 1}, act(ActivationKind::hard_sigmoid), x)[3] == 0.5f);
  CHECK(run_op({7, 1, 1}, act(ActivationKind::hard_swish), x)[4] == Approx(2.0 / 3));
  CHECK(run_op({7, 1, 1}, act(ActivationKind::hard_swish), x)[6] == 7.0f);
  CHECK(run_op({7, 1, 1}, act(ActivationKind::sigmoid), x)[2] == Approx(1 / (1 + std::exp(1.0))));
}

TEST_CASE("pools count only what lies inside the image") {
  const Shape shape{1, 2, 2};
  const Pool average{.kind = PoolKind::average, .kernel = {3, 3}, .stride = {}, .pad = {1, 1, 1, 1}};
  CHECK(run_op(shape, average, {1, 2, 3, 6}) == std::vector<float>{3, 3, 3, 3});
  Pool greatest = average;
  greatest.kind = PoolKind::maximum;
  CHECK(run_op(shape, greatest, {-1, -2, -3, -6}) == std::vector<float>{-1, -1, -1, -1});
  CHECK(run_op({2, 1, 2}, GlobalPool{}, {1, 3, 10, 20}) == std::vector<float>{2, 15});
  CHECK(run_op({2, 1, 2}, GlobalPool{.kind = PoolKind::maximum}, {1, 3, 10, 20}) == std::vector<float>{3, 20});
}

TEST_CASE("shuffle, flatten, softmax and zero in closed form") {
  CHECK(run_op({4, 1, 1}, ChannelShuffle{.groups = 2}, {0, 1, 2, 3}) == std::vector<float>{0, 2, 1, 3});
  CHECK(run_op({6, 1, 1}, ChannelShuffle{.groups = 3}, {0, 1, 2, 3, 4, 5}) == std::vector<float>{0, 2, 4, 1, 3, 5});
  CHECK(run_op({2, 1, 2}, Flatten{}, {1, 2, 3, 4}) == std::vector<float>{1, 2, 3, 4});
  CHECK(run_op({2, 1, 1}, Softmax{}, {1000, 1000}) == std::vector<float>{0.5f, 0.5f});
  CHECK(run_op({2, 1, 1}, Zero{{3, 1, 1}}, {1, 2}) == std::vector<float>{0, 0, 0});
}

TEST_CASE("a convolution in closed form: padding by side, stride, dilation, groups") {
  Graph graph({2, 3, 3});
  Conv conv{
      .out = 2, .kernel = {2, 2}, .stride = {2, 2}, .dilation = {}, .pad = {0, 0, 1, 1}, .groups = 2, .bias = true};
  graph.add(conv, NodeId{0});
  Model model{graph, std::vector<Weights>(2), {}, {}};
  model.weights[1].kernel = {1, 2, 3, 4, 1, 0, 0, 0};
  model.weights[1].bias = {0.5f, 0};
  const std::vector<float> image{1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1};
  CHECK(run_float(model, image) ==
        std::vector<float>{1 + 4 + 12 + 20 + 0.5f, 3 + 18 + 0.5f, 7 + 16 + 0.5f, 9 + 0.5f, 9, 7, 3, 1});
  conv.dilation = {2, 2};
  conv.pad = {};
  Graph dilated({2, 3, 3});
  dilated.add(conv, NodeId{0});
  model.graph = dilated;
  CHECK(run_float(model, image) == std::vector<float>{1 + 6 + 21 + 36 + 0.5f, 9});
}

TEST_CASE("a folded network computes the same, without batch norms, and folds once") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Graph graph = random_graph(seed);
    const Model model = random_model(graph, seed), plain = folded(model);
    for (NodeId id = 0; id < plain.graph.size(); ++id) {
      CHECK(!std::holds_alternative<BatchNorm>(plain.graph.op(id)));
      if (std::holds_alternative<Add>(plain.graph.op(id))) CHECK(plain.graph.inputs(id).size() == 2);
    }
    const std::vector<float> image = random_images(graph.shape(0), 1, seed);
    const std::vector<float> expected = run_float(model, image), found = run_float(plain, image);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-3));
    CHECK(folded(plain).graph.size() == plain.graph.size());
    CHECK(run_float(folded(plain), image) == found);
  }
}

TEST_CASE("a norm whose layer has another reader does not touch that layer") {
  Graph graph({2, 4, 4});
  const NodeId conv = graph.add(conv_of(2, 3), NodeId{0});
  const NodeId norm = graph.add(BatchNorm{}, conv);
  graph.add(Add{}, {norm, conv});
  const Model model = random_model(graph, 5), plain = folded(model);
  CHECK(plain.graph.size() == 4);
  const std::vector<float> image = random_images({2, 4, 4}, 1, 1);
  const std::vector<float> expected = run_float(model, image), found = run_float(plain, image);
  for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-5));
}

TEST_CASE("dead ends are left out, and an add of zeros is zero") {
  Graph graph({2, 4, 4});
  const NodeId dead = graph.add(conv_of(5, 3), NodeId{0});
  const NodeId sum = graph.add(Add{}, {graph.add(Zero{{2, 4, 4}}, NodeId{0}), graph.add(Zero{{2, 4, 4}}, NodeId{0})});
  graph.set_output(graph.add(GlobalPool{}, sum));
  CHECK(dead == 1);
  const Model plain = folded(random_model(graph, 1));
  for (NodeId id = 0; id < plain.graph.size(); ++id) CHECK(!std::holds_alternative<Conv>(plain.graph.op(id)));
  CHECK(run_float(plain, random_images({2, 4, 4}, 1, 1)) == std::vector<float>{0, 0});
}

TEST_CASE("weights that are missing, of a wrong size or not finite are refused with the node named") {
  Graph graph({2, 4, 4});
  graph.add(BatchNorm{}, graph.add(conv_of(3, 3), NodeId{0}));
  const Model good = random_model(graph, 1);
  const auto refuses = [](const Model& model, const char* node) {
    CHECK_THROWS_WITH(folded(model), ContainsSubstring(node));
  };
  Model model = good;
  model.weights[1].kernel.pop_back();
  refuses(model, "conv_1");
  model = good;
  model.weights[1].kernel[0] = std::numeric_limits<float>::quiet_NaN();
  refuses(model, "conv_1");
  model = good;
  model.weights[2].variance[1] = -1;
  refuses(model, "norm_2");
  model = good;
  model.weights[2].gamma[1] = std::numeric_limits<float>::infinity();
  refuses(model, "norm_2");
  model = good;
  model.weights.pop_back();
  refuses(model, "one entry of weights per node");
  CHECK_THROWS_AS(run_float(good, std::vector<float>(3)), std::invalid_argument);
}

TEST_CASE("equal layers without weights become one, layers with weights never") {
  Graph graph({2, 4, 4});
  const Pool pool{.kind = PoolKind::average, .kernel = {3, 3}, .stride = {}, .pad = {1, 1, 1, 1}};
  const Conv conv{.out = 2, .kernel = {1, 1}, .stride = {}, .dilation = {}, .pad = {}, .groups = 1, .bias = false};
  const NodeId first = graph.add(pool, NodeId{0}), second = graph.add(pool, NodeId{0});
  const NodeId left = graph.add(conv, first), right = graph.add(conv, second);
  graph.set_output(graph.add(Add{}, std::vector<NodeId>{left, right}));
  const Model model = random_model(graph, 1), once = folded(model);
  CHECK(once.graph.size() == graph.size() - 1);
  const std::vector<float> image = random_images(graph.shape(0), 1, 2);
  CHECK(run_float(once, image) == run_float(model, image));
}
