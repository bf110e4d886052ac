// Folding: batch norms into the layers before them, long adds into chains, what does not count away.
#pragma once

#include <vector>

#include "space/model.hpp"

namespace paretoforge {

/// Where a node of a folded graph comes from: nodes of the graph that was folded, or -1.
struct FoldedNode {
  NodeId value;       ///< whose value this is; each Add of a chain stands for the Add that it was cut from
  NodeId layer = -1;  ///< the Conv or Linear whose kernel it has
  NodeId norm = -1;   ///< the BatchNorm that went into it; without `layer` it is that norm itself
};

struct Folding {
  Graph graph;
  std::vector<FoldedNode> nodes;  ///< one per node of `graph`
};

/// The same function with fewer kinds of ops (Jacob et al., "Quantization and training of neural networks for
/// efficient integer-arithmetic-only inference", 2018, section 3.2):
/// - a BatchNorm that is the only reader of a Conv or Linear goes into its weights and bias;
/// - any other BatchNorm becomes a depthwise 1x1 Conv with bias;
/// - an Add of more than two tensors becomes a chain of Adds of two, and Zeros leave the Adds they stand in;
/// - nodes that do not lead to the output go, equal ones without weights become one.
/// Every Conv and Linear of the result has a bias. Folding twice changes nothing. Throws std::invalid_argument where an
/// op is one of imported models alone.
Folding folding(const Graph& graph);

/// The model of the folded graph; ranges, where there are any, go along. Throws std::invalid_argument as above, and
/// naming the node where weights are missing, of a wrong size, or not finite.
Model folded(const Model& model);

/// Throws std::invalid_argument naming the first op that only imported models have, if there is one.
void refuse_imported(const Graph& graph);

}  // namespace paretoforge
