// Computing nothing twice: what converters do to a network before a device sees it. Private to this folder.
#pragma once

#include "space/graph.hpp"

namespace paretoforge {

/// The graph with equal layers without weights that read the same tensors made one (common subexpressions): two
/// convolutions behind a ReLU each, both of one tensor, share that ReLU, which can then be fused into what wrote it.
Graph merged(Graph graph);

}  // namespace paretoforge
