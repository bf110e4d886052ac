// The names of a trial's states.
#include "search/trial.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace paretoforge {

namespace {
constexpr std::array<std::string_view, 4> names{"complete", "infeasible", "pruned", "failed"};
}

std::string_view state_name(TrialState state) { return names[static_cast<std::size_t>(state)]; }

TrialState state_named(std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::invalid_argument("no state of a trial is called '" + std::string(name) + "'");
  return static_cast<TrialState>(found - names.begin());
}

}  // namespace paretoforge
