// Features of a graph: closed forms by kernel class, additivity, dead branches.
#include "predictors/features.hpp"

#include <algorithm>
#include <set>

#include "catch.hpp"
#include "predictors/totals.hpp"
#include "synthetic.hpp"

using namespace paretoforge;

namespace {

double feature(const std::vector<double>& values, const std::string& name) {
  const auto& list = feature_list();
  const auto found = std::find_if(list.begin(), list.end(), [&](const Feature& f) { return f.name == name; });
  REQUIRE(found != list.end());
  return values[static_cast<std::size_t>(found - list.begin())];
}

Conv convolution(int out, int kernel, int groups = 1) {
  Conv op;
  op.out = out;
  op.kernel = {kernel, kernel};
  op.groups = groups;
  op.pad = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
  return op;
}

}  // namespace

TEST_CASE("Feature names are unique and the additive ones come first") {
  std::set<std::string> names;
  for (const Feature& f : feature_list()) names.insert(f.name);
  CHECK(names.size() == feature_list().size());
  for (std::size_t i = 0; i < feature_list().size(); ++i)
    CHECK(feature_list()[i].additive == (i < additive_features()));
  CHECK(graph_features(Graph({1, 1, 1})).size() == feature_list().size());
}

TEST_CASE("Kernels are told apart by how they run") {
  Graph g({8, 6, 6});
  NodeId at = g.add(convolution(16, 3), 0);
  at = g.add(Activation{}, g.add(BatchNorm{}, at));
  at = g.add(convolution(16, 3, 16), at);
  at = g.add(convolution(32, 1), at);
  at = g.add(convolution(32, 1, 2), at);
  at = g.add(Add{}, {at, g.add(Pool{PoolKind::maximum, {3, 3}, {1, 1}, {1, 1, 1, 1}}, at)});
  at = g.add(Flatten{}, g.add(GlobalPool{}, at));
  g.add(Linear{10}, at);
  const auto f = graph_features(g);
  for (const char* kind : {"conv", "depthwise", "pointwise", "grouped", "add", "pool", "global_pool", "linear"})
    CHECK(feature(f, std::string(kind) + ".count") == 1);
  CHECK(feature(f, "activation.count") == 0);
  CHECK(feature(f, "conv.work") == 36 * 9 * 8 * 16);
  CHECK(feature(f, "conv.moved") == 36 * (8 + 16));
  CHECK(feature(f, "conv.weights") == 9 * 8 * 16 + 16);
  CHECK(feature(f, "conv.patches") == 36 * 9 * 8);
  CHECK(feature(f, "depthwise.work") == 36 * 9 * 16);
  CHECK(feature(f, "grouped.work") == 36 * 16 * 32);
  CHECK(feature(f, "linear.aligned_work") == 32 * 16);
  CHECK(feature(f, "graph.kernels") == 8);
  CHECK(feature(f, "graph.depth") == 8);
  CHECK(feature(f, "graph.peak_bytes") == static_cast<double>(totals(g).peak_activation_bytes));
  CHECK(feature(f, "graph.input_elements") == 8 * 36);
}

TEST_CASE("Additive features of two networks in a row are the sum of theirs") {
  const auto chain = [](int convolutions) {
    Graph g({16, 8, 8});
    NodeId at = 0;
    for (int i = 0; i < convolutions; ++i) at = g.add(convolution(16, 3), at);
    return graph_features(g);
  };
  const auto one = chain(1), five = chain(5);
  for (std::size_t i = 0; i < additive_features(); ++i) CHECK(five[i] == 5 * one[i]);
}

TEST_CASE("Dead branches show as written only") {
  Graph g({4, 8, 8});
  const NodeId live = g.add(convolution(4, 3), 0);
  g.add(convolution(4, 1), 0);
  g.set_output(live);
  const auto f = graph_features(g);
  CHECK(feature(f, "pointwise.count") == 0);
  CHECK(feature(f, "written.pointwise.count") == 1);
  CHECK(feature(f, "conv.count") == 1);
  CHECK(feature(f, "written.conv.count") == 1);
}

TEST_CASE("What is written twice is computed once, and then fuses with what wrote it") {
  // conv -> two ReLUs of it, each before a convolution: as converters leave it, conv + ReLU, conv, conv, add.
  Graph g({8, 6, 6});
  const NodeId stem = g.add(convolution(8, 3), 0);
  const NodeId left = g.add(convolution(8, 3), g.add(Activation{}, stem));
  const NodeId right = g.add(convolution(8, 1), g.add(Activation{}, stem));
  g.add(Add{}, {left, right});
  const auto f = graph_features(g);
  CHECK(feature(f, "activation.count") == 0);
  CHECK(feature(f, "graph.kernels") == 4);
  CHECK(feature(f, "written.activation.count") == 2);
  // A pooling that reads the tensor before the ReLU keeps the one ReLU apart.
  Graph apart = g;
  const NodeId pool = apart.add(Pool{PoolKind::average, {3, 3}, {1, 1}, {1, 1, 1, 1}}, stem);
  const NodeId again = apart.add(Pool{PoolKind::average, {3, 3}, {1, 1}, {1, 1, 1, 1}}, stem);
  apart.add(Add{}, {g.output(), pool, again});
  const auto a = graph_features(apart);
  CHECK(feature(a, "activation.count") == 1);
  CHECK(feature(a, "pool.count") == 1);
  CHECK(feature(a, "written.pool.count") == 2);
}

TEST_CASE("Layers that only look alike stay apart") {
  Graph g({8, 6, 6});
  const NodeId first = g.add(Pool{PoolKind::average, {3, 3}, {1, 1}, {1, 1, 1, 1}}, 0);
  const NodeId other_kind = g.add(Pool{PoolKind::maximum, {3, 3}, {1, 1}, {1, 1, 1, 1}}, 0);
  const NodeId other_input = g.add(Pool{PoolKind::average, {3, 3}, {1, 1}, {1, 1, 1, 1}}, first);
  const NodeId weights = g.add(convolution(8, 1), 0), more_weights = g.add(convolution(8, 1), 0);
  g.add(Add{}, {first, other_kind, other_input, weights, more_weights});
  const auto f = graph_features(g);
  CHECK(feature(f, "pool.count") == 3);
  CHECK(feature(f, "pointwise.count") == 2);
}

TEST_CASE("The widest cut, the largest tensor and the resolution are of the whole graph") {
  Graph g({4, 8, 6});
  const NodeId a = g.add(convolution(16, 3), 0), b = g.add(convolution(4, 1), 0), c = g.add(convolution(4, 3), 0);
  g.add(Concat{}, {a, b, c});
  const auto f = graph_features(g);
  CHECK(feature(f, "graph.widest") == 4);  // the three and what they are joined into
  CHECK(feature(f, "graph.largest") == 24 * 8 * 6);
  CHECK(feature(f, "graph.resolution") == 8);
}
