// Networks with fewer channels inside: closed forms, what keeps its channels, every shipped space, training.
#include <string>

#include "catch.hpp"
#include "nets.hpp"
#include "space/random.hpp"
#include "space/space.hpp"
#include "trainers/trainer.hpp"

using namespace paretoforge;

namespace {

Conv pointwise(std::int32_t out, std::int32_t groups = 1) {
  return {.out = out, .kernel = {}, .stride = {}, .dilation = {}, .pad = {}, .groups = groups};
}

std::vector<std::int32_t> channels(const Graph& graph) {
  std::vector<std::int32_t> found;
  for (NodeId id = 0; id < graph.size(); ++id) found.push_back(graph.shape(id).channels);
  return found;
}

std::int64_t macs_of(const Graph& graph) {
  std::int64_t sum = 0;
  for (NodeId id = 1; id < graph.size(); ++id) sum += macs(graph.op(id), graph.shape(graph.inputs(id)[0]), graph.shape(id));
  return sum;
}

}  // namespace

TEST_CASE("A network of half the width has half of each layer's channels; what enters and leaves stays") {
  Graph graph({3, 8, 8});
  NodeId x = nets::conv_norm_relu(graph, 0, 16, 3, 1);
  x = nets::conv_norm_relu(graph, x, 16, 3, 1, 16);  // depthwise
  x = graph.add(pointwise(31), x);
  x = graph.add(Linear{.out = 12}, graph.add(Flatten{}, graph.add(GlobalPool{}, x)));
  graph.add(Linear{.out = 10}, x);
  CHECK(channels(at_width(graph, 0.5)) == std::vector<std::int32_t>{3, 8, 8, 8, 8, 8, 8, 16, 16, 16, 6, 10});
  CHECK(std::get<Conv>(at_width(graph, 0.5).op(4)).groups == 8);
  CHECK(channels(at_width(graph, 1e-3)) == std::vector<std::int32_t>{3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 10});
  CHECK(same_network(at_width(graph, 1), graph));
}

TEST_CASE("What is added to the input or the output keeps its channels") {
  Graph graph({4, 8, 8});
  const NodeId inside = graph.add(pointwise(8), NodeId{0});
  const NodeId back = graph.add(Activation{}, graph.add(BatchNorm{}, graph.add(pointwise(4), inside)));
  const NodeId sum = graph.add(Add{}, {0, back});
  const NodeId joined = graph.add(Concat{}, {graph.add(pointwise(6), sum), graph.add(pointwise(2), sum)});
  graph.add(GlobalPool{}, graph.add(Multiply{}, {joined, graph.add(GlobalPool{}, joined)}));
  CHECK(channels(at_width(graph, 0.5)) == std::vector<std::int32_t>{4, 4, 4, 4, 4, 4, 6, 2, 8, 8, 8, 8});
}

TEST_CASE("Widths are multiples of what the groups of a network need") {
  Graph graph({3, 8, 8});
  NodeId x = graph.add(pointwise(24), NodeId{0});
  x = graph.add(ChannelShuffle{3}, graph.add(pointwise(24, 4), x));
  x = graph.add(Add{}, {x, graph.add(Zero{{24, 8, 8}}, x)});
  x = graph.add(Conv{.out = 48, .kernel = {3, 3}, .stride = {}, .dilation = {}, .pad = {1, 1, 1, 1}, .groups = 24}, x);  // two filters a channel
  graph.add(Linear{.out = 5}, graph.add(GlobalPool{}, x));
  CHECK(channels(at_width(graph, 0.7)) == std::vector<std::int32_t>{3, 12, 12, 12, 12, 12, 24, 24, 5});
  CHECK(channels(at_width(graph, 0.8)) == std::vector<std::int32_t>{3, 24, 24, 24, 24, 24, 48, 48, 5});
}

TEST_CASE("Layers that do not fit at a width are named") {
  Graph graph({3, 8, 8});
  const NodeId x = graph.add(pointwise(10), NodeId{0});
  const NodeId joined = graph.add(Concat{}, {graph.add(pointwise(5), x), graph.add(pointwise(5), x)});
  graph.add(Linear{.out = 2}, graph.add(GlobalPool{}, graph.add(Add{}, {x, joined})));
  CHECK(channels(at_width(graph, 0.4)) == std::vector<std::int32_t>{3, 4, 2, 2, 4, 4, 4, 2});
  CHECK_THROWS_WITH(at_width(graph, 0.5), "the network cannot be trained at width 0.500000: add does not fit its input 5x8x8 and 6x8x8: all must have one shape");
}

TEST_CASE("Every shipped space's networks can be made thinner, and cost less the thinner they are") {
  for (const char* name : {"nasbench201", "tiny_image", "mobile", "audio_1d", "nasbench_macro", "fbnet", "ofa_mobilenetv3"}) {
    const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
    Random random(2);
    for (int i = 0; i < 20; ++i) {
      const Graph graph = space.decode(space.sample(random));
      const Graph half = at_width(graph, 0.5), quarter = at_width(graph, 0.25);
      INFO(name << ' ' << macs_of(graph) << ' ' << macs_of(half) << ' ' << macs_of(quarter));
      CHECK(half.shape(half.output()) == graph.shape(graph.output()));
      CHECK(macs_of(half) < 0.6 * static_cast<double>(macs_of(graph)));
      CHECK(macs_of(quarter) < macs_of(half));
    }
  }
}
