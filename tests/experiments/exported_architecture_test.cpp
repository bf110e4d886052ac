// architecture.yaml of a bundle describes the network with the bits that it was exported with.
#include "experiments/exported_architecture.hpp"

#include "catch.hpp"
#include "exporters/mixed_precision.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

/// Layers of bits of their own, in a block, in a repeat, and by default.
const std::string text =
    "name: n\ninput: [3, 8, 8]\nbits: {weights: {choice: [8, 4], name: bits}, activations: 8}\n"
    "define: {block: {conv: {out: 8, kernel: 3, weight_bits: 2}}}\n"
    "layers:\n  - {use: block}\n  - repeat: {times: 2, layers: [{mbconv: {out: 8, kernel: 3, expand: 2, weight_bits: {choice: [6, 8]}}}]}\n"
    "  - conv: {out: 8, kernel: 1}\n  - linear: {out: 2, weight_bits: 8}\n";

std::string read_back(const std::string& yaml) { return bits_text(Space(Config::parse(yaml, "architecture.yaml")).decode({})); }

}  // namespace

TEST_CASE("an exported architecture has the bits asked for, wherever the document says others") {
  const Space space(Config::parse(text, "space.yaml"));
  const Architecture point{1, 0, 1};
  const Config resolved = space.resolved(point);
  const Graph graph = space.decode(point);
  REQUIRE(bits_text(graph) == "2 6 6 6 8 8 8 4 8");
  const Model model = random_model(graph, 1);
  for (const int bits : {4, 8}) {
    const Graph exported = with_weight_bits(model, weighted_layers(graph), bits).graph;
    CHECK(read_back(exported_architecture(resolved, exported, std::to_string(bits))) == bits_text(exported));
  }
  CHECK(exported_architecture(resolved, graph, "") == resolved.yaml());
  const std::string mixed = exported_architecture(resolved, graph, "mixed");
  CHECK(mixed.starts_with("# Exported with weights of these bits, layer by layer in the order they run: 2 6 6 6 8 8 8 4 8\n"));
  CHECK(read_back(mixed) == bits_text(graph));
  const Space plain(Config::parse("input: [4]\nlayers: [{linear: {out: 2}}]", "plain.yaml"));
  CHECK(read_back(exported_architecture(plain.resolved({}), plain.decode({}), "4")) == "4");
}
