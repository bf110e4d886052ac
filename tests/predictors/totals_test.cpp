// Exact totals: closed forms on small graphs.
#include "predictors/totals.hpp"

#include <stdexcept>

#include "catch.hpp"

using namespace paretoforge;

namespace {

NodeId conv(Graph& graph, NodeId input, int out, int kernel, int stride = 1, bool norm = true, bool relu = true) {
  Conv op;
  op.out = out;
  op.kernel = {kernel, kernel};
  op.stride = {stride, stride};
  const int pad = kernel / 2;
  op.pad = {pad, pad, pad, pad};
  NodeId id = graph.add(op, input);
  if (norm) id = graph.add(BatchNorm{}, id);
  if (relu) id = graph.add(Activation{}, id);
  return id;
}

/// The residual network of MLPerf Tiny: three stages of 16, 32 and 64 channels on 3x32x32.
Graph resnet8() {
  Graph g({3, 32, 32});
  NodeId at = conv(g, 0, 16, 3);
  int in = 16;
  for (const int width : {16, 32, 64}) {
    const int stride = width == 16 ? 1 : 2;
    const NodeId branch = conv(g, conv(g, at, width, 3, stride), width, 3, 1, true, false);
    const NodeId skip = width == in ? at : conv(g, at, width, 1, stride, false, false);
    at = g.add(Activation{}, g.add(Add{}, {branch, skip}));
    in = width;
  }
  at = g.add(Flatten{}, g.add(GlobalPool{}, at));
  g.add(Softmax{}, g.add(Linear{10}, at));
  return g;
}

}  // namespace

TEST_CASE("The residual network of MLPerf Tiny") {
  const Totals t = totals(resnet8());
  CHECK(t.macs == 12'501'632);
  CHECK(t.macs == t.macs_as_written);
  CHECK(t.peak_activation_bytes == 49'152);
  CHECK(t.exact());
}

TEST_CASE("Weight bytes: bits rounded up per tensor, int32 biases where there is a bias or a norm") {
  Graph g({3, 4, 4});
  const NodeId first = conv(g, 0, 5, 1);                        // 15 weights, norm: 5 biases
  const NodeId second = conv(g, first, 3, 3, 1, false, false);  // 135 weights, no bias
  const NodeId flat = g.add(Flatten{}, g.add(GlobalPool{}, second));
  g.add(Linear{7}, flat);  // 21 weights, 7 biases
  CHECK(totals(g).weight_bytes == 15 + 20 + 135 + 21 + 28);
  TotalsOptions four;
  four.weight_bits = 4;
  CHECK(totals(g, four).weight_bytes == 8 + 20 + 68 + 11 + 28);
  TotalsOptions real;
  real.weight_bits = 32, real.activation_bits = 32;
  CHECK(totals(g, real).weight_bytes == 4 * (15 + 5 + 135 + 21 + 7));
  CHECK(totals(g, real).peak_activation_bytes == 4 * totals(g).peak_activation_bytes);
  CHECK(totals(g).params == 15 + 10 + 135 + 28);
  TotalsOptions wrong;
  wrong.weight_bits = 0;
  CHECK_THROWS_AS(totals(g, wrong), std::invalid_argument);
}

TEST_CASE("A norm by itself is a depthwise convolution of 1x1") {
  Graph g({6, 4, 4});
  g.add(BatchNorm{}, 0);
  CHECK(totals(g).weight_bytes == 6 + 24);
  CHECK(totals(g).params == 12);
  CHECK(totals(g).macs == 0);
}

TEST_CASE("Flatten is a view, activations are fused, 16-bit tensors take twice the room") {
  Graph g({2, 8, 8});
  const NodeId a = conv(g, 0, 4, 3);
  g.add(Linear{3}, g.add(Flatten{}, a));
  CHECK(totals(g).peak_activation_bytes == 128 + 256);
  g.set_activation_bits(a, 16);
  CHECK(totals(g).peak_activation_bytes == 128 + 512);
}

TEST_CASE("Dead branches count as written only; a network without a path costs nothing") {
  Graph g({2, 8, 8});
  const NodeId live = conv(g, 0, 4, 3);
  const NodeId zero = g.add(Zero{{2, 8, 8}}, NodeId{0});
  const NodeId dead = conv(g, zero, 4, 3);
  g.add(Add{}, {live, dead});
  const Totals t = totals(g);
  CHECK(t.macs == 2 * 4 * 9 * 64);
  CHECK(t.macs_as_written == 2 * t.macs);
  CHECK(t.params_as_written == 2 * t.params);

  Graph nothing({2, 8, 8});
  nothing.add(Zero{{10, 1, 1}}, NodeId{0});
  const Totals none = totals(nothing);
  CHECK(none.macs == 0);
  CHECK(none.weight_bytes == 0);
  CHECK(none.peak_activation_bytes == 128 + 10);
}

TEST_CASE("A network that is its input") {
  const Totals t = totals(Graph({3, 5, 7}));
  CHECK(t.peak_activation_bytes == 105);
  CHECK(t.macs == 0);
}

TEST_CASE("Totals are found by name") {
  for (const TotalKind& kind : total_kinds()) CHECK(find_total(kind.name) == &kind);
  CHECK(find_total("mac") == nullptr);
  CHECK(totals(resnet8()).*find_total("macs")->value == 12'501'632);
}
