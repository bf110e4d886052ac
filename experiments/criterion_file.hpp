// What an item of a study's `objectives:` says of its criterion: everything but how it is measured.
#pragma once

#include "configs/config.hpp"
#include "search/objective.hpp"

namespace paretoforge {

/// Reads name, goal, expensive, limit, soft_limit, interest, aspiration and reference. Throws ConfigError for unknown
/// keys, names that cannot be a column, and wishes that contradict each other or a limit.
Criterion read_criterion(const Config& item);

}  // namespace paretoforge
