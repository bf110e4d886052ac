// Reading the rungs of an objective: the budgets below the full one at which it can be measured.
#pragma once

#include <span>
#include <vector>

#include "configs/config.hpp"
#include "search/objective.hpp"

namespace paretoforge {

/// What `rungs:` in the objective's section says, as Criterion::rungs has it; empty where it has none. `before`: the
/// study's objectives read so far, which have equally many or none. Throws ConfigError.
///
///   table: {file: t.csv, column: accuracy_200, rungs: [{column: accuracy_12, share: 0.06}]}
///   train: {data: fashion-mnist, epochs: 9, rungs: [{epochs: 1}, {extrapolate: 3}]}
///
/// A training's rung may say epochs, share, images, resolution and width; its share of the full budget is the product of what
/// each lowers, resolution and width squared. A rung of epochs alone is the beginning of the full training, whose next rung goes
/// on from there; with any other key it is a training of its own. A rung `extrapolate` is the beginning of the full
/// training, too, and gives what its curve so far foretells of the end.
std::vector<double> read_rungs(const Config& objective, std::span<const Objective> before);

}  // namespace paretoforge
