// Mixed precision: which layers can do with fewer bits for their weights.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge {

/// The Convs and Linears of a network, in execution order.
std::vector<NodeId> weighted_layers(const Graph& graph);
/// The same model with other bits (1 to 32) for the weights of these layers. Throws std::invalid_argument where one of
/// them is no Conv or Linear.
Model with_weight_bits(Model model, std::span<const NodeId> layers, int bits);

struct LayerSensitivity {
  NodeId layer;              ///< of the model that was given
  std::string name;
  std::int64_t saved_bytes;  ///< of weights, when this layer alone has fewer bits
  double error;              ///< of the output then: mean square over that of the float output
};

/// What each layer's weights cost at `bits` bits (2 to 7) while all other layers keep 8, the least error per byte saved
/// first: the order in which layers are narrowed (as in Pandey et al., "A practical mixed precision algorithm for
/// post-training quantization", 2023, with the output's squared error as the signal). The first and the last layer
/// are left out: they are small, and no later layer makes up for the first, nor any for the last.
/// `images` as in `quantised`; the error is taken over the first `watched` of them.
std::vector<LayerSensitivity> sensitivities(const Model& model, std::span<const float> images, const QuantiseOptions& options,
                                            int bits = 4, std::size_t watched = 128);

}  // namespace paretoforge
