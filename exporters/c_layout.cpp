// Weights in the orders that kernels read them in.
#include "exporters/c_layout_internal.hpp"

#include <algorithm>

namespace paretoforge::internal {

std::vector<std::int8_t> padded_rows(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth) {
  const std::size_t row = (depth + 3) / 4 * 4;
  std::vector<std::int8_t> result(out * row);
  for (std::size_t o = 0; o < out; ++o) std::copy_n(kernel.begin() + static_cast<std::ptrdiff_t>(o * depth), depth, result.begin() + static_cast<std::ptrdiff_t>(o * row));
  return result;
}

std::vector<std::int8_t> by_fours(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth, std::size_t groups) {
  const std::size_t row = (depth + 3) / 4 * 4, width = out / groups, padded = (width + 15) / 16 * 16;
  std::vector<std::int8_t> result(groups * padded * row);
  for (std::size_t o = 0; o < out; ++o) {
    const std::size_t channel = o / width * padded + o % width;
    for (std::size_t i = 0; i < depth; ++i) result[channel / 16 * 16 * row + i / 4 * 64 + channel % 16 * 4 + i % 4] = kernel[o * depth + i];
  }
  return result;
}

std::vector<std::int8_t> by_blocks(const std::vector<std::int8_t>& kernel, std::size_t channels, std::size_t taps) {
  std::vector<std::int8_t> result((channels + 7) / 8 * 8 * taps);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t t = 0; t < taps; ++t) result[(c / 8 * taps + t) * 8 + c % 8] = kernel[c * taps + t];
  return result;
}

}  // namespace paretoforge::internal
