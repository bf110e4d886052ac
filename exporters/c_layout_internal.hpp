// Weights in the orders that the kernels of generated code read them in. Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace paretoforge::internal {

/// `out` rows of `depth` bytes, each padded with zeros to a multiple of 4.
std::vector<std::int8_t> padded_rows(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth);
/// [channel][byte of its row] as [group][block of 16 channels][four bytes][channel of the block][byte of the four]; rows
/// and the channels of a group are padded with zeros.
std::vector<std::int8_t> by_fours(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth, std::size_t groups);
/// [channel][tap] as [block of 8 channels][tap][channel of the block]; channels are padded with zeros.
std::vector<std::int8_t> by_blocks(const std::vector<std::int8_t>& kernel, std::size_t channels, std::size_t taps);

}  // namespace paretoforge::internal
