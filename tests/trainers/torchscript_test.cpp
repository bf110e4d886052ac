// TorchScript archives: loaded again by LibTorch they do what the slow float interpreter does, for every op.
#include "trainers/torchscript.hpp"

#include <torch/script.h>

#include <cmath>
#include <set>
#include <sstream>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/networks.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

/// The greatest difference over the greatest output, of some samples.
double difference(const Model& model, const std::string& archive, int count, std::uint64_t seed) {
  const Shape& shape = model.graph.shape(0);
  const std::vector<float> samples = test::random_images(shape, count, seed);
  const std::vector<float> found = run_torchscript(archive, shape, samples);
  FloatInterpreter interpreter(model);
  double worst = 0, size = 1e-30;
  std::size_t at = 0;
  for (int i = 0; i < count; ++i) {
    const auto in = static_cast<std::size_t>(shape.elements());
    for (const float expected : interpreter.run(std::span(samples).subspan(static_cast<std::size_t>(i) * in, in))) {
      worst = std::max(worst, std::abs(double{expected} - double{found.at(at++)}));
      size = std::max(size, std::abs(double{expected}));
    }
  }
  REQUIRE(at == found.size());
  return worst / size;
}

double difference(const Graph& graph, std::uint64_t seed) {
  const Model model = random_model(graph, seed);
  return difference(model, torchscript(model), 3, seed);
}

Graph one_op(const Shape& input, const Op& op) {
  Graph graph(input);
  graph.add(op, NodeId{0});
  return graph;
}

}  // namespace

TEST_CASE("TorchScript of random networks gives what the float interpreter gives, every op met") {
  std::set<std::string> met;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const Graph graph = test::random_graph(seed);
    INFO("seed " << seed);
    CHECK(difference(graph, seed) < 1e-4);
    for (NodeId id = 0; id < graph.size(); ++id) met.emplace(op_name(graph.op(id)));
  }
  for (const char* name : {"conv", "linear", "pool", "norm", "relu", "relu6", "hard_swish", "hard_sigmoid", "sigmoid",
                           "add", "concat", "multiply", "shuffle", "zero", "flatten", "softmax", "global_pool"}) {
    INFO(name);
    CHECK(met.count(name) == 1);
  }
}

TEST_CASE("TorchScript pads as the network does: uneven, further than a window, averages of what is inside") {
  const Padding uneven{1, 2, 0, 3};
  for (const PoolKind kind : {PoolKind::average, PoolKind::maximum})
    for (const Padding& pad : {uneven, Padding{1, 1, 1, 1}, Padding{2, 2, 2, 2}, Padding{0, 1, 2, 1}}) {
      INFO(pad.top << ' ' << pad.left << ' ' << pad.bottom << ' ' << pad.right);
      CHECK(difference(one_op({3, 7, 6}, Pool{.kind = kind, .kernel = {3, 4}, .stride = {2, 3}, .pad = pad}), 1) <
            1e-5);
    }
  CHECK(difference(one_op({4, 5, 6}, Conv{.out = 6,
                                          .kernel = {3, 2},
                                          .stride = {2, 1},
                                          .dilation = {1, 2},
                                          .pad = uneven,
                                          .groups = 2,
                                          .bias = true}),
                   1) < 1e-5);
  // A kernel larger than the input.
  CHECK(difference(
            one_op({2, 1, 1}, Conv{.out = 3, .kernel = {5, 5}, .stride = {}, .dilation = {}, .pad = {2, 2, 2, 2}}), 1) <
        1e-5);
  CHECK(difference(one_op({2, 3, 3}, Flatten{}), 1) == 0);
  CHECK(difference(one_op({2, 3, 3}, Zero{{2, 3, 3}}), 1) == 0);
}

TEST_CASE("TorchScript of every shipped space and reference network") {
  for (const char* name : {"nasbench201", "tiny_image", "mobile", "audio_1d"}) {
    const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
    Random random(1);
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      INFO(name << ' ' << seed);
      CHECK(difference(space.decode(space.sample(random)), seed) < 1e-4);
    }
  }
}

TEST_CASE("a TorchScript archive names its weights as PyTorch does, holds its metadata, and is the same each time") {
  const Graph graph = test::seven_convs(8);
  const Model model = random_model(graph, 1);
  const TorchScriptOptions options{"found_7", {{"study", "tiny \"x\""}, {"trial", "7"}}};
  const std::string archive = torchscript(model, options);
  CHECK(archive == torchscript(model, options));
  std::istringstream stream(archive);
  torch::jit::ExtraFilesMap extra{{"metadata.json", ""}};
  const auto module = torch::jit::load(stream, at::kCPU, extra);
  CHECK(extra["metadata.json"] == R"({"study":"tiny \"x\"","trial":"7"})");
  CHECK_FALSE(module.is_training());
  std::set<std::string> names;
  std::int64_t numbers = 0;
  for (const auto& parameter : module.named_parameters())
    names.insert(parameter.name), numbers += parameter.value.numel();
  CHECK(names.count("conv_1.weight") == 1);
  CHECK(names.count("norm_2.bias") == 1);
  std::int64_t expected = 0;
  for (NodeId id = 1; id < graph.size(); ++id) expected += params(graph.op(id), graph.shape(graph.inputs(id)[0]));
  CHECK(numbers == expected);
}

TEST_CASE("what is no archive, and what cannot be one, is said") {
  Graph graph = one_op({3, 4, 4}, Conv{.out = 2, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}});
  Model model = random_model(graph, 1);
  CHECK_THROWS_AS(run_torchscript("not an archive", {3, 4, 4}, {}), std::runtime_error);
  const std::string archive = torchscript(model);
  CHECK_THROWS_AS(run_torchscript(archive.substr(0, archive.size() / 2), {3, 4, 4}, {}), std::runtime_error);
  CHECK_THROWS_AS(run_torchscript(archive, {3, 4, 4}, std::vector<float>(5)), std::invalid_argument);
  CHECK_THROWS_AS(run_torchscript(archive, {2, 4, 4}, std::vector<float>(32)), std::runtime_error);
  model.weights[1].kernel.pop_back();
  CHECK_THROWS_AS(torchscript(model), std::invalid_argument);
  CHECK_THROWS_AS(torchscript(random_model(one_op({3, 4, 4}, LayerNorm{}), 1)), std::invalid_argument);
}
