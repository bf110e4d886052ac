// Exported C against the reference interpreter: the same bytes, whatever lies around them.
#include <algorithm>
#include <iostream>

#include "catch.hpp"
#include "exporters/c_runner.hpp"
#include "exporters/c_writer.hpp"
#include "exporters/reference.hpp"
#include "networks.hpp"
#include "space/space.hpp"

using namespace paretoforge;
using namespace paretoforge::test;

namespace {

std::vector<std::string> strict(std::vector<std::string> more) {
  std::vector<std::string> flags{"-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

struct Network {
  IntegerModel model;
  CJob job;
};

Network network(const Graph& graph, const std::string& name, std::uint64_t seed) {
  const std::vector<float> images = random_images(graph.shape(0), 2, seed);
  IntegerModel model = quantised(random_model(graph, seed), images);
  CJob job = c_job(model, name, images);
  return {std::move(model), std::move(job)};
}

std::vector<std::int8_t> expected(const Network& network, Rounding rounding) {
  IntegerInterpreter interpreter(network.model, rounding);
  std::vector<std::int8_t> outputs;
  for (std::size_t i = 0; i < network.job.inputs.size(); i += network.job.input) {
    const auto output = interpreter.run(std::span(network.job.inputs).subspan(i, network.job.input));
    outputs.insert(outputs.end(), output.begin(), output.end());
  }
  return outputs;
}

void prove(const std::vector<Network>& networks, std::vector<std::string> flags, Rounding rounding) {
  const auto compiler = host_c_compiler();
  if (!compiler) {
    std::cout << "SKIPPED: needs a C compiler\n";
    return;
  }
  if (rounding == Rounding::twice) flags.push_back("-DPARETOFORGE_DOUBLE_ROUNDING");
  std::vector<CJob> jobs;
  for (const Network& each : networks) jobs.push_back(each.job);
  const auto outputs = run_c(jobs, {compiler->program, strict(flags)});
  for (std::size_t n = 0; n < networks.size(); ++n) {
    INFO(networks[n].job.name);
    CHECK(outputs[n] == expected(networks[n], rounding));
  }
}

std::vector<Network> random_networks(std::uint64_t first, std::uint64_t count) {
  std::vector<Network> networks;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    networks.push_back(network(random_graph(seed), "random_" + std::to_string(seed), seed));
  return networks;
}

std::vector<Network> samples_of(const std::string& space_name, std::uint64_t first, int count) {
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + space_name + ".yaml");
  std::vector<Network> networks;
  Random random(first);
  for (int i = 0; i < count; ++i)
    networks.push_back(network(pruned(space.decode(space.sample(random))), space_name + "_" + std::to_string(i), first + static_cast<std::uint64_t>(i)));
  return networks;
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
