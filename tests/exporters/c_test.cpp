// Exported C against the reference interpreter: the same bytes, whatever lies around them.
#include <algorithm>
#include <iostream>

#include "c_networks.hpp"
#include "catch.hpp"
#include "exporters/c_writer.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

std::vector<std::string> strict(std::vector<std::string> more) {
  std::vector<std::string> flags{"-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

void prove(const std::vector<Network>& networks, std::vector<std::string> flags, Rounding rounding) {
  const auto compiler = host_c_compiler();
  if (!compiler) {
    std::cout << "SKIPPED: needs a C compiler\n";
    return;
  }
  if (rounding == Rounding::twice) flags.push_back("-DPARETOFORGE_DOUBLE_ROUNDING");
  const auto outputs = run_c(jobs_of(networks), {compiler->program, strict(flags)});
  for (std::size_t n = 0; n < networks.size(); ++n) {
    INFO(networks[n].job.name);
    CHECK(outputs[n] == expected(networks[n], rounding));
  }
}

}  // namespace

TEST_CASE("C: every op, the reference's bytes under both rounding rules") {
  const auto networks = random_networks(1, 24);
  prove(networks, {"-O1"}, Rounding::single);
  prove(networks, {"-O1"}, Rounding::twice);
}

TEST_CASE("C: every op under sanitizers") {
  prove(random_networks(100, 16), {"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}, Rounding::single);
}

TEST_CASE("C: samples of the spaces that ship, as fast as this machine allows") {
  for (const char* space : {"nasbench201", "tiny_image", "mobile", "audio_1d"}) prove(samples_of(space, 1, 3), {"-O3", "-march=native"}, Rounding::single);
}

TEST_CASE("C: networks of one op, of one pixel, with kernels larger than their input, dead and constant ones") {
  const auto networks = ugly_networks();
  prove(networks, {"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}, Rounding::single);
  prove(networks, {"-Os"}, Rounding::twice);
}

TEST_CASE("C: what this machine's processor adds gives the same bytes") {
  prove(ugly_networks(), {"-O2", "-march=native"}, Rounding::single);
  const auto networks = random_networks(40, 4);
  prove(networks, {"-O2", "-march=native"}, Rounding::single);
  prove(networks, {"-O2", "-march=native"}, Rounding::twice);
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) prove(networks, {"-O2", "-mavx2"}, Rounding::single);
#endif
}

TEST_CASE("C: what is refused") {
  Graph graph({3, 5, 4});
  graph.add(conv_of(5, 3), NodeId{0});
  IntegerModel model = network(graph, "good", 1).model;
  for (const char* name : {"", "Upper", "9lives", "two words", "a-b"}) CHECK_THROWS_AS(c_source(model, name), std::invalid_argument);
  model.nodes[1].bias[2] = 2147483000;
  CHECK_THROWS_WITH(c_source(model, "full"), ContainsSubstring("conv_1") && ContainsSubstring("output channel 2 could leave 32 bits"));
  CHECK_THROWS_WITH(run_c({}, {"no-such-compiler", {}}), ContainsSubstring("no-such-compiler"));
}

TEST_CASE("C: the same model gives the same bytes, and an arena that residual networks need") {
  const Network each = random_networks(5, 1)[0];
  CHECK(each.job.code.source == c_source(each.model, each.job.name).source);
  // A sum over its skip, a convolution over its input: one image and two of its rows, but for the pads.
  Graph chain({4, 16, 16});
  NodeId last = chain.add(conv_of(8, 3), NodeId{0});
  for (int i = 0; i < 3; ++i) last = chain.add(conv_of(8, 3), last);
  chain.add(GlobalPool{}, last);
  CHECK(network(chain, "chain", 1).job.code.arena_bytes == 8 * 16 * 16 + 3 * 2 * 8 * 16);
  Graph skips({4, 16, 16});
  last = skips.add(conv_of(8, 3), NodeId{0});
  for (int i = 0; i < 3; ++i) last = skips.add(Add{}, {skips.add(conv_of(8, 3), skips.add(conv_of(8, 3), last)), last});
  skips.add(GlobalPool{}, last);
  CHECK(network(skips, "skips", 1).job.code.arena_bytes == 2 * 8 * 16 * 16);
}
