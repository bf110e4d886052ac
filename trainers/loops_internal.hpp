// What plain loops over channels-last data have in common. Not public.
#pragma once

#include <cstddef>
#include <vector>

// Widest vectors first, chosen when the program is loaded. Sums keep their order in each, so that results differ
// between processors by the rounding of fused multiply-adds only.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define PARETOFORGE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PARETOFORGE_CLONES
#endif
#define PARETOFORGE_INLINE inline __attribute__((always_inline))

namespace paretoforge {

/// The per-channel sums of a tile (many whole rows of channels), divided by `divisor`.
template <class T>
std::vector<T> folded(const std::vector<T>& tile, std::size_t channels, double divisor = 1) {
  std::vector<double> sums(channels);
  for (std::size_t i = 0; i < tile.size(); ++i) sums[i % channels] += tile[i];
  std::vector<T> result(channels);
  for (std::size_t c = 0; c < channels; ++c) result[c] = static_cast<T>(sums[c] / divisor);
  return result;
}

}  // namespace paretoforge
