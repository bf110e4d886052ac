// ONNX models made by hand become graphs whose costs are known in closed form.
#include "predictors/onnx.hpp"

#include <string>
#include <vector>

#include "catch.hpp"
#include "onnx_maker.hpp"
#include "predictors/totals.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

Graph read(const OnnxMaker& maker) { return read_onnx(maker.bytes(), "test.onnx"); }

/// How many nodes of a kind the network has.
template <class Kind>
int count(const Graph& graph) {
  int found = 0;
  for (NodeId id = 0; id < graph.size(); ++id) found += std::holds_alternative<Kind>(graph.op(id));
  return found;
}
int count(const Graph& graph, ActivationKind kind) {
  int found = 0;
  for (NodeId id = 0; id < graph.size(); ++id) found += graph.op(id) == Op{Activation{kind}};
  return found;
}

/// Convolution, ReLU6, sum, pool, flatten, classifier, as operator set `opset` writes them.
OnnxMaker small_cnn(int opset) {
  OnnxMaker m(opset);
  m.input("x", {symbolic, 3, 16, 16});
  m.weight("w1", {8, 3, 3, 3});
  m.weight("b1", {8});
  m.weight("w2", {8, 1, 3, 3});
  m.weight("w3", {10, 8});
  m.weight("b3", {10});
  m.node("Conv", {"x", "w1", "b1"}, "c1", {{"strides", Dims{2, 2}}, {"pads", Dims{1, 1, 1, 1}}});
  if (opset < 11) {
    m.node("Clip", {"c1"}, "r1", {{"min", 0.0f}, {"max", 6.0f}});
  } else {
    m.scalar("zero", 0), m.scalar("six", 6);
    m.node("Clip", {"c1", "zero", "six"}, "r1");
  }
  m.node("Conv", {"r1", "w2"}, "c2", {{"group", std::int64_t{8}}, {"auto_pad", std::string("SAME_UPPER")}});
  m.node("Add", {"c2", "r1"}, "s");
  m.node("Relu", {"s"}, "r2");
  m.node("MaxPool", {"r2"}, "p", {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
  m.node("GlobalAveragePool", {"p"}, "g");
  if (opset < 13) {
    m.node("Squeeze", {"g"}, "f", {{"axes", Dims{2, 3}}});
  } else {
    m.ints("axes", {2, 3});
    m.node("Squeeze", {"g", "axes"}, "f");
  }
  m.node("Gemm", {"f", "w3", "b3"}, "y", {{"transB", std::int64_t{1}}});
  m.output("y", {symbolic, 10});
  return m;
}

}  // namespace

TEST_CASE("onnx: a convolutional network of every operator set from 7 to 21") {
  Graph first({1, 1, 1});
  for (int opset = 7; opset <= 21; ++opset) {
    INFO("operator set " << opset);
    const Graph graph = read(small_cnn(opset));
    const Totals sums = totals(graph);
    CHECK(sums.macs == 8 * 8 * 8 * 27 + 8 * 8 * 8 * 9 + 80);
    CHECK(sums.params == 8 * 27 + 8 + 72 + 80 + 10);
    CHECK(sums.weight_bytes == 8 * 27 + 8 * 4 + 72 + 80 + 40);
    if (opset == 7) first = graph;
    CHECK(same_network(graph, first));
  }
  Graph made({3, 16, 16});
  const NodeId r1 = made.add(
      Activation{ActivationKind::relu6},
      made.add(Conv{.out = 8, .kernel = {3, 3}, .stride = {2, 2}, .dilation = {}, .pad = {1, 1, 1, 1}, .bias = true},
               NodeId{0}));
  const NodeId c2 =
      made.add(Conv{.out = 8, .kernel = {3, 3}, .stride = {}, .dilation = {}, .pad = {1, 1, 1, 1}, .groups = 8}, r1);
  const NodeId pool =
      made.add(Pool{PoolKind::maximum, {2, 2}, {2, 2}, {}}, made.add(Activation{}, made.add(Add{}, {c2, r1})));
  made.add(Linear{.out = 10}, made.add(GlobalPool{}, pool));
  CHECK(same_network(first, made));
}

TEST_CASE("onnx: operators that the installed onnx does not know are read as their last known form") {
  for (const int opset : {17, 18, 21}) {
    INFO("operator set " << opset);
    OnnxMaker m(opset);
    m.input("x", {1, 8, 6, 4});
    m.ints("axes", {2, 3});
    m.ints("starts", {0}), m.ints("ends", {3}), m.ints("axis", {1});
    m.node("Slice", {"x", "starts", "ends", "axis"}, "s");
    opset < 18 ? m.node("ReduceMean", {"s"}, "r", {{"axes", Dims{2, 3}}, {"keepdims", std::int64_t{0}}})
               : m.node("ReduceMean", {"s", "axes"}, "r", {{"keepdims", std::int64_t{0}}});
    m.output("r");
    const Graph graph = read(m);
    CHECK(graph.shape(graph.output()) == Shape{3, 1, 1});
    CHECK(count<GlobalPool>(graph) == 1);
    CHECK(count<Rearrange>(graph) == 1);
  }
  OnnxMaker split(18);
  split.input("x", {1, 7, 4});
  split.nodes("Split", {"x"}, {"a", "b"}, {{"axis", std::int64_t{1}}, {"num_outputs", std::int64_t{2}}});
  split.output("a"), split.output("b");
  CHECK(read(split).shape(read(split).output()).elements() == 28);
}

TEST_CASE("onnx: weights and activations in QDQ form give integer widths and no ops of their own") {
  OnnxMaker m(21);
  m.input("x", {1, 4, 8, 8});
  m.scalar("s", 0.1f);
  m.weight("z8", {}, onnx::TensorProto::UINT8, 8);
  m.weight("z16", {}, onnx::TensorProto::INT16, 16);
  m.weight("w", {16, 4, 3, 3}, 22, 4);  // INT4
  m.weight("b", {16}, onnx::TensorProto::INT32, 32);
  m.node("QuantizeLinear", {"x", "s", "z8"}, "xq");
  m.node("DequantizeLinear", {"xq", "s", "z8"}, "xd");
  m.node("DequantizeLinear", {"w", "s"}, "wd");
  m.node("DequantizeLinear", {"b", "s"}, "bd");
  m.node("Conv", {"xd", "wd", "bd"}, "c");
  m.node("QuantizeLinear", {"c", "s", "z16"}, "cq");
  m.node("DequantizeLinear", {"cq", "s", "z16"}, "cd");
  m.node("Relu", {"cd"}, "y");
  m.output("y");
  const Graph graph = read(m);
  REQUIRE(graph.size() == 3);
  CHECK(std::get<Conv>(graph.op(1)).weight_bits == 4);
  CHECK(graph.node(1).activation_bits == 16);
  CHECK(totals(graph).weight_bytes == 16 * 36 / 2 + 64);
}

TEST_CASE("onnx: QLinear and integer operators are the layers that they quantise") {
  OnnxMaker m(13);
  m.input("x", {1, 4, 8, 8}, onnx::TensorProto::UINT8);
  m.scalar("s", 0.1f);
  m.weight("z", {}, onnx::TensorProto::UINT8, 8);
  m.weight("w", {16, 4, 1, 1}, onnx::TensorProto::INT8, 8);
  m.weight("b", {16}, onnx::TensorProto::INT32, 32);
  m.weight("v", {16, 5}, onnx::TensorProto::INT8, 8);
  m.node("QLinearConv", {"x", "s", "z", "w", "s", "z", "s", "z", "b"}, "c");
  m.node("QLinearAdd", {"c", "s", "z", "c", "s", "z", "s", "z"}, "a", {}, "com.microsoft");
  m.node("QLinearGlobalAveragePool", {"a", "s", "z", "s", "z"}, "g", {}, "com.microsoft");
  m.node("Flatten", {"g"}, "f");
  m.node("QLinearMatMul", {"f", "s", "z", "v", "s", "z", "s", "z"}, "y");
  m.output("y");
  const Totals sums = totals(read(m));
  CHECK(sums.macs == 64 * 16 * 4 + 80);
  CHECK(sums.params == 64 + 16 + 80);
}

namespace {

constexpr std::int64_t tokens = 10, width = 32, heads = 4, hidden = 64, vocabulary = 100;

enum class Written { fused, decomposed };

std::string layer_norm(OnnxMaker& m, const std::string& x, const std::string& name, Written form) {
  m.weight(name + ".g", {width});
  m.weight(name + ".b", {width});
  if (form == Written::fused)
    return m.node("LayerNormalization", {x, name + ".g", name + ".b"}, name, {{"axis", std::int64_t{-1}}});
  m.scalar(name + ".two", 2), m.scalar(name + ".e", 1e-5f);
  m.node("ReduceMean", {x}, name + ".m", {{"axes", Dims{-1}}});
  m.node("Sub", {x, name + ".m"}, name + ".d");
  m.node("Pow", {name + ".d", name + ".two"}, name + ".q");
  m.node("ReduceMean", {name + ".q"}, name + ".v", {{"axes", Dims{-1}}});
  m.node("Add", {name + ".v", name + ".e"}, name + ".ve");
  m.node("Sqrt", {name + ".ve"}, name + ".s");
  m.node("Div", {name + ".d", name + ".s"}, name + ".n");
  m.node("Mul", {name + ".n", name + ".g"}, name + ".ng");
  return m.node("Add", {name + ".ng", name + ".b"}, name);
}

std::string gelu(OnnxMaker& m, const std::string& x, Written form) {
  if (form == Written::fused) return m.node("Gelu", {x}, "gelu", {}, "com.microsoft");
  m.scalar("root", 1.4142135f), m.scalar("one", 1), m.scalar("half", 0.5f);
  m.node("Div", {x, "root"}, "g1");
  m.node("Erf", {"g1"}, "g2");
  m.node("Add", {"g2", "one"}, "g3");
  m.node("Mul", {x, "g3"}, "g4");
  return m.node("Mul", {"g4", "half"}, "gelu");
}

std::string dense(OnnxMaker& m, const std::string& x, const std::string& name, std::int64_t in, std::int64_t out) {
  m.weight(name + ".w", {in, out});
  m.weight(name + ".b", {out});
  m.node("MatMul", {x, name + ".w"}, name + ".p");
  return m.node("Add", {name + ".b", name + ".p"}, name);
}

std::string split_heads(OnnxMaker& m, const std::string& x, const std::string& name, const Dims& order) {
  m.node("Reshape", {x, "heads"}, name + ".r");
  return m.node("Transpose", {name + ".r"}, name, {{"perm", order}});
}

/// One encoder block (Vaswani et al. 2017) behind a table of embeddings, with a classifier on the mean.
OnnxMaker transformer(Written form) {
  OnnxMaker m(17);
  m.input("ids", {symbolic, tokens}, onnx::TensorProto::INT64);
  m.weight("table", {vocabulary, width});
  m.weight("position", {1, tokens, width});
  m.ints("heads", {0, 0, heads, width / heads});
  m.ints("merged", {0, 0, -1});
  m.scalar("scale", 0.35f);
  m.node("Gather", {"table", "ids"}, "e");
  m.node("Add", {"e", "position"}, "x");
  const std::string normed = layer_norm(m, "x", "ln1", form);
  const std::string q = split_heads(m, dense(m, normed, "q", width, width), "qh", {0, 2, 1, 3});
  const std::string k = split_heads(m, dense(m, normed, "k", width, width), "kh", {0, 2, 3, 1});
  const std::string v = split_heads(m, dense(m, normed, "v", width, width), "vh", {0, 2, 1, 3});
  m.node("MatMul", {q, k}, "scores");
  m.node("Mul", {"scores", "scale"}, "scaled");
  m.node("Softmax", {"scaled"}, "weights", {{"axis", std::int64_t{-1}}});
  m.node("MatMul", {"weights", v}, "mixed");
  m.node("Transpose", {"mixed"}, "back", {{"perm", Dims{0, 2, 1, 3}}});
  m.node("Reshape", {"back", "merged"}, "joined");
  m.node("Add", {"x", dense(m, "joined", "o", width, width)}, "y1");
  const std::string inner = gelu(m, dense(m, layer_norm(m, "y1", "ln2", form), "f1", width, hidden), form);
  m.node("Add", {"y1", dense(m, inner, "f2", hidden, width)}, "y2");
  m.node("ReduceMean", {"y2"}, "mean", {{"axes", Dims{1}}, {"keepdims", std::int64_t{0}}});
  m.output(dense(m, "mean", "head", width, 5), {symbolic, 5});
  return m;
}

}  // namespace

TEST_CASE("onnx: a transformer's costs in closed form, its norms and gelu fused or written out") {
  const std::int64_t layers = tokens * (4 * width * width + 2 * width * hidden) + width * 5;
  const std::int64_t attention = 2 * tokens * tokens * width;
  const std::int64_t params = vocabulary * width + tokens * width + 2 * 2 * width + 4 * (width * width + width) +
                              (width * hidden + hidden) + (hidden * width + width) + width * 5 + 5;
  const Graph fused = read(transformer(Written::fused)), decomposed = read(transformer(Written::decomposed));
  for (const Graph* graph : {&fused, &decomposed}) {
    const Totals sums = totals(*graph);
    CHECK(sums.macs == layers + attention);
    CHECK(sums.params == params);
    CHECK(count<LayerNorm>(*graph) == 2);
    CHECK(count<MatMul>(*graph) == 2);
    CHECK(count(*graph, ActivationKind::gelu) == 1);
    CHECK(count<Softmax>(*graph) == 1);
    CHECK(count<Opaque>(*graph) == 0);
    CHECK(graph->shape(graph->output()) == Shape{5, 1, 1});
    // Scores and weights of all heads stand beside the values and the residual.
    CHECK(sums.peak_activation_bytes >= 2 * heads * tokens * tokens);
  }
  CHECK(same_network(fused, decomposed));
  REQUIRE(first_imported_only(fused));
}

TEST_CASE("onnx: activations written out are put together") {
  OnnxMaker m(13);
  m.input("x", {1, 8, 4, 4});
  m.scalar("three", 3), m.scalar("six", 6), m.scalar("zero", 0);
  m.node("Add", {"x", "three"}, "a");
  m.node("Clip", {"a", "zero", "six"}, "b");
  m.node("Mul", {"x", "b"}, "c");
  m.node("Div", {"c", "six"}, "swish");
  m.node("Sigmoid", {"swish"}, "s");
  m.node("Mul", {"swish", "s"}, "silu");
  m.node("HardSigmoid", {"silu"}, "h", {{"alpha", 1.0f / 6}});
  m.node("Mul", {"h", "silu"}, "again");
  m.output("again");
  const Graph graph = read(m);
  CHECK(graph.size() == 4);
  CHECK(count(graph, ActivationKind::hard_swish) == 2);
  CHECK(count(graph, ActivationKind::silu) == 1);
}

TEST_CASE("onnx: shapes that a model computes from its own are known") {
  OnnxMaker m(13);
  m.input("x", {symbolic, 6, 4, 5});
  m.ints("zero", {0}), m.ints("minus", {-1});
  m.node("Shape", {"x"}, "shape");
  m.node("Gather", {"shape", "zero"}, "batch");
  m.node("Concat", {"batch", "minus"}, "wanted", {{"axis", std::int64_t{0}}});
  m.node("Reshape", {"x", "wanted"}, "y");
  m.output("y");
  const Graph graph = read(m);
  CHECK(graph.shape(graph.output()) == Shape{120, 1, 1});
  CHECK(count<Flatten>(graph) == 1);
}

TEST_CASE("onnx: a convolution of signals, and three dimensions as sequence or signal") {
  OnnxMaker m(13);
  m.input("x", {1, 40, 100});
  m.weight("w", {64, 40, 5});
  m.node("Conv", {"x", "w"}, "c", {{"pads", Dims{2, 2}}, {"strides", Dims{2}}});
  m.node("Relu", {"c"}, "r");
  m.node("Transpose", {"r"}, "t", {{"perm", Dims{0, 2, 1}}});
  m.weight("v", {64, 16});
  m.node("MatMul", {"t", "v"}, "p");
  m.output("p");
  const Graph graph = read(m);
  CHECK(totals(graph).macs == 50 * 64 * 200 + 50 * 64 * 16);
  CHECK(graph.shape(graph.output()) == Shape{16, 1, 50});
}

TEST_CASE("onnx: what is not known keeps its name, its shape and what can be counted") {
  OnnxMaker m(17);
  m.input("x", {1, 8, 4, 4});
  m.weight("w", {8, 3, 2, 2});
  m.node("ConvTranspose", {"x", "w"}, "up", {{"strides", Dims{2, 2}}});
  m.node("Fold", {"up"}, "folded", {}, "com.acme");
  m.node("Relu", {"folded"}, "r");
  m.node("Hardmax", {"r"}, "h");
  m.output("h");
  Graph graph = read(m);
  CHECK(count<Opaque>(graph) == 3);
  CHECK(std::get<Opaque>(graph.op(1)).text() == "ConvTranspose");
  CHECK(graph.shape(1) == Shape{3, 8, 8});
  CHECK(totals(graph).macs == 8 * 16 * 12);
  CHECK(totals(graph).params == 96);
  CHECK(std::get<Opaque>(graph.op(2)).text() == "com.acme.Fold (shape assumed)");
  CHECK(graph.shape(2) == Shape{3, 8, 8});
  auto& info = *m.model.mutable_graph()->add_value_info();
  info.set_name("folded");
  info.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  for (const int dim : {1, 12, 4, 4})
    info.mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
  graph = read(m);
  CHECK(std::get<Opaque>(graph.op(2)).text() == "com.acme.Fold");
  CHECK(graph.shape(2) == Shape{12, 4, 4});
}

TEST_CASE("onnx: several inputs and outputs") {
  OnnxMaker m(17);
  m.input("a", {1, 4, 8, 8});
  m.input("b", {1, 4, 8, 8});
  m.node("Add", {"a", "b"}, "s");
  m.node("Relu", {"s"}, "r");
  m.output("s"), m.output("r");
  const Graph graph = read(m);
  CHECK(graph.shape(graph.output()) == Shape{512, 1, 1});
  CHECK(count<Rearrange>(graph) == 1);
}

TEST_CASE("onnx: recurrent layers and einsum count what they multiply") {
  OnnxMaker m(17);
  m.input("x", {12, 1, 20});
  m.model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(1);
  m.weight("w", {1, 4 * 16, 20});
  m.weight("r", {1, 4 * 16, 16});
  m.nodes("LSTM", {"x", "w", "r"}, {"y"}, {{"hidden_size", std::int64_t{16}}});
  m.output("y");
  CHECK(totals(read(m)).macs == 64 * 36);
  OnnxMaker e(17);
  e.input("x", {1, 3, 7, 5});
  e.weight("w", {3, 5, 11});
  e.node("Einsum", {"x", "w"}, "y", {{"equation", std::string("bhtd,hde->bhte")}});
  e.output("y");
  CHECK(totals(read(e)).macs == 3 * 7 * 5 * 11);
  CHECK(read(e).shape(1) == Shape{3, 7, 11});
}
