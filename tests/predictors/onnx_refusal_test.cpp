// ONNX files that cannot be read: each is refused with the reason, and nothing large is built for it.
#include <filesystem>
#include <fstream>
#include <string>

#include "catch.hpp"
#include "configs/config.hpp"
#include "onnx_maker.hpp"
#include "predictors/onnx.hpp"

using namespace paretoforge;
using namespace paretoforge::test;
namespace fs = std::filesystem;

namespace {

/// What a ConfigError says; "" where there is none.
std::string refusal(const std::string& bytes, const fs::path& folder = {}) {
  try {
    read_onnx(bytes, "bad.onnx", folder);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}
std::string refusal(const OnnxMaker& m, const fs::path& folder = {}) { return refusal(m.bytes(), folder); }

OnnxMaker one_conv() {
  OnnxMaker m(17);
  m.input("x", {1, 3, 8, 8});
  m.weight("w", {4, 3, 3, 3});
  m.node("Conv", {"x", "w"}, "y");
  m.output("y", {1, 4, 6, 6});
  return m;
}

}  // namespace

TEST_CASE("onnx: no model, and a model cut short anywhere") {
  CHECK_THAT(refusal(""), ContainsSubstring("no ONNX model"));
  CHECK_THAT(refusal("input: [1, 28, 28]\n"), ContainsSubstring("bad.onnx"));
  const std::string whole = one_conv().bytes();
  REQUIRE(refusal(whole).empty());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    INFO(length << " of " << whole.size() << " bytes");
    // A cut between two parts of the model leaves one that is whole; all others are damaged.
    const std::string said = refusal(whole.substr(0, length));
    CHECK((said.empty() || said.starts_with("error: ")));
    if (length < whole.size() / 2) CHECK(!said.empty());
  }
}

TEST_CASE("onnx: dynamic dimensions, batches and absent shapes are named with the way out") {
  OnnxMaker m(17);
  m.input("image", {symbolic, 3, symbolic, 32});
  m.node("Relu", {"image"}, "y");
  m.output("y");
  CHECK_THAT(refusal(m), ContainsSubstring("input 'image'") && ContainsSubstring("'symbol'") &&
                             ContainsSubstring("make_dynamic_shape_fixed"));
  OnnxMaker batch(17);
  batch.input("image", {8, 3, 32, 32});
  batch.node("Relu", {"image"}, "y");
  batch.output("y");
  CHECK_THAT(refusal(batch), ContainsSubstring("fixed batch of 8"));
  OnnxMaker unnamed(17);
  unnamed.input("image", {1, 3, 0, 32});
  unnamed.node("Relu", {"image"}, "y");
  unnamed.output("y");
  CHECK_THAT(refusal(unnamed), ContainsSubstring("a dynamic dimension (number 2") && ContainsSubstring("--input_name 'image'"));
  OnnxMaker data(17);
  data.input("x", {1, 4, 4, 4}), data.input("sizes", {1, 2}, onnx::TensorProto::INT64);
  data.node("Reshape", {"x", "sizes"}, "y");
  data.output("y");
  CHECK_THAT(refusal(data), ContainsSubstring("depends on the data"));
}

TEST_CASE("onnx: cycles, missing and doubled tensors, operator sets that are not read") {
  OnnxMaker cycle(17);
  cycle.input("x", {1, 4});
  cycle.node("Add", {"x", "b"}, "a");
  cycle.node("Relu", {"a"}, "b");
  cycle.output("b");
  CHECK_THAT(refusal(cycle), ContainsSubstring("cycle"));
  OnnxMaker missing(17);
  missing.input("x", {1, 4});
  missing.node("Add", {"x", "nothing"}, "y");
  missing.output("y");
  CHECK_THAT(refusal(missing), ContainsSubstring("'nothing'"));
  OnnxMaker doubled(17);
  doubled.input("x", {1, 4});
  doubled.node("Relu", {"x"}, "y");
  doubled.node("Relu", {"y"}, "y");
  doubled.output("y");
  CHECK_THAT(refusal(doubled), ContainsSubstring("two nodes"));
  OnnxMaker old(6), later(99);
  for (OnnxMaker* m : {&old, &later}) {
    m->input("x", {1, 4});
    m->node("Relu", {"x"}, "y");
    m->output("y");
    CHECK_THAT(refusal(*m), ContainsSubstring("operator set"));
  }
}

TEST_CASE("onnx: convolutions of constants whose weights have another rank") {
  for (const char* type : {"Conv", "ConvTranspose", "ConvInteger"}) {
    OnnxMaker m(13);
    m.input("x", {1, 4});
    m.weight("flat", {16, 5}), m.weight("w", {16, 4, 1, 1});
    m.node(type, {"flat", "w"}, "c");
    m.node("Flatten", {"c"}, "f");
    m.node("Add", {"x", "f"}, "y");
    m.output("y");
    INFO(type);
    CHECK_THAT(refusal(m), ContainsSubstring("node 'c'") && ContainsSubstring("cannot be told"));
  }
}

TEST_CASE("onnx: inputs larger than can be counted are named") {
  OnnxMaker m(17);
  m.input("image", {1, 3, 2147483647, 2147483647});
  m.node("Relu", {"image"}, "y");
  m.output("y");
  CHECK_THAT(refusal(m), ContainsSubstring("input 'image' [1, 3, 2147483647, 2147483647] has a width of 2147483647"));
}

TEST_CASE("onnx: a transposition that is none") {
  for (const Dims& order : {Dims{0, 0, 1}, Dims{1000000, 0, 1}, Dims{-7, 0, 1}, Dims{0, 1}}) {
    OnnxMaker m(17);
    m.input("x", {1, 4, 5});
    m.node("Transpose", {"x"}, "y", {{"perm", order}});
    m.output("y");
    CHECK_THAT(refusal(m), ContainsSubstring("perm"));
  }
}

TEST_CASE("onnx: nodes out of order are read") {
  OnnxMaker m(17);
  m.input("x", {1, 4});
  m.node("Relu", {"a"}, "b");
  m.node("Sigmoid", {"x"}, "a");
  m.output("b");
  CHECK(refusal(m).empty());
}

TEST_CASE("onnx: layers that do not fit name the node") {
  OnnxMaker m = one_conv();
  m.model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(5);
  CHECK_THAT(refusal(m), ContainsSubstring("node 'y' (Conv)"));
  for (const char* key : {"strides", "dilations", "kernel_shape"}) {
    OnnxMaker zero(17);
    zero.input("x", {1, 3, 8, 8});
    zero.node("MaxPool", {"x"}, "y",
              {{"kernel_shape", key == std::string("kernel_shape") ? Dims{0, 0} : Dims{2, 2}}, {key, Dims{0, 0}}});
    zero.output("y");
    INFO(key);
    CHECK(!refusal(zero).empty());
  }
}

TEST_CASE("onnx: tensors that say more than they hold cost no memory") {
  OnnxMaker m = one_conv();
  auto& weight = *m.model.mutable_graph()->mutable_initializer(0);
  weight.set_dims(0, std::int64_t{1} << 31);
  CHECK_THAT(refusal(m), ContainsSubstring("'w'") && ContainsSubstring("holds"));
  weight.set_dims(0, std::int64_t{1} << 62);
  CHECK(!refusal(m).empty());
  weight.set_dims(0, -1);
  CHECK(!refusal(m).empty());
  // A length of 2 GB in the file itself: initializer, raw_data.
  std::string header = one_conv().bytes();
  header += std::string("\x3a\xff\xff\xff\xff\x07", 6);
  CHECK_THAT(refusal(header), ContainsSubstring("truncated"));
}

TEST_CASE("onnx: external weights stay in the model's folder") {
  const fs::path folder = fs::path("onnx_external_test");
  fs::remove_all(folder);
  fs::create_directories(folder / "model" / "below");
  std::ofstream(folder / "outside.bin") << "secret";
  fs::create_symlink("..", folder / "model" / "link");
  OnnxMaker m = one_conv();
  auto& weight = *m.model.mutable_graph()->mutable_initializer(0);
  weight.clear_raw_data();
  weight.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *weight.add_external_data();
  entry.set_key("location");
  for (const char* inside : {"weights.bin", "below/weights.bin", "below/../weights.bin", "./weights.bin"}) {
    INFO(inside);
    entry.set_value(inside);
    CHECK(refusal(m, folder / "model").empty());  // only their shape counts
  }
  for (const char* outside : {"../outside.bin", "/etc/passwd", "below/../../outside.bin", "link/outside.bin", ""}) {
    INFO(outside);
    entry.set_value(outside);
    CHECK_THAT(refusal(m, folder / "model"), ContainsSubstring("outside the model's folder"));
  }
  entry.set_value("weights.bin");
  CHECK_THAT(refusal(m), ContainsSubstring("without a folder"));
  fs::remove_all(folder);
}

TEST_CASE("onnx: graphs nested in graphs, and more parts than any model has") {
  OnnxMaker m(17);
  m.input("x", {1, 4});
  onnx::GraphProto* graph = m.model.mutable_graph();
  for (int depth = 0; depth < 60; ++depth) {
    auto& node = *graph->add_node();
    node.set_op_type("Loop");
    node.add_output("y");
    graph = node.add_attribute()->mutable_g();
  }
  m.output("y");
  CHECK_THAT(refusal(m), ContainsSubstring("nesting"));
  // Empty nodes: two bytes each in the file.
  std::string crowd;
  for (int i = 0; i < 3'000'001; ++i) crowd += std::string("\x0a\x00", 2);
  std::string bytes = "\x3a";
  for (std::size_t length = crowd.size(); length > 0; length >>= 7)
    bytes += static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
  CHECK_THAT(refusal(bytes + crowd), ContainsSubstring("more parts"));
}
