// One architecture and what came of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/space.hpp"

namespace paretoforge {

enum class TrialState : std::uint8_t {
  complete,    ///< every objective has a value
  infeasible,  ///< a cheap objective is over its limit; nothing after it was measured
  pruned,      ///< measured below its full budget, and not promoted (yet)
  failed       ///< an objective threw, or gave no finite number
};
/// As in CSV files: complete, infeasible, pruned, failed.
std::string_view state_name(TrialState state);
/// The state of that name; throws std::invalid_argument.
TrialState state_named(std::string_view name);

/// What an objective gave below the full budget: a noisy hint of its value, not a value.
struct Reading {
  std::uint32_t rung;       ///< see Criterion::rungs
  std::uint32_t objective;  ///< which, in the study's order
  double value;             ///< finite
  friend bool operator==(const Reading&, const Reading&) = default;
};

struct Trial {
  std::uint64_t number = 0;  ///< from 1, in the order in which they were proposed
  Architecture architecture = {};
  TrialState state = TrialState::complete;
  std::vector<std::optional<double>> values =
      {};                    ///< one per objective, in the study's order; finite where there is one; of a pruned trial
                             ///< those of an expensive objective are its readings at the highest rung measured
  double seconds = 0;        ///< it took to measure
  std::string message = {};  ///< why it is not complete
  std::uint32_t rung = 0;    ///< the highest begun, see Criterion::rungs; the full budget's in a complete trial
  std::vector<Reading> readings = {};  ///< by rung, then by objective; of a complete trial too
  friend bool operator==(const Trial&, const Trial&) = default;
};

}  // namespace paretoforge
