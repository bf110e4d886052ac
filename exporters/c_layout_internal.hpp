// Weights in the orders that the kernels of generated code read them in. Private to this folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge::internal {

/// Whether a layer's weights lie two to a byte (but for depthwise ones): they have at most four bits, and sums of products
/// with 16 times the weights fit 32 bits. Throws std::invalid_argument where a weight is wider than the layer says.
bool packs(const IntegerNode& layer);

/// `out` rows of `depth` bytes, each padded with zeros to a multiple of 4.
std::vector<std::int8_t> padded_rows(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth);
/// [channel][byte of its row] as [group][block of 16 channels][four bytes][channel of the block][byte of the four]; rows
/// and the channels of a group are padded with zeros.
std::vector<std::int8_t> by_fours(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth, std::size_t groups);
/// Two weights of 4 bits to a byte. Rows of a group lie in pairs: of each eight weights four bytes of one row, then four
/// of the other; the first four weights in the upper halves of a row's bytes, the second four in the lower ones. Rows are
/// padded with zeros to a multiple of 8, a group's to an even number.
std::vector<std::int8_t> nibbles_by_pairs(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth, std::size_t groups);
/// The same for vectors, row after row: of each 32 weights the first 16 in the upper halves of 16 bytes, the second 16 in
/// the lower ones; what a row has left is halved likewise.
std::vector<std::int8_t> nibbles_by_halves(const std::vector<std::int8_t>& kernel, std::size_t out, std::size_t depth);
/// [channel][tap] as [block of 8 channels][tap][channel of the block]; channels are padded with zeros.
std::vector<std::int8_t> by_blocks(const std::vector<std::int8_t>& kernel, std::size_t channels, std::size_t taps);

}  // namespace paretoforge::internal
