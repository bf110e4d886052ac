// The language of spaces: every construct, and every message about one that is wrong.
#include "catch.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

Space space(const std::string& layers, const std::string& before = "") {
  return Space(Config::parse("input: [4, 8, 8]\n" + before + "layers:\n" + layers, "space.yaml"));
}

std::vector<std::string> names(const Space& s) {
  std::vector<std::string> all;
  for (const Decision& decision : s.decisions()) all.push_back(decision.name);
  return all;
}

std::string message(const std::string& layers, const std::string& before = "") {
  try {
    space(layers, before).decode({});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "nothing was refused";
}

}  // namespace

TEST_CASE("an architecture is a space with one point") {
  const Space s = space("  - conv: {out: 8, kernel: 3}\n  - relu\n  - pool: {global: true}\n  - linear: {out: 10}\n");
  REQUIRE(s.decisions().empty());
  REQUIRE(s.size().digits == "1");
  const Graph graph = s.decode({});
  REQUIRE(graph.shape(graph.output()) == Shape{10, 1, 1});
  int points = 0;
  s.enumerate([&](const Architecture&) { return ++points < 10; });
  REQUIRE(points == 1);
}

TEST_CASE("a choice may stand for a number, a name, a layer or a list of layers") {
  const Space s = space(
      "  - conv: {out: {choice: [8, 16], name: width}, kernel: 3, act: {choice: [relu, none], name: act}}\n"
      "  - choice: [relu, {label: two, layers: [{conv: {kernel: 1}}, relu]}, [{pool: {kernel: 2}}, sigmoid]]\n");
  REQUIRE(names(s) == std::vector<std::string>{"width", "act", "1"});
  REQUIRE(s.decisions()[2].labels == std::vector<std::string>{"relu", "two", "pool"});
  REQUIRE(s.decisions()[0].ordinal);
  REQUIRE_FALSE(s.decisions()[1].ordinal);
  REQUIRE(s.size().exact == 12);
  REQUIRE(s.decode({1, 0, 2}).shape(s.decode({1, 0, 2}).output()) == Shape{16, 4, 4});
}

TEST_CASE("labels are the scalar, else label, else the block used, else the layer") {
  const Space s = space("  - choice: [{use: blk}, {label: b, conv: {kernel: 1}}, conv: {kernel: 3}]\n    name: c\n",
                        "define: {blk: [{conv: {kernel: 5}}]}\n");
  REQUIRE(s.decisions()[0].labels == std::vector<std::string>{"blk", "b", "conv"});
}

TEST_CASE("places with one name take one value") {
  const Space s = space("  - conv: {out: {choice: [8, 16], name: w}}\n  - conv: {out: {choice: [8, 16], name: w}}\n");
  REQUIRE(s.decisions().size() == 1);
  REQUIRE(s.decode({1}).shape(3) == Shape{16, 8, 8});
  REQUIRE_THAT(message("  - conv: {out: {choice: [8, 16], name: w}}\n  - conv: {out: {choice: [8, 24], name: w}}\n"),
               ContainsSubstring("choice 'w' is tied to another of a different shape: [8, 24] here, [8, 16] in line 3") &&
                   ContainsSubstring("space.yaml:4:17"));
}

TEST_CASE("a block's choices are tied wherever it is used, and blocks take values") {
  const Space s = space("  - {use: b, with: {out: 8}}\n  - {use: b, with: {out: 16}}\n",
                        "define: {b: {conv: {out: $out, kernel: {choice: [1, 3]}}}}\n");
  REQUIRE(names(s) == std::vector<std::string>{"b.conv.kernel"});
  REQUIRE(s.decode({0}).shape(s.decode({0}).output()) == Shape{16, 8, 8});
  REQUIRE_THAT(message("  - {use: blck}\n", "define: {block: relu}\n"), ContainsSubstring("no block is called 'blck'") && ContainsSubstring("did you mean 'block'?"));
  REQUIRE_THAT(message("  - {use: b}\n", "define: {b: {conv: {out: $out}}}\n"), ContainsSubstring("nothing is given for $out"));
  REQUIRE_THAT(message("  - {use: b}\n", "define: {b: {use: b}}\n"), ContainsSubstring("uses itself"));
}

TEST_CASE("each turn of a repeat has its own choices unless they are shared") {
  const std::string body = "layers: [{conv: {kernel: {choice: [1, 3]}}}]";
  REQUIRE(space("  - repeat: {times: 3, " + body + "}\n").decisions().size() == 3);
  REQUIRE(space("  - repeat: {times: 3, shared: true, " + body + "}\n").decisions().size() == 1);
  REQUIRE(names(space("  - repeat: {times: 2, first: 9, layers: [{conv: {kernel: {choice: [1, 3], name: \"k_{i:02}\"}}}]}\n")) ==
          std::vector<std::string>{"k_09", "k_10"});
  REQUIRE(names(space("  - repeat: {times: 1, layers: [{conv: {kernel: {choice: [1, 3], name: \"k{i}\"}}}]}\n")) == std::vector<std::string>{"k0"});
  REQUIRE_THAT(message("  - conv: {kernel: {choice: [1, 3], name: \"k{i}\"}}\n"), ContainsSubstring("stands outside of a repeat"));
}

TEST_CASE("a repeat's times may be a choice, and later turns are then conditional") {
  const Space s = space("  - repeat: {times: {choice: [0, 1, 2], name: depth}, layers: [{conv: {kernel: {choice: [1, 3], name: \"k{i}\"}}}]}\n");
  REQUIRE(s.size().exact == 1 + 2 + 4);
  REQUIRE_FALSE(s.unconditional());
  REQUIRE(s.canonical({0, 1, 1}) == Architecture{0, -1, -1});
  REQUIRE(s.canonical({1, -1, 1}) == Architecture{1, 0, -1});
  REQUIRE(s.labels({1, 1, -1}) == std::vector<std::string>{"1", "3", ""});
  const std::vector<std::string> labels = {"1", "3", "nonsense in what is inactive"};
  REQUIRE(s.from_labels(labels) == Architecture{1, 1, -1});
}

TEST_CASE("first and then give a repeat's first turn another value") {
  const Space s = space("  - repeat: {times: 3, layers: [{conv: {out: 8, kernel: 3, stride: {first: 2, then: 1}}}]}\n");
  REQUIRE(s.decode({}).shape(s.decode({}).output()) == Shape{8, 4, 4});
}

TEST_CASE("out defaults to the input's channels and identity must say how to project") {
  const Graph graph = space("  - conv: {kernel: 3}\n  - identity: {out: 8, stride: 2, project: conv}\n").decode({});
  REQUIRE(graph.shape(graph.output()) == Shape{8, 4, 4});
  REQUIRE_THAT(message("  - identity: {out: 8}\n"), ContainsSubstring("identity cannot turn 4x8x8 into 8x8x8") && ContainsSubstring("space.yaml:3:5"));
}

TEST_CASE("residuals, branches and cells join what they hold") {
  const Graph residual = space("  - residual: {layers: [{conv: {kernel: 3}}], act: relu}\n").decode({});
  REQUIRE(std::holds_alternative<Activation>(residual.op(residual.output())));
  const Graph concat = space("  - branches: {join: concat, of: [[{conv: {out: 3}}], [identity], [relu, relu]]}\n").decode({});
  REQUIRE(concat.shape(concat.output()).channels == 3 + 4 + 4);
  const Graph gated = space("  - branches: {join: multiply, of: [identity, [{pool: {global: true}}, sigmoid]]}\n").decode({});
  REQUIRE(std::holds_alternative<Multiply>(gated.op(gated.output())));
  const Graph cell = space("  - cell: {nodes: 3, join: concat, output: all, edges: [{from: 0, to: 1, op: relu}, {from: 0, to: 2, op: identity}, {from: 1, to: 2, op: sigmoid}]}\n").decode({});
  REQUIRE(cell.shape(cell.output()).channels == 4 + 8);
}

TEST_CASE("one-dimensional networks have windows along the length alone") {
  const Space s(Config::parse("input: [4, 16]\nlayers: [{conv: {kernel: 3, stride: 2}}, {mbconv: {}}, {pool: {}}]", "x"));
  const Graph graph = s.decode({});
  REQUIRE(graph.shape(0) == Shape{4, 1, 16});
  REQUIRE(std::get<Conv>(graph.op(1)).kernel == Extent{1, 3});
  REQUIRE(graph.shape(graph.output()) == Shape{4, 1, 4});
}

TEST_CASE("bit widths are choices like any other") {
  CHECK_THROWS_WITH(Space(Config::parse("input: [4]\nbits: {activations: 12}\nlayers: [{linear: {out: 2}}]", "x")),
                    ContainsSubstring("must be 8 or 16"));
  CHECK_THROWS_WITH(Space(Config::parse("input: [4]\nlayers: [{linear: {out: 2, activation_bits: {choice: [8, 9]}}}]", "x")),
                    ContainsSubstring("must be 8 or 16"));
  const Space s(Config::parse("input: [4]\nbits: {weights: {choice: [4, 8], name: bits}}\nlayers: [{linear: {out: 2}}, {linear: {out: 2, weight_bits: 16, activation_bits: 16}}]", "x"));
  const Graph graph = s.decode({0});
  REQUIRE(std::get<Linear>(graph.op(1)).weight_bits == 4);
  REQUIRE(std::get<Linear>(graph.op(2)).weight_bits == 16);
  REQUIRE(graph.node(2).activation_bits == 16);
  REQUIRE(graph.node(1).activation_bits == 8);
}

TEST_CASE("weights have bits where there are weights") {
  for (const char* layer : {"conv: {out: 4, kernel: 3, weight_bits: 4}", "dwconv: {kernel: 3, weight_bits: 4}", "linear: {out: 4, weight_bits: 4}",
                            "mbconv: {out: 4, expand: 2, weight_bits: 4}", "dsconv: {out: 4, weight_bits: 4}", "se: {weight_bits: 4}", "identity: {out: 5, project: conv, weight_bits: 4}"}) {
    INFO(layer);
    const Graph graph = space("  - " + std::string(layer) + "\n").decode({});
    int layers = 0;
    for (NodeId id = 0; id < graph.size(); ++id) {
      if (!has_weights(graph.op(id))) continue;
      ++layers;
      CHECK(weight_bits(graph.op(id)) == 4);
    }
    CHECK(layers > 0);
  }
  for (const std::string layer : {"pool", "relu", "norm", "zero", "softmax"})
    REQUIRE_THAT(message("  - " + layer + ": {weight_bits: 4}\n"), ContainsSubstring("a layer '" + layer + "' has no weights") && ContainsSubstring("conv, dwconv, linear") && ContainsSubstring("space.yaml:3"));
  for (const char* bits : {"0", "-4", "33", "many", "4.5"}) REQUIRE_THAT(message("  - conv: {out: 4, weight_bits: " + std::string(bits) + "}\n"), ContainsSubstring("a whole number from 1 to 32"));
}

TEST_CASE("joins have widths of their own") {
  const Graph graph = space("  - residual: {layers: [{conv: {kernel: 3}}], act: relu, activation_bits: 16}\n  - branches: {of: [identity, relu]}\n").decode({});
  for (NodeId id = 1; id < graph.size(); ++id) {
    const bool joined = std::holds_alternative<Add>(graph.op(id)) && id < graph.size() - 1;
    const bool activated = joined || (id > 1 && std::holds_alternative<Add>(graph.op(id - 1)) && std::holds_alternative<Activation>(graph.op(id)));
    REQUIRE(graph.node(id).activation_bits == (joined || activated ? 16 : 8));
  }
}

TEST_CASE("what is wrong with a document is said with its place") {
  REQUIRE_THAT(message("  - convv: {out: 8}\n"), ContainsSubstring("no layer is called 'convv'") && ContainsSubstring("did you mean 'conv'?") && ContainsSubstring("space.yaml:3:5"));
  REQUIRE_THAT(message("  - conv: {outt: 8}\n"), ContainsSubstring("unknown key 'outt' in conv") && ContainsSubstring("did you mean 'out'?"));
  REQUIRE_THAT(message("  - conv: {out: many}\n"), ContainsSubstring("many"));
  REQUIRE_THAT(message("  - conv: {out: 0}\n"), ContainsSubstring("0"));
  REQUIRE_THAT(message("  - conv: {out: {choice: []}}\n"), ContainsSubstring("an empty choice"));
  REQUIRE_THAT(message("  - conv: {act: tanh}\n"), ContainsSubstring("tanh"));
  REQUIRE_THAT(message("  - {conv: {out: 8}, relu: {}}\n"), ContainsSubstring("has two: 'conv' and 'relu'"));
  REQUIRE_THAT(message("  - choice: [conv: {kernel: 1}, conv: {kernel: 3}]\n"), ContainsSubstring("are labelled 'conv'") && ContainsSubstring("label:"));
  REQUIRE_THAT(message("  - conv: {out: {choice: [1, 2], name: \"a,b\"}}\n"), ContainsSubstring("cannot name a decision"));
  REQUIRE_THAT(message("  - conv: {out: {choice: [1, 2], name: trial}}\n"), ContainsSubstring("a column of every trials.csv"));
  REQUIRE_THAT(message("  - cell: {nodes: 3, edges: [{from: 1, to: 1, op: relu}]}\n"), ContainsSubstring("from a lower node to a higher"));
  REQUIRE_THAT(message("  - linear: {out: 10}\n  - conv: {out: 4, kernel: 3, pad: valid}\n"), ContainsSubstring("layer '1'") && ContainsSubstring("conv does not fit its input 10x1x1"));
  REQUIRE_THAT(message("  - repeat: {times: 10000, layers: [{repeat: {times: 10000, layers: []}}]}\n"), ContainsSubstring("more than 200000 layers"));
  REQUIRE_THAT(message("  - repeat: {times: 40, layers: [{branches: {join: concat, of: [[], []]}}]}\n"), ContainsSubstring("2^31 elements"));
  REQUIRE_THAT(message("  - repeat: {times: 10000, layers: [{repeat: {times: 10000, layers: [relu]}}]}\n"), ContainsSubstring("more than 200000 layers"));
}

TEST_CASE("a resolved document reads back as the same network") {
  for (const char* file : {"nasbench201", "fbnet", "ofa_mobilenetv3", "nasbench_macro", "tiny_image", "mobile", "audio_1d"}) {
    const Space s = Space::load(std::string(PARETOFORGE_SOURCE_DIR "/configs/spaces/") + file + ".yaml");
    Random random(1);
    for (int i = 0; i < 20; ++i) {
      const Architecture point = s.sample(random);
      const Space fixed(Config::parse(s.resolved(point).yaml(), "resolved.yaml"));
      REQUIRE(fixed.decisions().empty());
      REQUIRE(same_network(fixed.decode({}), s.decode(point)));
    }
  }
}
