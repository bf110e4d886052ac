// Which networks to measure next: those that say most about the others.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "predictors/transfer.hpp"

namespace paretoforge {

/// Rows of `candidates` (features as in Samples; targets are not looked at) in the order in which to measure them:
/// each next one is the network whose logarithm of cost is least certain given those before it, in the Bayesian linear
/// regression that fit_transfer makes; sequential D-optimal design (Wynn 1970). Without sources the features of the
/// graph speak alone. `measured` are rows that are known already. At most all candidates; equal ones are not chosen
/// twice. Same input, same plan.
std::vector<std::size_t> measuring_plan(const Samples& candidates, std::size_t count,
                                        const std::vector<Source>& sources, const std::string& space_key,
                                        const Samples* measured = nullptr);

}  // namespace paretoforge
