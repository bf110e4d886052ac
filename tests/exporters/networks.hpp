// Networks for the exporters' tests: small ones made by hand, and random ones that meet every op.
#pragma once

#include <vector>

#include "space/graph.hpp"
#include "space/model.hpp"
#include "space/random.hpp"

namespace paretoforge::test {

Conv conv_of(int out, int kernel, int stride = 1, int groups = 1, bool bias = false);
Activation act(ActivationKind kind);

/// Convolution, norm, activation.
NodeId block(Graph& graph, NodeId from, const Conv& conv, ActivationKind kind);

/// Seven 3x3 convolutions with norm and ReLU, pooled and classified: 3 x 32 x 32 to 10.
Graph seven_convs(int width);

/// Images or 1-D signals; every op of space turns up in a few dozen of them.
Graph random_graph(std::uint64_t seed);

/// `count` samples of standard normal numbers.
std::vector<float> random_images(const Shape& shape, int count, std::uint64_t seed);

}  // namespace paretoforge::test
