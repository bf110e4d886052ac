// Identity of proposals: by decisions, or by the network they make.
#include "search/identity_internal.hpp"

namespace paretoforge {

KnownTrials::Sighting KnownTrials::look(const Architecture& proposal) const {
  Sighting sighting;
  if (const auto found = by_decisions_.find(proposal); found != by_decisions_.end()) {
    sighting.repeats = found->second;
    return sighting;
  }
  if (identity_ == Identity::decisions) return sighting;
  try {
    sighting.network = std::make_shared<const Network>(decoded(space_, proposal));
  } catch (const std::exception&) {
    return sighting;  // has no network: the trial will fail with this message, and is its own
  }
  sighting.hash = network_hash(sighting.network->pruned);
  const auto [begin, end] = by_network_.equal_range(sighting.hash);
  for (auto candidate = begin; candidate != end; ++candidate)
    // Graphs of earlier trials are not kept: hashes rarely meet, and decoding again is cheap.
    if (same_network(sighting.network->pruned, decoded(space_, architecture(candidate->second)).pruned))
      sighting.repeats = candidate->second;
  return sighting;
}

std::uint64_t KnownTrials::add(const Architecture& proposal, const Sighting& sighting) {
  architectures_.push_back(proposal);
  const std::uint64_t number = architectures_.size();
  by_decisions_.emplace(proposal, number);
  if (sighting.network) by_network_.emplace(sighting.hash, number);
  return number;
}

}  // namespace paretoforge
