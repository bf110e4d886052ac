// Every space and architecture that ships, exported with random weights and proven in ONNX Runtime.
#include <algorithm>
#include <filesystem>

#include "catch.hpp"
#include "exporters/float_model.hpp"
#include "exporters/onnx_runtime.hpp"
#include "exporters/onnx_writer.hpp"
#include "exporters/verify.hpp"
#include "networks.hpp"
#include "runtime.hpp"
#include "space/space.hpp"

using namespace paretoforge;
using namespace paretoforge::test;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> documents(const char* folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(PARETOFORGE_SOURCE_DIR) / "configs" / folder))
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

void prove(const Graph& graph) {
  const std::vector<float> images = random_images(graph.shape(0), 2, 1);
  const IntegerModel integer = quantised(random_model(graph, 1), images);
  const std::string bytes = qdq_onnx(integer);
  check_onnx(bytes);
  for (const LayerParity& layer : compare_layers(integer, images)) {
    INFO(layer.op << " " << layer.name);
    CHECK(layer.greatest_quanta <= 1);
  }
  const Fusion fusion = inspect_fusion(integer, bytes);
  for (const std::string& layer : fusion.float_layers) UNSCOPED_INFO(layer);
  CHECK(fusion.fused());
  CHECK(compare_outputs(integer, bytes, images).agreement() == 1);
}

}  // namespace

TEST_CASE("samples of every space that ships are exported, fused and agree") {
  if (runtime_missing()) return;
  for (const char* folder : {"spaces", "architectures"})
    for (const fs::path& path : documents(folder)) {
      INFO(path.filename().string());
      const Space space = Space::load(path);
      Random random(1);
      for (int i = 0; i < (space.decisions().empty() ? 1 : 2); ++i) prove(space.decode(space.sample(random)));
    }
}
