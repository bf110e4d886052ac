// ONNX operators one by one, in the forms that operator sets 7 to 21 and ONNX Runtime's optimisers give them.
#include <string>
#include <vector>

#include "catch.hpp"
#include "onnx_maker.hpp"
#include "predictors/features.hpp"
#include "predictors/onnx.hpp"
#include "predictors/totals.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

using Integer = std::int64_t;

Graph read(const OnnxMaker& maker) { return read_onnx(maker.bytes(), "test.onnx", "."); }
Shape output_shape(const OnnxMaker& maker) {
  const Graph graph = read(maker);
  return graph.shape(graph.output());
}

onnx::TensorProto& tensor_attribute(onnx::NodeProto& node, const std::string& key) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(key);
  attribute.set_type(onnx::AttributeProto::TENSOR);
  return *attribute.mutable_t();
}

}  // namespace

TEST_CASE("onnx: resizing by scales and by sizes, as each operator set writes it") {
  const auto floats = [](OnnxMaker& m, const std::string& name, const std::vector<float>& values) {
    auto& tensor = *m.model.mutable_graph()->add_initializer();
    tensor.set_name(name), tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(static_cast<Integer>(values.size()));
    for (const float value : values) tensor.add_float_data(value);
    return name;
  };
  const auto resized = [&](int opset, const std::vector<float>& scales, const Dims& sizes,
                           const std::vector<OnnxMaker::Attribute>& with = {}) {
    OnnxMaker m(opset);
    m.input("x", {1, 8, 6, 10});
    std::vector<std::string> in{"x"};
    if (opset > 10) in.push_back("");
    if (opset > 7) in.push_back(scales.empty() ? "" : floats(m, "scales", scales));
    if (!sizes.empty()) in.push_back(m.ints("sizes", sizes));
    auto& node = m.nodes(opset < 10 ? "Upsample" : "Resize", in, {"y"}, with);
    if (opset == 7) {
      auto& attribute = *node.add_attribute();
      attribute.set_name("scales"), attribute.set_type(onnx::AttributeProto::FLOATS);
      for (const float scale : scales) attribute.add_floats(scale);
    }
    m.output("y");
    return output_shape(m);
  };
  for (const int opset : {7, 9, 10, 11, 13, 18, 19, 21}) {
    INFO("operator set " << opset);
    CHECK(resized(opset, {1, 1, 2, 1.55f}, {}) == Shape{8, 12, 15});
    if (opset > 10) CHECK(resized(opset, {}, {1, 8, 3, 5}) == Shape{8, 3, 5});
  }
  const OnnxMaker::Attribute axes{"axes", Dims{-2, 3}};
  CHECK(resized(18, {}, {12, 15}, {axes}) == Shape{8, 12, 15});
  CHECK(resized(18, {0.5f, 2}, {}, {axes}) == Shape{8, 3, 20});
  CHECK(resized(18, {}, {12, 15}, {axes, {"keep_aspect_ratio_policy", std::string("not_larger")}}) == Shape{8, 9, 15});
  CHECK(resized(18, {}, {12, 15}, {axes, {"keep_aspect_ratio_policy", std::string("not_smaller")}}) ==
        Shape{8, 12, 20});
}

TEST_CASE("onnx: reductions, splits and pads with their numbers as inputs and as attributes") {
  for (const int opset : {11, 13, 18, 20, 21}) {
    INFO("operator set " << opset);
    OnnxMaker m(opset);
    m.input("x", {1, 9, 6, 4});
    m.ints("axes", {2, 3}), m.ints("parts", {4, 5}), m.ints("pads", {0, 0, 1, 1, 0, 0, 1, 1}), m.ints("two", {1, 2});
    if (opset < 13) {
      m.nodes("Split", {"x"}, {"a", "b"}, {{"axis", Integer{1}}, {"split", Dims{4, 5}}});
    } else {
      m.nodes("Split", {"x", "parts"}, {"a", "b"}, {{"axis", Integer{1}}});
    }
    m.node("Pad", {"b", "pads"}, "p");
    // ReduceSum has had its axes as an input since operator set 13, the others since 18.
    const auto reduce = [&](const std::string& type, const std::string& out, int since) {
      opset < since ? m.node(type, {"p"}, out, {{"axes", Dims{2, 3}}}) : m.node(type, {"p", "axes"}, out);
    };
    reduce("ReduceMean", "mean", 18), reduce("ReduceMax", "most", 18), reduce("ReduceSum", "sum", 13);
    reduce("ReduceL2", "norm", 18);
    m.node("Sum", {"mean", "most", "sum", "norm"}, "y");
    m.output("y");
    CHECK(output_shape(m) == Shape{5, 1, 1});
  }
  OnnxMaker some(18);
  some.input("x", {1, 9, 6, 4});
  some.ints("pads", {2, 3}), some.ints("axis", {-1});
  some.node("Pad", {"x", "pads", "", "axis"}, "y");
  some.output("y");
  CHECK(output_shape(some) == Shape{9, 6, 9});
  OnnxMaker three(18);
  three.input("x", {1, 8, 4});
  three.nodes("Split", {"x"}, {"a", "b", "c"}, {{"axis", Integer{1}}, {"num_outputs", Integer{3}}});
  three.output("c");
  CHECK(output_shape(three).elements() == 2 * 4);  // 3, 3 and what is left
}

TEST_CASE("onnx: attention as one operator counts its products and the layers in it") {
  constexpr Integer length = 12, width = 32, heads = 4;
  OnnxMaker whole(17);
  whole.input("x", {1, length, width});
  whole.weight("w", {width, 3 * width}), whole.weight("b", {3 * width});
  whole.node("Attention", {"x", "w", "b"}, "y", {{"num_heads", heads}}, "com.microsoft");
  whole.output("y");
  CHECK(totals(read(whole)).macs == length * width * 3 * width + 2 * length * length * width);
  CHECK(totals(read(whole)).params == 3 * width * width + 3 * width);
  CHECK(output_shape(whole) == Shape{width, 1, length});

  OnnxMaker parts(17);
  parts.input("q", {1, length, width}), parts.input("k", {1, 2 * length, width}), parts.input("v", {1, 2 * length, 48});
  parts.node("MultiHeadAttention", {"q", "k", "v"}, "y", {{"num_heads", heads}}, "com.microsoft");
  parts.output("y");
  CHECK(totals(read(parts)).macs == length * 2 * length * (width + 48));
  CHECK(output_shape(parts) == Shape{48, 1, length});

  OnnxMaker own(23);
  own.input("q", {1, 8, length, 16}), own.input("k", {1, 2, 20, 16}), own.input("v", {1, 2, 20, 16});
  own.node("Attention", {"q", "k", "v"}, "y");
  own.output("y");
  CHECK(totals(read(own)).macs == 8 * length * 20 * (16 + 16));
}

TEST_CASE("onnx: products turned, and with weights of four bits in blocks") {
  OnnxMaker turned(17);
  turned.input("x", {1, 10, 32});
  turned.weight("w", {64, 32});
  turned.node("FusedMatMul", {"x", "w"}, "y", {{"transB", Integer{1}}}, "com.microsoft");
  turned.output("y");
  CHECK(totals(read(turned)).macs == 10 * 32 * 64);
  OnnxMaker packed(21);
  packed.input("x", {1, 10, 32});
  packed.weight("w", {64, 1, 16}, onnx::TensorProto::UINT8, 8), packed.weight("s", {64});
  packed.node("MatMulNBits", {"x", "w", "s"}, "y", {{"K", Integer{32}}, {"N", Integer{64}}, {"bits", Integer{4}}},
              "com.microsoft");
  packed.output("y");
  CHECK(totals(read(packed)).macs == 10 * 32 * 64);
  CHECK(totals(read(packed)).weight_bytes == 32 * 64 / 2);
}

TEST_CASE("onnx: int4 weights in blocks, turned before their product, stay of four bits") {
  OnnxMaker m(21);
  m.input("x", {1, 10, 32});
  m.weight("w", {64, 32}, 22, 4), m.weight("s", {64, 2});
  m.node("DequantizeLinear", {"w", "s"}, "d", {{"axis", Integer{1}}, {"block_size", Integer{16}}});
  m.node("Transpose", {"d"}, "t", {{"perm", Dims{1, 0}}});
  m.node("MatMul", {"x", "t"}, "p");
  m.weight("b", {64});
  m.node("Add", {"p", "b"}, "y");
  m.output("y");
  CHECK(read(m).size() == 2);  // one layer, its bias in it
  CHECK(totals(read(m)).macs == 10 * 32 * 64);
  CHECK(totals(read(m)).params == 32 * 64 + 64);
  CHECK(totals(read(m)).weight_bytes == 32 * 64 / 2 + 4 * 64);
}

TEST_CASE("onnx: gelu is gelu in every form") {
  const auto is_gelu = [](const OnnxMaker& m) {
    const Graph graph = read(m);
    return graph.size() == 2 && graph.op(1) == Op{Activation{ActivationKind::gelu}};
  };
  OnnxMaker own(20);
  own.input("x", {1, 4, 8});
  own.node("Gelu", {"x"}, "y", {{"approximate", std::string("tanh")}});
  own.output("y");
  CHECK(is_gelu(own));
  for (const bool halved_first : {false, true})
    for (const bool by_product : {false, true}) {
      INFO("halved first " << halved_first << ", 1 / sqrt 2 " << by_product);
      OnnxMaker m(13);
      m.input("x", {1, 4, 8});
      m.scalar("root", by_product ? 0.70710678f : 1.41421356f), m.scalar("one", 1), m.scalar("half", 0.5f);
      m.node(by_product ? "Mul" : "Div", {"x", "root"}, "a");
      m.node("Erf", {"a"}, "b");
      m.node("Add", {"b", "one"}, "c");
      if (halved_first) {
        m.node("Mul", {"x", "half"}, "h");
        m.node("Mul", {"h", "c"}, "y");
      } else {
        m.node("Mul", {"x", "c"}, "d");
        m.node("Mul", {"half", "d"}, "y");
      }
      m.output("y");
      CHECK(is_gelu(m));
    }
}

TEST_CASE("onnx: group norm has its scale by group in operator set 18, by channel since 21") {
  for (const int opset : {18, 21}) {
    INFO("operator set " << opset);
    OnnxMaker m(opset);
    m.input("x", {1, 12, 5, 5});
    const Integer size = opset < 21 ? 3 : 12;
    m.weight("s", {size}), m.weight("b", {size});
    m.node("GroupNormalization", {"x", "s", "b"}, "y", {{"num_groups", Integer{3}}});
    m.output("y");
    CHECK(totals(read(m)).params == 2 * size);
    CHECK(output_shape(m) == Shape{12, 5, 5});
  }
}

TEST_CASE("onnx: outputs behind the first, and a first one that nobody wants") {
  OnnxMaker pool(17);
  pool.input("x", {1, 4, 8, 8});
  pool.nodes("MaxPool", {"x"}, {"p", "places"}, {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
  pool.output("places");
  CHECK(output_shape(pool) == Shape{4, 4, 4});
  OnnxMaker last(17);
  last.input("x", {1, 1, 20});
  last.weight("w", {1, 64, 20}), last.weight("r", {1, 64, 16});
  last.nodes("LSTM", {"x", "w", "r"}, {"", "state"}, {{"hidden_size", Integer{16}}});
  last.output("state");
  CHECK(totals(read(last)).macs == 64 * 36);
  CHECK(output_shape(last).elements() == 16);
}

TEST_CASE("onnx: states of layers come as inputs of their own shape") {
  OnnxMaker m(17);
  m.input("x", {1, 1, 20});
  m.input("state", {2, 1, 16});
  m.weight("w", {2, 48, 20}), m.weight("r", {2, 48, 16});
  m.nodes("GRU", {"x", "w", "r", "", "", "state"}, {"y"},
          {{"hidden_size", Integer{16}}, {"direction", std::string("bidirectional")}});
  m.output("y");
  CHECK(totals(read(m)).macs == 2 * 48 * 36);
}

TEST_CASE("onnx: numbers of tensors in a node, as raw bytes") {
  OnnxMaker m(13);
  m.input("x", {1, 6, 4, 5});
  m.ints("one", {1}), m.ints("two", {2});
  auto& value = tensor_attribute(m.nodes("ConstantOfShape", {"one"}, {"rest"}), "value");
  value.set_data_type(onnx::TensorProto::INT64), value.add_dims(1);
  value.set_raw_data(std::string(8, '\xff'));  // -1
  m.node("Concat", {"two", "rest"}, "shape", {{"axis", Integer{0}}});
  m.node("Reshape", {"x", "shape"}, "y");
  m.output("y");
  CHECK(output_shape(m).elements() == 120);
}

TEST_CASE("onnx: what a graph in an operator reads of the one around it is computed and counted") {
  OnnxMaker m(17);
  m.input("x", {1, 3, 8, 8});
  m.input("turns", {1}, onnx::TensorProto::INT64);
  m.weight("w", {4, 3, 3, 3}), m.weight("v", {4, 6, 6});
  m.node("Conv", {"x", "w"}, "c");  // read within the loop alone
  auto& loop = m.nodes("Loop", {"turns"}, {"y"});
  auto& attribute = *loop.add_attribute();
  attribute.set_name("body"), attribute.set_type(onnx::AttributeProto::GRAPH);
  auto& node = *attribute.mutable_g()->add_node();
  node.set_op_type("Mul");
  node.add_input("c"), node.add_input("v"), node.add_output("inner");
  attribute.mutable_g()->add_output()->set_name("inner");
  m.output("y", {1, 4, 6, 6});
  const Totals sums = totals(read(m));
  CHECK(sums.macs == 36 * 4 * 27);
  CHECK(sums.params == 4 * 27 + 144);
  node.set_input(0, "nowhere");
  CHECK_THROWS_WITH(read(m), ContainsSubstring("reads 'nowhere', which nothing makes"));
}

TEST_CASE("onnx: branches and loops keep the numbers that lie in them, and their name") {
  OnnxMaker m(17);
  m.input("x", {1, 8});
  m.node("ReduceMax", {"x"}, "most", {{"keepdims", Integer{0}}});
  m.scalar("zero", 0);
  m.node("Greater", {"most", "zero"}, "positive");
  auto& branch = m.nodes("If", {"positive"}, {"y"});
  for (const char* key : {"then_branch", "else_branch"}) {
    auto& attribute = *branch.add_attribute();
    attribute.set_name(key), attribute.set_type(onnx::AttributeProto::GRAPH);
    auto& weight = *attribute.mutable_g()->add_initializer();
    weight.set_name("w"), weight.set_data_type(onnx::TensorProto::FLOAT);
    weight.add_dims(8), weight.add_dims(3), weight.set_raw_data(std::string(96, '\0'));
  }
  m.output("y", {1, 3});
  const Graph graph = read(m);
  CHECK(totals(graph).params == 48);
  CHECK(graph.shape(graph.output()) == Shape{3, 1, 1});
  CHECK(std::get<Opaque>(graph.op(graph.size() - 1)).text() == "If");
}

namespace {

/// block(x, w; groups) = relu(conv(x, w, group = groups)), and twice(x, w) = block(block(x, w), w) with one group.
void add_functions(OnnxMaker& m) {
  m.model.add_opset_import()->set_domain("pkg"), m.model.mutable_opset_import(1)->set_version(1);
  const auto begin = [&](const char* name) -> onnx::FunctionProto& {
    auto& function = *m.model.add_functions();
    function.set_name(name), function.set_domain("pkg");
    function.add_input("x"), function.add_input("w"), function.add_output("y");
    return function;
  };
  const auto node = [](onnx::FunctionProto& function, const char* type, std::vector<std::string> in, const char* out) -> onnx::NodeProto& {
    auto& added = *function.add_node();
    added.set_op_type(type), added.add_output(out);
    for (const std::string& name : in) added.add_input(name);
    return added;
  };
  auto& block = begin("block");
  auto& group = *node(block, "Conv", {"x", "w"}, "inner").add_attribute();
  group.set_name("group"), group.set_ref_attr_name("groups"), group.set_type(onnx::AttributeProto::INT);
  node(block, "Relu", {"inner"}, "y");
  auto& twice = begin("twice");
  node(twice, "block", {"x", "w"}, "inner").set_domain("pkg");
  node(twice, "block", {"inner", "w"}, "y").set_domain("pkg");
}

onnx::GraphProto& branch_of(onnx::NodeProto& node, const char* key) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(key), attribute.set_type(onnx::AttributeProto::GRAPH);
  return *attribute.mutable_g();
}

}  // namespace

TEST_CASE("onnx: the model's own functions count as their nodes do, functions in them and their attributes too") {
  OnnxMaker called(17), written(17);
  for (OnnxMaker* m : {&called, &written}) m->input("x", {1, 8, 6, 6}), m->weight("w", {8, 8, 1, 1}), m->weight("depthwise", {8, 1, 3, 3});
  add_functions(called);
  called.node("twice", {"x", "w"}, "a", {}, "pkg");
  called.node("block", {"a", "depthwise"}, "y", {{"groups", Integer{8}}}, "pkg");
  written.node("Relu", {written.node("Conv", {"x", "w"}, "c1")}, "r1");
  written.node("Relu", {written.node("Conv", {"r1", "w"}, "c2")}, "r2");
  written.node("Relu", {written.node("Conv", {"r2", "depthwise"}, "c3", {{"group", Integer{8}}})}, "y");
  called.output("y"), written.output("y");
  const Graph graph = read(called), same = read(written);
  CHECK(graph_features(graph) == graph_features(same));
  CHECK(totals(graph).macs == 36 * (64 + 64) + 16 * 72);
}

TEST_CASE("onnx: an If whose condition is a constant is the branch that runs") {
  for (const bool holds : {true, false}) {
    OnnxMaker m(17);
    m.input("x", {1, 8});
    auto& condition = *m.model.mutable_graph()->add_initializer();
    condition.set_name("condition"), condition.set_data_type(onnx::TensorProto::BOOL), condition.add_int32_data(holds);
    auto& node = m.nodes("If", {"condition"}, {"y"});
    auto &then = branch_of(node, "then_branch"), &otherwise = branch_of(node, "else_branch");
    auto& weight = *then.add_initializer();
    weight.set_name("w"), weight.set_data_type(onnx::TensorProto::FLOAT);
    weight.add_dims(8), weight.add_dims(3), weight.set_raw_data(std::string(96, '\0'));
    auto& product = *then.add_node();
    product.set_op_type("MatMul"), product.add_input("x"), product.add_input("w"), product.add_output("product");
    then.add_output()->set_name("product");
    otherwise.add_output()->set_name("x");  // of the graph around it, as it is
    m.node("Relu", {"y"}, "z");
    m.output("z");
    const Graph graph = read(m);
    CHECK(totals(graph).params == (holds ? 24 : 0));
    CHECK(graph.shape(graph.output()).channels == (holds ? 3 : 8));
  }
}

TEST_CASE("onnx: functions that call themselves, or grow without bound, are refused") {
  OnnxMaker m(17);
  m.input("x", {1, 8});
  const auto function = [&](int i, int calls) {
    auto& added = *m.model.add_functions();
    added.set_name("f" + std::to_string(i)), added.set_domain("pkg");
    added.add_input("x"), added.add_output("x");
    for (int call = 0; call < 2; ++call) {
      auto& node = *added.add_node();
      node.set_op_type("f" + std::to_string(calls)), node.set_domain("pkg"), node.add_input("x"), node.add_output("o" + std::to_string(call));
    }
  };
  for (int i = 0; i < 40; ++i) function(i, i + 1);  // 2^40 calls
  m.model.add_functions()->set_name("f40"), m.model.mutable_functions(40)->set_domain("pkg");
  m.node("f0", {"x"}, "y", {}, "pkg");
  m.output("y");
  CHECK_THROWS_WITH(read(m), ContainsSubstring("too large once its functions are written out"));
  m.model.clear_functions();
  function(0, 0);
  CHECK_THROWS_WITH(read(m), ContainsSubstring("functions call each other more than 64 deep, the last is 'f0'"));
}
