// Which paused trial goes on while there is no model of the full budget yet. Private to the default searcher.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "search/auto_models_internal.hpp"

namespace paretoforge {

/// The paused trial, by its place in `told`, that adds most hypervolume for its training to what went on already,
/// taking newest readings for values of the full budget; where none adds any, the best by non-dominated layers. Nothing
/// where none is paused.
std::optional<std::size_t> most_promising(std::span<const Proposed> told);

}  // namespace paretoforge
