// How far exported TFLite models are from the reference in real runtimes: random architectures of the spaces of
// configs/spaces with random weights.
//   bench_tflite [NETWORKS PER SPACE] [SEED] [SPACE...]        50, 1 and the four of our own unless given
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "exporters/tflite_verify.hpp"
#include "exporters/tflite_writer.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

constexpr int images_per_network = 2;

struct Network {
  IntegerModel model;
  std::vector<float> images;
};

Network network(const Space& space, Random& random, std::uint64_t seed) {
  const Graph graph = pruned(space.decode(space.sample(random)));
  std::vector<float> images(static_cast<std::size_t>(images_per_network * graph.shape(0).elements()));
  for (float& value : images) value = static_cast<float>(random.normal());
  return {quantised(random_model(graph, seed), images), images};
}

struct Row {
  std::size_t networks = 0, within_4 = 0, samples = 0, agreeing = 0;
  double quanta = 0;
  std::map<std::string, double> layers;  ///< by op

  void add(const TfliteParity& parity) {
    ++networks;
    if (parity.outputs.greatest_quanta <= 4) ++within_4;
    samples += parity.outputs.images;
    agreeing += parity.outputs.agreeing;
    quanta = std::max(quanta, parity.outputs.greatest_quanta);
    for (const LayerParity& layer : parity.layers) layers[layer.op] = std::max(layers[layer.op], layer.greatest_quanta);
  }
};

void print(const std::string& space, std::string_view runtime, const Row& row) {
  std::printf("%-12s %-7s %8zu %8zu %7zu %8zu %7.0f  ", space.c_str(), std::string(runtime).c_str(), row.networks, row.within_4, row.samples, row.agreeing, row.quanta);
  for (const auto& [op, quanta] : row.layers) std::printf(" %s %.0f", op.c_str(), quanta);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) try {
  const int networks = count > 1 ? std::atoi(arguments[1]) : 50;
  const std::uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
  for (const TfliteRuntime& runtime : tflite_runtimes())
    if (!available(runtime)) std::printf("skipped: %s is not here\n   = %s\n", std::string(runtime.title).c_str(), std::string(runtime.install).c_str());
  std::printf("%-12s %-7s %8s %8s %7s %8s %7s   greatest quanta of layers alone\n", "space", "runtime", "networks", "within 4", "samples", "agreeing", "quanta");
  std::vector<std::string> spaces(arguments + std::min(count, 3), arguments + count);
  if (spaces.empty()) spaces = {"nasbench201", "tiny_image", "mobile", "audio_1d"};
  for (const std::string& name : spaces) {
    const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + name + ".yaml");
    Random random(seed);
    std::map<std::string_view, Row> rows;
    for (int i = 0; i < networks; ++i) {
      const Network made = network(space, random, seed + static_cast<std::uint64_t>(i));
      const std::vector<TfliteCase> cases{{made.model, tflite_model(made.model), made.images}};
      for (const TfliteRuntime& runtime : tflite_runtimes())
        if (available(runtime)) rows[runtime.name].add(compare_tflite(runtime, cases)[0]);
    }
    for (const auto& [runtime, row] : rows) print(name, runtime, row);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
