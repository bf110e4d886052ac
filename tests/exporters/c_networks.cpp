// Networks for the tests of exported C.
#include "c_networks.hpp"

#include "space/space.hpp"

namespace paretoforge::test {

Network network(const Graph& graph, const std::string& name, std::uint64_t seed) {
  const std::vector<float> images = random_images(graph.shape(0), 2, seed);
  IntegerModel model = quantised(random_model(graph, seed), images);
  CJob job = c_job(model, name, images);
  return {std::move(model), std::move(job)};
}

Graph with_bits(Graph graph, int bits, bool every_second) {
  bool this_one = true;
  for (NodeId id = 0; id < graph.size(); ++id) {
    if (!has_weights(graph.op(id))) continue;
    if (this_one) graph.set_weight_bits(id, bits);
    this_one = !every_second || !this_one;
  }
  return graph;
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

std::vector<CJob> jobs_of(const std::vector<Network>& networks) {
  std::vector<CJob> jobs;
  for (const Network& each : networks) jobs.push_back(each.job);
  return jobs;
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

Graph architecture_graph(const std::string& name) { return pruned(Space::load(std::string(PARETOFORGE_SOURCE_DIR) + "/configs/architectures/" + name + ".yaml").decode({})); }

Network architecture(const std::string& name) { return network(architecture_graph(name), name, 1); }

namespace {

Graph one(const Shape& input, const Op& op, int inputs = 1) {
  Graph graph(input);
  const std::vector<NodeId> from(static_cast<std::size_t>(inputs), 0);
  graph.add(op, from);
  return graph;
}

Conv odd_conv(int out, Extent kernel, Extent stride, Padding pad, int groups = 1) {
  return {.out = out, .kernel = kernel, .stride = stride, .dilation = {}, .pad = pad, .groups = groups, .bias = true};
}

/// As `network`, from weights of zero and samples that are always the same.
Network dead_network() {
  Graph graph({3, 6, 6});
  graph.add(GlobalPool{}, block(graph, graph.add(conv_of(8, 3, 1, 1, true), NodeId{0}), conv_of(8, 3), ActivationKind::relu));
  Model model = random_model(graph, 3);
  for (std::size_t i = 0; i < 27; ++i) model.weights[1].kernel[i] = 0;  // one channel
  for (float& weight : model.weights[2].kernel) weight = 0;             // all of them
  const std::vector<float> images(static_cast<std::size_t>(2 * graph.shape(0).elements()), 0.25f);
  IntegerModel integer = quantised(model, images);
  CJob job = c_job(integer, "dead", images);
  return {std::move(integer), std::move(job)};
}

}  // namespace

std::vector<Graph> ugly_graphs() {
  std::vector<Graph> graphs{Graph({2, 3, 3}),
                            one({3, 5, 4}, conv_of(5, 3)),
                            one({1, 1, 1}, conv_of(1, 1)),
                            one({4, 1, 1}, conv_of(4, 5)),
                            one({8, 3, 3}, odd_conv(7, {5, 7}, {1, 1}, {2, 3, 2, 3})),
                            one({5, 9, 11}, odd_conv(6, {3, 2}, {3, 2}, {0, 1, 2, 0})),
                            one({6, 7, 7}, odd_conv(6, {7, 7}, {3, 3}, {3, 3, 3, 3}, 6)),
                            one({3, 8, 8}, odd_conv(12, {3, 3}, {1, 1}, {1, 1, 1, 1}, 3)),
                            one({9, 1, 1}, odd_conv(9, {3, 3}, {1, 1}, {1, 1, 1, 1}, 9)),
                            one({2, 1, 40}, odd_conv(3, {1, 9}, {1, 3}, {0, 4, 0, 4})),
                            one({17, 1, 1}, Linear{.out = 3}),
                            one({700, 1, 1}, Linear{.out = 9}),
                            one({3, 4, 4}, GlobalPool{}),
                            one({3, 4, 4}, GlobalPool{.kind = PoolKind::maximum}),
                            one({3, 4, 5}, Flatten{}),
                            one({6, 2, 2}, ChannelShuffle{.groups = 3}),
                            one({5, 1, 1}, Softmax{}),
                            one({2, 3, 3}, Zero{{2, 3, 3}}),
                            one({2, 3, 3}, act(ActivationKind::hard_swish)),
                            one({2, 3, 3}, act(ActivationKind::relu6)),
                            one({2, 3, 3}, Add{}, 2),
                            one({2, 3, 3}, Multiply{}, 2),
                            one({2, 3, 3}, Concat{}, 3)};
  // A convolution that is added to its own input, and one whose sum is the output.
  Graph own({4, 6, 6});
  const NodeId first = own.add(conv_of(4, 3), NodeId{0});
  const NodeId second = own.add(Add{}, {own.add(conv_of(4, 3), first), first});
  own.add(Add{}, {second, own.add(conv_of(4, 3, 1, 4), second)});
  graphs.push_back(own);
  return graphs;
}

std::vector<Network> ugly_networks() {
  const std::vector<Graph> graphs = ugly_graphs();
  std::vector<Network> networks;
  for (std::size_t g = 0; g < graphs.size(); ++g) networks.push_back(network(graphs[g], "ugly_" + std::to_string(g), g));
  networks.push_back(dead_network());
  return networks;
}

}  // namespace paretoforge::test
