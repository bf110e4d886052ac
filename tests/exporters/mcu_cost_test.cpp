// What the MLPerf Tiny networks cost as C: exact, so that a loss is seen. `bench_mcu` prints the same figures.
#include <iostream>

#include "c_networks.hpp"
#include "catch.hpp"
#include "exporters/mcu_runner.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

struct Cost {
  const char *network, *core;
  std::uint64_t instructions, goal;
  std::int64_t ram, ram_goal;  ///< arena, input and output
  std::int64_t code;           ///< without weights, biases and factors
};

// Of arm-none-eabi-gcc 12.2.1 with -O3. The goals are those of issue 5: TensorFlow Lite Micro with CMSIS-NN takes 40.59,
// 8.16, 25.32 and 0.582 million instructions on Cortex-M4, and the goals themselves on Cortex-M55.
constexpr Cost costs[] = {
    {"mlperf_tiny_resnet8", "cortex_m4", 16904574, 26000000, 35850, 36000, 7028},
    {"mlperf_tiny_resnet8", "cortex_m55", 4527639, 4810000, 35850, 36000, 5356},
    {"mlperf_tiny_ds_cnn", "cortex_m4", 5042544, 5700000, 13110, 16600, 8936},
    {"mlperf_tiny_ds_cnn", "cortex_m55", 1747828, 1790000, 13110, 16600, 6476},
    {"mlperf_tiny_mobilenet_v1", "cortex_m4", 15699958, 17000000, 64962, 83000, 10076},
    {"mlperf_tiny_mobilenet_v1", "cortex_m55", 5544912, 6430000, 64962, 83000, 7320},
    {"mlperf_tiny_autoencoder", "cortex_m4", 427197, 450000, 1536, 2100, 2132},
    {"mlperf_tiny_autoencoder", "cortex_m55", 70272, 285000, 1536, 2100, 1928},
};

}  // namespace

TEST_CASE("C of the MLPerf Tiny networks: instructions, memory and code on Cortex-M4 and M55") {
  if (const std::string missing = missing_for_mcu(); !missing.empty()) {
    std::cout << "SKIPPED: needs an emulator and its compiler (" << missing << ")\n";
    return;
  }
  for (const Cost& cost : costs) {
    INFO(cost.network << " on " << cost.core);
    const Network net = architecture(cost.network);
    const McuRun run = run_on_mcu({&net.job, 1}, find_mcu_core(cost.core))[0];
    CHECK(run.outputs == expected(net, Rounding::single));
    CHECK(run.instructions[0] <= cost.goal);
    CHECK(run.arena_bytes + static_cast<std::int64_t>(net.job.input + net.job.output) == cost.ram);
    CHECK(cost.ram <= cost.ram_goal);
    CHECK(run.stack_bytes < 1024);
    CHECK(run.code_bytes < 12 * 1024);
    if (mcu_compiler_version() == "12.2.1") {
      CHECK(run.instructions[0] == cost.instructions);
      CHECK(run.code_bytes == cost.code);
    }
  }
}

namespace {

struct PackedCost {
  const char *network, *core;
  std::uint64_t instructions;
  std::int64_t ram, flash, flash_of_bytes;  ///< with weights of 4 bits, and of 8
};
constexpr PackedCost packed_costs[] = {
    {"mlperf_tiny_resnet8", "cortex_m4", 17899803, 36490, 49448, 87172},
    {"mlperf_tiny_resnet8", "cortex_m55", 5356804, 36490, 47048, 85500},
    {"mlperf_tiny_ds_cnn", "cortex_m4", 5268717, 13110, 26728, 35656},
    {"mlperf_tiny_ds_cnn", "cortex_m55", 1928975, 13110, 23572, 33196},
    {"mlperf_tiny_mobilenet_v1", "cortex_m4", 16414620, 64962, 142628, 240100},
    {"mlperf_tiny_mobilenet_v1", "cortex_m55", 6180116, 64962, 139160, 237344},
    {"mlperf_tiny_autoencoder", "cortex_m4", 459405, 1536, 147552, 279700},
    {"mlperf_tiny_autoencoder", "cortex_m55", 82500, 1536, 147760, 279496},
};

}  // namespace

TEST_CASE("C of the MLPerf Tiny networks with weights of 4 bits: what packing saves in flash and costs in instructions") {
  if (const std::string missing = missing_for_mcu(); !missing.empty()) {
    std::cout << "SKIPPED: needs an emulator and its compiler (" << missing << ")\n";
    return;
  }
  for (const PackedCost& cost : packed_costs) {
    INFO(cost.network << " on " << cost.core);
    const Network net = network(with_bits(architecture_graph(cost.network), 4), cost.network, 1);
    const McuRun run = run_on_mcu({&net.job, 1}, find_mcu_core(cost.core))[0];
    CHECK(run.outputs == expected(net, Rounding::single));
    CHECK(run.arena_bytes + static_cast<std::int64_t>(net.job.input + net.job.output) == cost.ram);
    CHECK(run.stack_bytes < 1024);
    if (mcu_compiler_version() == "12.2.1") {
      CHECK(run.instructions[0] == cost.instructions);
      CHECK(run.flash_bytes == cost.flash);
    }
  }
}

TEST_CASE("figures: 200 random architectures, the reference's bytes on this machine and on Cortex-M4", "[.][figures]") {
  const auto compiler = host_c_compiler();
  REQUIRE(compiler);
  REQUIRE(missing_for_mcu().empty());
  for (const char* space : {"nasbench201", "tiny_image", "mobile", "audio_1d"})
    for (std::uint64_t batch = 0; batch < 10; ++batch) {
      const auto networks = samples_of(space, 1000 + 10 * batch, 5);
      const auto host = run_c(jobs_of(networks), {compiler->program, {"-std=c99", "-O2"}});
      std::size_t equal_host = 0, equal_m4 = 0;
      for (std::size_t n = 0; n < networks.size(); ++n) {
        const auto wanted = expected(networks[n], Rounding::single);
        const auto m4 = run_on_mcu({&networks[n].job, 1}, find_mcu_core("cortex_m4"))[0].outputs;
        equal_host += host[n] == wanted ? 1 : 0;
        equal_m4 += m4 == wanted ? 1 : 0;
      }
      CHECK(equal_host == networks.size());
      CHECK(equal_m4 == networks.size());
      std::cout << space << " " << 5 * batch + 5 << ": host " << equal_host << ", cortex_m4 " << equal_m4 << " of " << networks.size() << std::endl;
    }
}
