// What the MLPerf Tiny networks cost as C on emulated microcontrollers, beside the goals and TensorFlow Lite Micro with
// CMSIS-NN (measured once in the same way). bench_mcu [--bits N] [CORE...]: with weights of N bits in every layer.
#include <iomanip>
#include <iostream>

#include "exporters/mcu_runner.hpp"
#include "exporters/mixed_precision.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

using namespace paretoforge;

namespace {

struct Row {
  const char* network;
  double tflm_m4, goal_m4, goal_m55;  ///< millions of instructions
  int goal_ram;                       ///< arena, input and output
};
constexpr Row rows[] = {{"resnet8", 40.59, 26.0, 4.81, 36000}, {"ds_cnn", 8.16, 5.7, 1.79, 16600}, {"mobilenet_v1", 25.32, 17.0, 6.43, 83000}, {"autoencoder", 0.582, 0.45, 0.285, 2100}};

CJob job(const std::string& network, int bits) {
  Graph graph = pruned(Space::load(PARETOFORGE_SOURCE_DIR "/configs/architectures/mlperf_tiny_" + network + ".yaml").decode({}));
  for (const NodeId layer : weighted_layers(graph)) graph.set_weight_bits(layer, bits);
  Random random(1);
  std::vector<float> image(static_cast<std::size_t>(graph.shape(0).elements()));
  for (float& value : image) value = static_cast<float>(random.normal());
  return c_job(quantised(random_model(graph, 1), image), network, image);
}

std::string goal(const Row& row, std::string_view core) {
  std::ostringstream text;
  if (core == "cortex_m4") text << row.goal_m4;
  if (core == "cortex_m55") text << row.goal_m55;
  return text.str();
}

}  // namespace

int main(int argc, char** argv) {
  if (const std::string missing = missing_for_mcu(); !missing.empty()) {
    std::cerr << "programs are missing\n   = " << missing << '\n';
    return 1;
  }
  std::vector<std::string> chosen(argv + 1, argv + argc);
  int bits = 8;
  if (chosen.size() > 1 && chosen[0] == "--bits") {
    bits = std::stoi(chosen[1]);
    chosen.erase(chosen.begin(), chosen.begin() + 2);
  }
  std::cout << "| network | core | instructions, M | goal | modelled cycles, M | arena+in+out | goal | stack | flash | code without weights |\n|---|---|---|---|---|---|---|---|---|---|\n" << std::fixed;
  for (const Row& row : rows) {
    const CJob network = job(row.network, bits);
    for (const McuCore& core : mcu_cores()) {
      if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), core.name) == chosen.end()) continue;
      const McuRun run = run_on_mcu({&network, 1}, core)[0];
      std::cout << "| " << row.network << " | " << core.name << " | " << std::setprecision(3) << static_cast<double>(run.instructions[0]) / 1e6 << " | " << goal(row, core.name) << " | "
                << run.modelled_cycles / 1e6 << " | " << run.arena_bytes + static_cast<std::int64_t>(network.input + network.output) << " | " << row.goal_ram << " | " << run.stack_bytes << " | "
                << run.flash_bytes << " | " << run.code_bytes << " |" << std::endl;
    }
  }
  return 0;
}
