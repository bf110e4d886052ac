// Fake quantisation: its gradients, and that a network trained so is the integer model that the exporters make of it.
#include <ATen/ATen.h>
#undef CHECK  // glog's, which ends the program

#include <algorithm>
#include <filesystem>
#include <set>

#include "../exporters/networks.hpp"
#include "catch.hpp"
#include "exporters/integer_model.hpp"
#include "exporters/mixed_precision.hpp"
#include "exporters/reference.hpp"
#include "nets.hpp"
#include "space/space.hpp"
#include "trainers/fake_quantise_internal.hpp"
#include "trainers/quantised_network_internal.hpp"

using namespace paretoforge;

namespace {

at::Tensor tensor_of(const std::vector<float>& values, const Shape& shape) {
  const auto count = static_cast<std::int64_t>(values.size()) / shape.elements();
  return at::tensor(values).view({count, shape.channels, shape.height, shape.width}).contiguous(at::MemoryFormat::ChannelsLast);
}

/// Channels last, as the reference has them.
std::vector<int> integers(const at::Tensor& quanta, std::int64_t sample, std::int32_t zero_point) {
  const at::Tensor one = quanta[sample].permute({1, 2, 0}).contiguous().flatten();
  std::vector<int> result;
  for (std::int64_t i = 0; i < one.numel(); ++i) result.push_back(static_cast<int>(one.data_ptr<float>()[i]) + zero_point);
  return result;
}

/// A network some batches into its fake quantisation, and the model that comes of it.
struct Observed {
  TorchNetwork network;
  QuantisedNetwork quantised;
  Model model;

  Observed(const Model& first, const std::vector<float>& images)
      : network(first.graph), quantised(first.graph, network, 0.1), model(first) {
    network.load(first.weights);
    for (int batch = 0; batch < 3; ++batch)
      quantised.logits(tensor_of(images, first.graph.shape(0)) * (1 + 0.1 * batch), QuantisedNetwork::Mode::observing);
    model.weights = network.weights();
    model.ranges = quantised.observed().ranges;
  }
};

/// Values that differ from the reference's, in all steps and samples.
std::size_t differences(Observed& observed, const std::vector<float>& images, QuantisedNetwork::Mode mode, std::set<std::size_t>& ops) {
  const IntegerModel integer = quantised(observed.model);
  const auto size = static_cast<std::size_t>(observed.model.graph.shape(0).elements());
  std::vector<at::Tensor> quanta;
  observed.quantised.logits(tensor_of(images, observed.model.graph.shape(0)), mode,
                            [&](const IntegerStep&, const at::Tensor& value) { quanta.push_back(value.detach()); });
  IntegerInterpreter reference(integer);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < images.size() / size; ++i) {
    reference.run(quantised_input(integer, std::span(images).subspan(i * size, size)));
    for (std::size_t step = 0; step < quanta.size(); ++step) {
      const auto expected = reference.value(step);
      const std::vector<int> found = integers(quanta[step], static_cast<std::int64_t>(i), integer.nodes[step].output.zero_point);
      REQUIRE(found.size() == expected.size());
      for (std::size_t k = 0; k < found.size(); ++k) wrong += found[k] != expected[k];
      ops.insert(integer.nodes[step].op.index());
    }
  }
  return wrong;
}

Model with_bits(Model model, int bits) { return with_weight_bits(std::move(model), weighted_layers(model.graph), bits); }
Model with_mixed_bits(Model model) {
  std::vector<NodeId> layers = weighted_layers(model.graph), every_second;
  for (std::size_t i = 0; i < layers.size(); i += 2) every_second.push_back(layers[i]);
  return with_weight_bits(with_bits(std::move(model), 8), every_second, 4);
}

/// Exact in training and in evaluation.
void prove(const Model& model, int count, std::set<std::size_t>& ops) {
  const std::vector<float> images = test::random_images(model.graph.shape(0), count, 7);
  Observed observed(model, images);
  CHECK(differences(observed, images, QuantisedNetwork::Mode::evaluation, ops) == 0);
  CHECK(differences(observed, images, QuantisedNetwork::Mode::frozen, ops) == 0);
}

/// Whether two gradients point the same way and are about as long. Rounding to 8 bits is noise in a random network (cosines
/// from 0.977, lengths within a fifth, for three seeds); a factor that is missing would be far outside.
void check_alike(const at::Tensor& found, const at::Tensor& expected) {
  const double length = expected.norm().item<double>(), of_found = found.norm().item<double>();
  CHECK((found * expected).sum().item<double>() / (length * of_found) > 0.95);
  CHECK(of_found / length == Approx(1).epsilon(0.25));
}

}  // namespace

TEST_CASE("Rounding to quanta: ties to even, clipped; its gradient is that of the clip") {
  const at::Tensor x = at::tensor({0.5f, 1.5f, 2.5f, -0.5f, -3.0f, 9.0f}).view({1, 1, 1, 6});
  const at::Tensor y = requantised(x, at::tensor({1.0f}), -2, 5);
  CHECK(at::equal(y.flatten(), at::tensor({0.0f, 2.0f, 2.0f, 0.0f, -2.0f, 5.0f})));
  const at::Tensor halves = requantised(x.reshape({1, 2, 1, 3}), at::tensor({2.0f, 1.0f}), -9, 9);
  CHECK(at::equal(halves.flatten(), at::tensor({1.0f, 3.0f, 5.0f, 0.0f, -3.0f, 9.0f})));
}

TEST_CASE("The straight-through gradient is the difference quotient of what is not rounded") {
  const auto options = at::TensorOptions(at::kDouble);
  at::Tensor x = at::linspace(-4, 4, 24, options).view({1, 2, 3, 4}).clone().set_requires_grad(true);
  const at::Tensor factor = at::tensor({1.3, 0.7}, options), weight = at::arange(24, options).view({1, 2, 3, 4});
  (requantised(x, factor, -2, 3) * weight).sum().backward();
  const auto smooth = [&](const at::Tensor& at) { return (at * factor.view({1, 2, 1, 1})).clamp(-2, 3) * weight; };
  const double h = 1e-6;
  const at::Tensor expected = (smooth(x.detach() + h) - smooth(x.detach() - h)) / (2 * h);
  CHECK(at::allclose(x.grad(), expected, 1e-6, 1e-6));

  at::Tensor z = at::linspace(-2, 2, 9, options).set_requires_grad(true);
  const at::Tensor through = straight_through(z.detach().round(), z * z);
  CHECK(at::equal(through, z.detach().round()));
  through.sum().backward();
  CHECK(at::allclose(z.grad(), 2 * z.detach()));
}

TEST_CASE("Fake-quantised networks are the reference's integers, every op, int8, int4, one bit and mixed") {
  std::set<std::size_t> ops;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    const Model model = random_model(test::random_graph(seed), seed);
    prove(seed % 4 == 0 ? with_bits(model, 4) : seed % 4 == 1 ? with_mixed_bits(model) : seed % 4 == 2 ? with_bits(model, 1) : model, 3, ops);
  }
  for (const std::size_t op : {Op{Conv{}}.index(), Op{Linear{}}.index(), Op{Pool{}}.index(), Op{GlobalPool{}}.index(), Op{Activation{}}.index(),
                               Op{Add{}}.index(), Op{Concat{}}.index(), Op{Multiply{}}.index(), Op{ChannelShuffle{}}.index(), Op{Zero{}}.index(),
                               Op{Flatten{}}.index()})
    CHECK(ops.count(op) == 1);
}

TEST_CASE("A softmax inside a network, pools with padding by side and sums of many are exact") {
  Graph graph({3, 7, 7});
  const NodeId a = nets::conv_norm_relu(graph, 0, 6, 3, 1), b = nets::conv(graph, a, 6, 1, 1), c = nets::conv(graph, a, 6, 3, 1);
  const NodeId sum = graph.add(Activation{ActivationKind::relu6}, graph.add(Add{}, {a, b, c, a}));
  const NodeId pooled = graph.add(Pool{.kernel = {2, 2}, .stride = {1, 1}, .pad = {0, 0, 1, 1}}, sum);
  const NodeId far = graph.add(Pool{.kind = PoolKind::maximum, .kernel = {3, 3}, .stride = {2, 2}, .pad = {2, 0, 0, 1}}, pooled);
  const NodeId gate = graph.add(Softmax{}, graph.add(Linear{.out = 6}, graph.add(GlobalPool{}, far)));
  graph.add(Softmax{}, graph.add(Linear{.out = 4}, graph.add(Flatten{}, graph.add(Multiply{}, {far, gate}))));
  std::set<std::size_t> ops;
  prove(random_model(graph, 3), 8, ops);
  CHECK(ops.count(Op{Softmax{}}.index()) == 1);
}

TEST_CASE("Fake-quantised networks of the spaces that ship are the reference's integers") {
  namespace fs = std::filesystem;
  std::set<std::size_t> ops;
  for (const char* name : {"nasbench201", "nasbench_macro", "audio_1d", "tiny_image", "mobile"}) {
    const Space space = Space::load(fs::path(PARETOFORGE_SOURCE_DIR) / "configs/spaces" / (std::string(name) + ".yaml"));
    Random random(5);
    const Model model = random_model(space.decode(space.sample(random)), 1);
    INFO(name);
    prove(model, 1, ops);
    prove(with_mixed_bits(model), 1, ops);
  }
}

TEST_CASE("Gradients through fake quantisation are near those of the float network") {
  Graph graph({2, 8, 8});
  nets::classifier(graph, nets::separable(graph, nets::conv_norm_relu(graph, 0, 6, 3, 1), 8, 2), 4);
  const std::vector<float> images = test::random_images(graph.shape(0), 16, 3);
  const Model first = random_model(graph, 1);
  Observed observed(first, images);
  const at::Tensor batch = tensor_of(images, graph.shape(0)), wish = tensor_of(test::random_images({4, 1, 1}, 16, 1), {4, 1, 1}).flatten(1);
  const auto gradient = [&](TorchNetwork& network, const at::Tensor& outputs) {
    network.gradients().zero_();
    (outputs * wish).sum().backward();
    return network.gradients().clone();
  };

  SECTION("while ranges and statistics are observed") {
    TorchNetwork plain(graph);
    plain.load(observed.network.weights());
    const auto expected = gradient(plain, plain.logits(batch, TorchNetwork::Mode::training));
    const auto found = gradient(observed.network, observed.quantised.logits(batch, QuantisedNetwork::Mode::observing));
    check_alike(found, expected);
  }
  SECTION("once they are frozen: through the folded weights") {
    for (int i = 0; i < 50; ++i) observed.quantised.logits(batch, QuantisedNetwork::Mode::observing);  // until statistics are the batch's
    const Model plain = folded({graph, observed.network.weights(), {}, {}});
    TorchNetwork network(plain.graph);
    network.load(plain.weights);
    gradient(network, network.logits(batch, TorchNetwork::Mode::training));
    gradient(observed.network, observed.quantised.logits(batch, QuantisedNetwork::Mode::frozen));
    const Folding plan = folding(graph);
    for (NodeId id = 1; id < plan.graph.size(); ++id) {
      const auto& from = plan.nodes[static_cast<std::size_t>(id)];
      if (from.norm < 0) continue;
      const auto& norm = observed.network.layer(from.norm);
      const at::Tensor slope = norm.gamma.detach() / (norm.variance + batch_norm_epsilon).sqrt();
      check_alike(observed.network.layer(from.layer).kernel.grad(), network.layer(id).kernel.grad() * slope.view({-1, 1, 1, 1}));
      check_alike(norm.beta.grad(), network.layer(id).bias.grad());
    }
  }
}

TEST_CASE("Ranges: the mean of the first batches, then a moving average") {
  Graph graph({1, 1, 2});
  graph.add(Linear{.out = 1}, graph.add(Flatten{}, 0));
  TorchNetwork network(graph);
  network.initialise(1);
  QuantisedNetwork quantised(graph, network, 0.25);
  const auto observe = [&](float low, float high) {
    quantised.logits(at::tensor({low, high}).view({1, 1, 1, 2}), QuantisedNetwork::Mode::observing);
    return quantised.observed().ranges[0];
  };
  CHECK(observe(-1, 2).high == 2);
  CHECK(observe(-3, 4).low == -2);
  CHECK(observe(-2, 6).high == Approx(4));
  CHECK(observe(-2, 4).high == Approx(4));
  CHECK(observe(2, 8).low == Approx(-1));
  CHECK(quantised.observed().ranges[0].high == Approx(5));
  CHECK(quantised.observed().batches == 5);
}

TEST_CASE("What integers cannot hold is refused with the node named") {
  Graph graph({1, 4, 4});
  nets::classifier(graph, nets::conv_norm_relu(graph, 0, 4, 3, 1), 2);
  TorchNetwork network(graph);
  Graph wide = graph;
  wide.set_weight_bits(1, 16);
  CHECK_THROWS_WITH(QuantisedNetwork(wide, network, 0.1), ContainsSubstring("conv_1") && ContainsSubstring("16 bits"));
  wide = graph;
  wide.set_activation_bits(3, 16);
  CHECK_THROWS_WITH(QuantisedNetwork(wide, network, 0.1), ContainsSubstring("activations of 16 bits"));
  CHECK_THROWS_WITH(quantised(random_model(graph, 1)), ContainsSubstring("without ranges"));
  CHECK_THROWS_WITH(quantised_logits(random_model(graph, 1), Images{.shape = {1, 4, 4}, .pixels = LargeVector<std::uint8_t>(16), .labels = {0}}),
                    ContainsSubstring("no ranges"));
}
