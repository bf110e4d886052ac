// The least peak memory over all execution orders of a program whose steps each write one tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace paretoforge {

/// Steps in one valid order. Step i writes a tensor of bytes[i] and reads those of inputs(i), all before i.
/// A tensor lives from the step that writes it to the last step that reads it (inclusive); one that nobody reads
/// only while it is written; the output's to the end. Nothing is computed in place.
struct MemorySteps {
  std::vector<std::int64_t> bytes;
  std::vector<std::int32_t> first_input{0};  ///< size() + 1 positions in `read`
  std::vector<std::int32_t> read;
  std::int32_t output = -1;  ///< whose tensor lives to the end; -1: none does

  std::int32_t size() const { return static_cast<std::int32_t>(bytes.size()); }
  std::span<const std::int32_t> inputs(std::int32_t step) const {
    const auto from = first_input[static_cast<std::size_t>(step)];
    return {read.data() + from, static_cast<std::size_t>(first_input[static_cast<std::size_t>(step) + 1] - from)};
  }
  /// Appends a step; doubled inputs count once.
  std::int32_t add(std::int64_t size, std::span<const std::int32_t> inputs);
};

/// Bounds in bytes on the least peak over all orders; `high` is reached by an order that was found.
struct PeakBytes {
  std::int64_t low = 0, high = 0;
  bool exact() const { return low == high; }
};

/// The peak when the steps run in the order given.
std::int64_t peak_in_order(const MemorySteps& steps);

/// The least peak over all orders: split where a step is comparable to all others (dominators of the order, which
/// are passed by every order at the same moment), then in each part best-first search over order ideals, the sets
/// of steps that may have run. A step that lifts nothing over the peak so far and leaves no more alive than before
/// is taken at once, which merges chains. Exact while a part needs at most `most_ideals` sets, bounds above.
PeakBytes least_peak(const MemorySteps& steps, std::size_t most_ideals = 1'000'000);

}  // namespace paretoforge
