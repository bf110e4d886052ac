// How one trial is measured. Private to the study.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stop_token>

#include "search/objective.hpp"

namespace paretoforge {

/// A network in both forms.
struct Network {
  Graph written, pruned;
};

/// Decodes a point; throws what Space::decode throws.
Network decoded(const Space& space, const Architecture& architecture);

/// What is to be measured. Decoding is left to the measuring thread where nobody needed the network before.
struct Assignment {
  std::uint64_t number;
  std::uint64_t seed;
  Architecture architecture;
  std::shared_ptr<const Network> network;  ///< null: not decoded yet
  std::uint32_t rung = 0;                  ///< to measure at
  std::optional<Trial> so_far = {};        ///< what the rungs below gave; empty where the trial begins here
};

/// Measures the cheap objectives in order, then the expensive ones at the rung, as far as limits and faults let it;
/// below the full budget the trial is then pruned, to be promoted or not. Where a trial goes on its cheap objectives
/// are not measured again, and its seconds add up. Nothing where the measurement was asked to stop. Throws
/// InfrastructureFault and nothing else.
std::optional<Trial> measured(const Space& space, std::span<const Objective> objectives, const Assignment& assignment,
                              const std::stop_token& stop);

}  // namespace paretoforge
