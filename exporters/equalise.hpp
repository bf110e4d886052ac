// Equalisation: channels of one tensor brought to like ranges, so that one int8 step suits them all.
#pragma once

#include "exporters/calibration.hpp"
#include "space/model.hpp"

namespace paretoforge {

/// The same function with other weights: where a Conv or Linear reaches other Convs and Linears through ReLU and pools
/// alone, each of its output channels is multiplied by a positive factor and what reads it is divided by the same
/// (Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019, with the ranges
/// of activations in place of those of weights, since weights have a scale per output channel here).
/// - Where all readers are depthwise, channels come to one range: their weights have scales of their own.
/// - Else the factor divides the burden between activations and the readers' weights (Xiao et al., "SmoothQuant",
///   2023, with strength 1/2).
/// Trained batch norms leave ranges 100 times apart; unequalised, such networks lose several points.
/// `calibration` is of `folded`; it does not hold for the result.
Model equalised(const Model& folded, const Calibration& calibration);

}  // namespace paretoforge
