// How a study asks for scores of trained networks: objectives that share a training, and scores after quantisation.
#pragma once

#include <optional>
#include <vector>

#include "configs/config.hpp"
#include "experiments/evaluate.hpp"

namespace paretoforge {

/// The items of `objectives:`, where `train: NAME` stands replaced by the section of the objective before it that is
/// called so, and trains. Throws ConfigError where there is none.
///
///   - {name: accuracy_pct, train: {data: fashion-mnist, epochs: 3}, quantised: true}
///   - {name: float_accuracy_pct, train: accuracy_pct}
std::vector<Config> with_trainings(const Config& objectives);

/// The keys `calibration` and `weight_bits` of a section; `otherwise` holds what absent ones mean.
QuantiseWish read_quantise_wish(const Config& section, const QuantiseWish& otherwise = {});

/// What `quantised:` of an objective says: true, false, or {calibration, weight_bits}; nothing where it is absent. What it
/// leaves open is as `finish:` has it, and else one rule of calibration and the bits that the space gives each layer.
/// `objective` is one of with_trainings. Throws ConfigError where the objective does not train, for a training that is
/// extrapolated, and for weight bits that cannot be.
std::optional<QuantiseWish> read_quantised(const Config& objective, const std::optional<Config>& finish);

}  // namespace paretoforge
