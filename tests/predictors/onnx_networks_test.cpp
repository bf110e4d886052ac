// Well-known networks in their real sizes: what is counted is what is published of them.
#include <string>
#include <vector>

#include "catch.hpp"
#include "onnx_maker.hpp"
#include "predictors/onnx.hpp"
#include "predictors/totals.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

using Integer = std::int64_t;

/// A model written layer by layer, as PyTorch's exporter writes it; weights have shapes and no numbers.
struct Writer : OnnxMaker {
  explicit Writer(int opset) : OnnxMaker(opset) { hollow = true; }

  std::string fresh() { return "t" + std::to_string(next++); }
  std::string plain(const std::string& type, const std::vector<std::string>& in, const std::vector<Attribute>& with = {}) {
    return node(type, in, fresh(), with);
  }
  std::string list(const Dims& values) { return ints(fresh(), values); }
  std::string learned(const Dims& dims) { return weight(fresh(), dims); }

  std::string conv(const std::string& x, Integer in, Integer out, Integer kernel, Integer stride, Integer groups = 1,
                   bool bias = false) {
    const Integer pad = kernel / 2;
    std::vector<std::string> inputs{x, learned({out, in / groups, kernel, kernel})};
    if (bias) inputs.push_back(learned({out}));
    const Integer around = stride == kernel ? 0 : pad;
    return plain("Conv", inputs,
                 {{"kernel_shape", Dims{kernel, kernel}},
                  {"strides", Dims{stride, stride}},
                  {"pads", Dims{around, around, around, around}},
                  {"group", groups}});
  }
  std::string norm(const std::string& x, Integer channels) {
    return plain("BatchNormalization",
                 {x, learned({channels}), learned({channels}), learned({channels}), learned({channels})});
  }
  std::string linear(const std::string& x, Integer in, Integer out) {
    return plain("Add", {learned({out}), plain("MatMul", {x, learned({in, out})})});
  }
  std::string layer_norm(const std::string& x, Integer width) {
    return plain("LayerNormalization", {x, learned({width}), learned({width})}, {{"axis", Integer{-1}}});
  }
  std::string relu6(const std::string& x) {
    const std::string low = fresh(), high = fresh();
    scalar(low, 0), scalar(high, 6);
    return plain("Clip", {x, low, high});
  }
  /// x (1 + erf(x / sqrt 2)) / 2.
  std::string gelu(const std::string& x) {
    const std::string root = fresh(), one = fresh(), half = fresh();
    scalar(root, 1.4142135f), scalar(one, 1), scalar(half, 0.5f);
    const std::string erf = plain("Add", {plain("Erf", {plain("Div", {x, root})}), one});
    return plain("Mul", {plain("Mul", {x, erf}), half});
  }
  /// softmax(Q K' / sqrt d + mask) V in `heads` heads, with its four layers (Vaswani et al. 2017).
  std::string attention(const std::string& x, Integer width, Integer heads, const std::string& mask) {
    const std::string parted = list({0, 0, heads, width / heads}), scale = fresh();
    scalar(scale, 8);
    const auto side = [&](const Dims& order) {
      return plain("Transpose", {plain("Reshape", {linear(x, width, width), parted})}, {{"perm", order}});
    };
    const std::string q = side({0, 2, 1, 3}), k = side({0, 2, 3, 1}), v = side({0, 2, 1, 3});
    std::string scores = plain("Div", {plain("MatMul", {q, k}), scale});
    if (!mask.empty()) scores = plain("Add", {scores, mask});
    const std::string mixed = plain("MatMul", {plain("Softmax", {scores}, {{"axis", Integer{-1}}}), v});
    const std::string joined =
        plain("Reshape", {plain("Transpose", {mixed}, {{"perm", Dims{0, 2, 1, 3}}}), list({0, 0, width})});
    return linear(joined, width, width);
  }

  Graph graph() const { return read_onnx(bytes(), "network.onnx", "."); }

  int next = 0;
};

/// He et al. 2016, the stride in the 3x3 convolution, as torchvision has it.
Graph resnet50() {
  Writer w(13);
  std::string x = w.input("image", {symbolic, 3, 224, 224});
  x = w.plain("Relu", {w.norm(w.conv(x, 3, 64, 7, 2), 64)});
  x = w.plain("MaxPool", {x}, {{"kernel_shape", Dims{3, 3}}, {"strides", Dims{2, 2}}, {"pads", Dims{1, 1, 1, 1}}});
  Integer channels = 64;
  const Integer depths[] = {3, 4, 6, 3};
  for (Integer stage = 0; stage < 4; ++stage)
    for (Integer block = 0; block < depths[stage]; ++block) {
      const Integer width = Integer{64} << stage, stride = stage > 0 && block == 0 ? 2 : 1;
      std::string y = w.plain("Relu", {w.norm(w.conv(x, channels, width, 1, 1), width)});
      y = w.plain("Relu", {w.norm(w.conv(y, width, width, 3, stride), width)});
      y = w.norm(w.conv(y, width, 4 * width, 1, 1), 4 * width);
      // A 1x1 convolution of stride 2 has no padding.
      if (block == 0) x = w.norm(w.conv(x, channels, 4 * width, 1, stride), 4 * width);
      x = w.plain("Relu", {w.plain("Add", {y, x})});
      channels = 4 * width;
    }
  x = w.plain("Flatten", {w.plain("GlobalAveragePool", {x})});
  w.output(w.plain("Gemm", {x, w.learned({1000, 2048}), w.learned({1000})}, {{"transB", Integer{1}}}));
  return w.graph();
}

/// Sandler et al. 2018, width 1.
Graph mobilenet_v2() {
  Writer w(11);
  std::string x = w.input("image", {symbolic, 3, 224, 224});
  x = w.relu6(w.norm(w.conv(x, 3, 32, 3, 2), 32));
  Integer channels = 32;
  const Integer stages[][4] = {{1, 16, 1, 1},  {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                               {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  for (const auto& [expand, out, times, first] : stages)
    for (Integer turn = 0; turn < times; ++turn) {
      const Integer wide = channels * expand, stride = turn == 0 ? first : 1;
      std::string y = expand == 1 ? x : w.relu6(w.norm(w.conv(x, channels, wide, 1, 1), wide));
      y = w.relu6(w.norm(w.conv(y, wide, wide, 3, stride, wide), wide));
      y = w.norm(w.conv(y, wide, out, 1, 1), out);
      x = stride == 1 && channels == out ? w.plain("Add", {x, y}) : y;
      channels = out;
    }
  x = w.relu6(w.norm(w.conv(x, 320, 1280, 1, 1), 1280));
  x = w.plain("ReduceMean", {x}, {{"axes", Dims{2, 3}}, {"keepdims", Integer{0}}});
  w.output(w.plain("Gemm", {x, w.learned({1000, 1280}), w.learned({1000})}, {{"transB", Integer{1}}}));
  return w.graph();
}

/// Dosovitskiy et al. 2021: base, patches of 16 x 16.
Graph vit_b16() {
  constexpr Integer width = 768, patches = 196;
  Writer w(17);
  std::string x = w.conv(w.input("image", {symbolic, 3, 224, 224}), 3, width, 16, 16, 1, true);
  x = w.plain("Transpose", {w.plain("Reshape", {x, w.list({0, width, patches})})}, {{"perm", Dims{0, 2, 1}}});
  x = w.plain("Concat", {w.learned({1, 1, width}), x}, {{"axis", Integer{1}}});
  x = w.plain("Add", {x, w.learned({1, patches + 1, width})});
  for (int block = 0; block < 12; ++block) {
    x = w.plain("Add", {x, w.attention(w.layer_norm(x, width), width, 12, "")});
    const std::string inner = w.gelu(w.linear(w.layer_norm(x, width), width, 4 * width));
    x = w.plain("Add", {x, w.linear(inner, 4 * width, width)});
  }
  x = w.layer_norm(x, width);
  x = w.plain("Gather", {x, w.index(w.fresh(), 0)}, {{"axis", Integer{1}}});
  w.output(w.plain("Gemm", {x, w.learned({1000, width}), w.learned({1000})}, {{"transB", Integer{1}}}));
  return w.graph();
}

/// Devlin et al. 2019: base, without a head behind the pooler, the mask made of its input as exporters write it.
Graph bert_base(Integer tokens) {
  constexpr Integer width = 768;
  Writer w(14);
  const auto ids = [&](const char* name) { return w.input(name, {symbolic, tokens}, onnx::TensorProto::INT64); };
  const std::string words = ids("input_ids"), mask_ids = ids("attention_mask"), kinds = ids("token_type_ids");
  const std::string one = w.fresh(), least = w.fresh();
  w.scalar(one, 1), w.scalar(least, -3.4e38f);
  const std::string kept = w.plain("Cast", {w.plain("Unsqueeze", {mask_ids, w.list({1, 2})})},
                                   {{"to", Integer{onnx::TensorProto::FLOAT}}});
  const std::string mask = w.plain("Mul", {w.plain("Sub", {one, kept}), least});
  const std::string positions = w.plain("Slice", {w.ints(w.fresh(), Dims(512, 0)), w.list({0}), w.list({tokens})});
  std::string x = w.plain("Add", {w.plain("Gather", {w.learned({30522, width}), words}),
                                  w.plain("Gather", {w.learned({2, width}), kinds})});
  x = w.plain("Add", {x, w.plain("Gather", {w.learned({512, width}), positions})});
  x = w.layer_norm(x, width);
  for (int block = 0; block < 12; ++block) {
    x = w.layer_norm(w.plain("Add", {w.attention(x, width, 12, mask), x}), width);
    const std::string inner = w.gelu(w.linear(x, width, 4 * width));
    x = w.layer_norm(w.plain("Add", {w.linear(inner, 4 * width, width), x}), width);
  }
  x = w.plain("Gather", {x, w.index(w.fresh(), 0)}, {{"axis", Integer{1}}});
  x = w.plain("Gemm", {x, w.learned({width, width}), w.learned({width})}, {{"transB", Integer{1}}});
  w.output(w.plain("Tanh", {x}));
  return w.graph();
}

bool knows_every_operator(const Graph& graph) {
  for (NodeId id = 0; id < graph.size(); ++id)
    if (std::holds_alternative<Opaque>(graph.op(id))) return false;
  return true;
}

}  // namespace

// Published figures: torchvision's table of models (GFLOPS there are multiply-accumulates) with 25,557,032, 3,504,872
// and 86,567,656 parameters, 4.09, 0.30 and 17.56 G; BERT base has 109,482,240 parameters and, at 128 tokens, 22.5
// GFLOPs of two to a multiply-accumulate and everything between the layers (Sun et al. 2020).

TEST_CASE("onnx: ResNet-50 and MobileNetV2 are counted as published") {
  const Graph residual = resnet50(), mobile = mobilenet_v2();
  CHECK(knows_every_operator(residual));
  CHECK(totals(residual).macs == 4'089'184'256);
  CHECK(totals(residual).params_as_written == 25'557'032);
  CHECK(knows_every_operator(mobile));
  CHECK(totals(mobile).macs == 300'774'272);
  CHECK(totals(mobile).params_as_written == 3'504'872);
}

TEST_CASE("onnx: ViT-B/16 and BERT base are counted as published") {
  const Graph vision = vit_b16();
  CHECK(knows_every_operator(vision));
  CHECK(totals(vision).macs == 17'563'828'224);
  CHECK(totals(vision).params_as_written == 86'567'656);
  const Graph language = bert_base(512);
  CHECK(knows_every_operator(language));
  CHECK(totals(language).params_as_written == 109'482'240);
  // Four and two layers a block, two products of attention, the pooler.
  constexpr std::int64_t t = 128, c = 768;
  CHECK(totals(bert_base(t)).macs == 12 * (t * (4 * c * c + 8 * c * c) + 2 * t * t * c) + c * c);
}
