// Weights of 4 bits in C, two to a byte: the reference's bytes on every processor, and half the bytes of flash.
#include <algorithm>
#include <iostream>

#include "c_networks.hpp"
#include "catch.hpp"
#include "exporters/c_layout_internal.hpp"
#include "exporters/c_writer.hpp"
#include "exporters/mcu_runner.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

Graph one(const Shape& input, const Op& op) {
  Graph graph(input);
  graph.add(op, NodeId{0});
  return graph;
}

/// Rows of many lengths and odd numbers of outputs: what is left of each kernel's steps.
std::vector<Network> of_many_lengths() {
  std::vector<Network> networks;
  for (int depth = 1; depth <= 67; depth += 6) {
    const std::string name = std::to_string(depth);
    networks.push_back(network(with_bits(one({depth, 1, 1}, Linear{.out = 1 + depth % 7}), 4), "linear_" + name, networks.size()));
    networks.push_back(network(with_bits(one({depth, 3, 3}, conv_of(1 + depth % 5, 1)), 4), "point_" + name, networks.size()));
    networks.push_back(network(with_bits(one({1 + depth % 8, 4, 3}, conv_of(3, 3)), 4), "window_" + name, networks.size()));
  }
  networks.push_back(network(with_bits(one({12, 5, 5}, conv_of(15, 3, 1, 3)), 4), "groups", 1));
  networks.push_back(network(with_bits(one({20, 5, 5}, conv_of(12, 1, 2, 4)), 3), "strided_groups", 2));
  return networks;
}

/// Networks of every op and ugly ones: all layers narrow, or every second one.
std::vector<Network> narrow_networks() {
  std::vector<Network> networks;
  for (std::uint64_t seed = 1; seed <= 8; ++seed)
    networks.push_back(network(with_bits(random_graph(seed), seed % 3 == 0 ? 1 : 4, seed % 2 == 0), "narrow_" + std::to_string(seed), seed));
  for (const Graph& graph : ugly_graphs()) networks.push_back(network(with_bits(graph, 4), "ugly_" + std::to_string(networks.size()), networks.size()));
  return networks;
}

void prove_host(const std::vector<Network>& networks, std::vector<std::string> flags, Rounding rounding = Rounding::single) {
  const auto compiler = host_c_compiler();
  if (!compiler) {
    std::cout << "SKIPPED: needs a C compiler\n";
    return;
  }
  flags.insert(flags.end(), {"-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"});
  if (rounding == Rounding::twice) flags.emplace_back("-DPARETOFORGE_DOUBLE_ROUNDING");
  const auto outputs = run_c(jobs_of(networks), {compiler->program, flags});
  for (std::size_t n = 0; n < networks.size(); ++n) {
    INFO(networks[n].job.name);
    CHECK(outputs[n] == expected(networks[n], rounding));
  }
}

void prove_core(const std::vector<Network>& networks, std::string_view core) {
  const std::vector<McuRun> runs = run_on_mcu(jobs_of(networks), find_mcu_core(core));
  for (std::size_t n = 0; n < networks.size(); ++n) {
    INFO(networks[n].job.name << " on " << core);
    CHECK(runs[n].outputs == expected(networks[n], Rounding::single));
    CHECK(runs[n].stack_bytes < 1024);
  }
}

bool emulator_missing() {
  const std::string missing = missing_for_mcu();
  if (!missing.empty()) std::cout << "SKIPPED: needs an emulator and its compiler (" << missing << ")\n";
  return !missing.empty();
}

}  // namespace

TEST_CASE("packed weights come out of the halves of bytes that the kernels read them from") {
  std::vector<std::int8_t> kernel;  // three rows of 37
  for (int i = 0; i < 3 * 37; ++i) kernel.push_back(static_cast<std::int8_t>(i * 5 % 15 - 7));
  const auto half = [](std::int8_t byte, bool upper) { return (upper ? byte : static_cast<std::int8_t>(static_cast<std::uint8_t>(byte) << 4)) >> 4; };
  const auto pairs = internal::nibbles_by_pairs(kernel, 3, 37, 1), halves = internal::nibbles_by_halves(kernel, 3, 37);
  REQUIRE(pairs.size() == 2 * 40);             // two pairs of rows, each row 20 bytes
  REQUIRE(halves.size() == 3 * (16 + 3));      // 32 weights in 16 bytes, five in three
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t i = 0; i < 37; ++i) {
      const int weight = kernel[row * 37 + i];
      CHECK(half(pairs[row / 2 * 40 + i / 8 * 8 + row % 2 * 4 + i % 4], i % 8 < 4) == weight);
      const std::size_t at = i % 32, width = i < 32 ? 16 : 3;
      CHECK(half(halves[row * 19 + i / 32 * 16 + at % width], at < width) == weight);
    }
}

TEST_CASE("packed weights in C: the reference's bytes on this machine, whatever it is compiled for") {
  const auto lengths = of_many_lengths(), narrow = narrow_networks();
  prove_host(lengths, {"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"});
  prove_host(narrow, {"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"});
  prove_host(narrow, {"-O2", "-march=native"});
  prove_host(narrow, {"-Os"}, Rounding::twice);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) prove_host(narrow, {"-O2", "-mavx2"});
#endif
}

TEST_CASE("packed weights in C: the reference's bytes on Cortex-M3, M4, M7, M33 and M55") {
  if (emulator_missing()) return;
  const auto lengths = of_many_lengths(), narrow = narrow_networks();
  for (const char* core : {"cortex_m3", "cortex_m4", "cortex_m55"}) prove_core(lengths, core);
  for (const McuCore& core : mcu_cores()) prove_core(narrow, core.name);
}

TEST_CASE("packed weights in C: what does not fit four bits is refused, what could leave 32 bits lies in bytes") {
  IntegerModel model = network(with_bits(one({3, 5, 4}, conv_of(5, 3)), 4), "good", 1).model;
  model.nodes[1].kernel[7] = 8;
  CHECK_THROWS_WITH(c_source(model, "wide"), ContainsSubstring("conv_1") && ContainsSubstring("a weight of 8 in 4 bits"));
  // 16 times 128 times the sum of the weights' sizes is just within 32 bits, and just not.
  const int depth = 150000;
  Model dense = random_model(one({depth, 1, 1}, Linear{.out = 1}), 1);
  IntegerModel long_rows = quantised(dense, std::vector<float>(static_cast<std::size_t>(depth), 0.5f));
  std::get<Linear>(long_rows.nodes[1].op).weight_bits = 4;
  long_rows.nodes[1].bias[0] = 0;
  std::fill(long_rows.nodes[1].kernel.begin(), long_rows.nodes[1].kernel.end(), std::int8_t{0});
  std::fill_n(long_rows.nodes[1].kernel.begin(), 1048575 / 7, std::int8_t{7});
  CHECK(c_source(long_rows, "packed").source.find("multiply_packed") != std::string::npos);
  std::fill_n(long_rows.nodes[1].kernel.begin(), 1048575 / 7 + 1, std::int8_t{7});
  CHECK(c_source(long_rows, "bytes").source.find("multiply_packed") == std::string::npos);
}

TEST_CASE("packed weights in C: a network of 8 bits has nothing of them in it") {
  CHECK(network(seven_convs(4), "wide", 1).job.code.source.find("multiply_packed") == std::string::npos);
}
