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
};

/// Measures the cheap objectives in order, then the expensive ones, as far as limits and faults let it. Nothing
/// where the measurement was asked to stop. Throws InfrastructureFault and nothing else.
std::optional<Trial> measured(const Space& space, std::span<const Objective> objectives, const Assignment& assignment,
                              const std::stop_token& stop);

}  // namespace paretoforge
