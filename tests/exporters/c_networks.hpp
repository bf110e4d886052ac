// Networks with what goes into them as C, and what must come out.
#pragma once

#include <string>
#include <vector>

#include "exporters/c_runner.hpp"
#include "exporters/reference.hpp"
#include "networks.hpp"

namespace paretoforge::test {

struct Network {
  IntegerModel model;
  CJob job;
};

/// With random weights, quantised on two random samples, which are its inputs.
Network network(const Graph& graph, const std::string& name, std::uint64_t seed);
/// The graph with weights of `bits` bits in every layer, or in every second one.
Graph with_bits(Graph graph, int bits, bool every_second = false);
std::vector<std::int8_t> expected(const Network& network, Rounding rounding);
std::vector<CJob> jobs_of(const std::vector<Network>& networks);

/// Of every op; of a space in configs/spaces; one of configs/architectures.
std::vector<Network> random_networks(std::uint64_t first, std::uint64_t count);
std::vector<Network> samples_of(const std::string& space, std::uint64_t first, int count);
Graph architecture_graph(const std::string& name);
Network architecture(const std::string& name);
/// One op, one pixel, kernels larger than their input, odd strides, sums in odd places, dead channels; the first without the
/// last of these.
std::vector<Graph> ugly_graphs();
std::vector<Network> ugly_networks();

}  // namespace paretoforge::test
