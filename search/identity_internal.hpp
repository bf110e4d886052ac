// Which proposals are the same thing. Private to the study.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "search/fresh_points.hpp"
#include "search/measure_internal.hpp"

namespace paretoforge {

/// Knows every trial's architecture, and finds the one that a proposal repeats.
class KnownTrials {
 public:
  KnownTrials(Space space, Identity identity) : space_(std::move(space)), identity_(identity) {}

  /// What a proposal is.
  struct Sighting {
    std::uint64_t repeats = 0;               ///< number of the trial that it repeats, 0 where it is new
    std::shared_ptr<const Network> network;  ///< where it was decoded on the way
    std::uint64_t hash = 0;                  ///< of the network, where there is one
  };
  Sighting look(const Architecture& proposal) const;
  /// Numbers a new proposal: 1, 2, ...
  std::uint64_t add(const Architecture& proposal, const Sighting& sighting);
  const Architecture& architecture(std::uint64_t number) const { return architectures_[number - 1]; }

 private:
  Space space_;
  Identity identity_;
  std::vector<Architecture> architectures_;
  std::unordered_map<Architecture, std::uint64_t, ArchitectureHash> by_decisions_;
  std::unordered_multimap<std::uint64_t, std::uint64_t> by_network_;
};

}  // namespace paretoforge
