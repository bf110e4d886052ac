// Weights in the orders that kernels read them in.
#include "exporters/c_layout_internal.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <stdexcept>

namespace paretoforge::internal {
namespace {

/// Puts a weight into one half of its byte.
void add_nibble(std::int8_t& byte, std::int8_t weight, bool upper) {
  const auto nibble = static_cast<std::uint8_t>(weight & 15);
  byte = static_cast<std::int8_t>(static_cast<std::uint8_t>(byte) | (upper ? nibble << 4 : nibble));
}

}  // namespace

bool packs(const IntegerNode& layer) {
  if (!has_weights(layer.op) || weight_bits(layer.op) > 4) return false;
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max() / (16 * 128);
  const std::size_t depth = layer.kernel.size() / layer.kernel_scales.size();
  std::int64_t reach = 0, greatest = 0;
  for (std::size_t i = 0; i < layer.kernel.size(); ++i) {
    const std::int8_t weight = layer.kernel[i];
    if (weight < -8 || weight > 7) throw std::invalid_argument("cannot write " + layer.name + " as C: a weight of " + std::to_string(weight) + " in 4 bits");
    reach = std::abs(weight) + (i % depth == 0 ? 0 : reach);
    greatest = std::max(greatest, reach);
  }
  return greatest <= most;
}

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

std::vector<std::int8_t> nibbles_by_pairs(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth, std::size_t groups) {
  const std::size_t pair = (depth + 7) / 8 * 8, width = out / groups, pairs = (width + 1) / 2;
  std::vector<std::int8_t> result(groups * pairs * pair);
  for (std::size_t o = 0; o < out; ++o) {
    const std::size_t row = o % width, first = (o / width * pairs + row / 2) * pair + row % 2 * 4;
    for (std::size_t i = 0; i < depth; ++i) add_nibble(result[first + i / 8 * 8 + i % 4], kernel[o * depth + i], i % 8 < 4);
  }
  return result;
}

std::vector<std::int8_t> nibbles_by_halves(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth) {
  const std::size_t rest = depth % 32, half = (rest + 1) / 2, row = depth / 32 * 16 + half;
  std::vector<std::int8_t> result(out * row);
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t i = 0; i < depth; ++i) {
      const std::size_t block = i / 32, width = block < depth / 32 ? 16 : half, at = i % 32;
      add_nibble(result[o * row + block * 16 + at % width], kernel[o * depth + i], at < width);
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
