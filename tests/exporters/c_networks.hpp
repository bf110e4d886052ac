// Networks with what goes into them as C, and what must come out.
#pragma once

#include <string>
#include <vector>

#include "exporters/c_runner.hpp"
#include "exporters/reference.hpp"
#include "networks.hpp"
#include "space/space.hpp"

namespace paretoforge::test {

struct Network {
  IntegerModel model;
  CJob job;
};

inline Network network(const Graph& graph, const std::string& name, std::uint64_t seed) {
  const std::vector<float> images = random_images(graph.shape(0), 2, seed);
  IntegerModel model = quantised(random_model(graph, seed), images);
  CJob job = c_job(model, name, images);
  return {std::move(model), std::move(job)};
}

inline std::vector<std::int8_t> expected(const Network& network, Rounding rounding) {
  IntegerInterpreter interpreter(network.model, rounding);
  std::vector<std::int8_t> outputs;
  for (std::size_t i = 0; i < network.job.inputs.size(); i += network.job.input) {
    const auto output = interpreter.run(std::span(network.job.inputs).subspan(i, network.job.input));
    outputs.insert(outputs.end(), output.begin(), output.end());
  }
  return outputs;
}

inline std::vector<CJob> jobs_of(const std::vector<Network>& networks) {
  std::vector<CJob> jobs;
  for (const Network& each : networks) jobs.push_back(each.job);
  return jobs;
}

inline std::vector<Network> random_networks(std::uint64_t first, std::uint64_t count) {
  std::vector<Network> networks;
  for (std::uint64_t seed = first; seed < first + count; ++seed)
    networks.push_back(network(random_graph(seed), "random_" + std::to_string(seed), seed));
  return networks;
}

inline std::vector<Network> samples_of(const std::string& space_name, std::uint64_t first, int count) {
  const Space space = Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/spaces/" + space_name + ".yaml");
  std::vector<Network> networks;
  Random random(first);
  for (int i = 0; i < count; ++i)
    networks.push_back(network(pruned(space.decode(space.sample(random))), space_name + "_" + std::to_string(i), first + static_cast<std::uint64_t>(i)));
  return networks;
}

/// One of configs/architectures, by its name.
inline Network architecture(const std::string& name) {
  return network(pruned(Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/architectures/" + name + ".yaml").decode({})), name, 1);
}

}  // namespace paretoforge::test
