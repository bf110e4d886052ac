// What `architecture.yaml` of a bundle says: the network that was exported, with the bits that it was exported with.
#pragma once

#include <string>

#include "configs/config.hpp"
#include "space/graph.hpp"

namespace paretoforge {

/// "8 4 4 8": bits of the weights of every layer that has some, in execution order.
std::string bits_text(const Graph& graph);

/// An architecture (what Space::resolved gives) as YAML. `bits` is what export was asked for: "8" or "4" take the place of
/// what the document says of weights; "mixed", where bits are of single layers, stands above it as a comment with those of
/// `exported`; empty: as it is.
std::string exported_architecture(const Config& architecture, const Graph& exported, const std::string& bits);

}  // namespace paretoforge
