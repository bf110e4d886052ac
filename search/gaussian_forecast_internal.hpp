// Gaussian processes for searchers that fit again with every trial. Private to this folder.
#pragma once

#include "search/forecast_internal.hpp"

namespace paretoforge {

/// Makes Gaussian processes whose kernel is a sum over the space's encoding and, where cheap objectives are features,
/// those; hyperparameters are found anew when the rows have grown by a third, and kept in between.
ForecastModels gaussian_processes(const SearchProblem& problem);

}  // namespace paretoforge
