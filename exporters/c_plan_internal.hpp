// How an integer model runs as C: the steps, where every value lies, and what is reused.
#pragma once

#include <cstdint>
#include <vector>

#include "exporters/integer_model.hpp"

namespace paretoforge::internal {

/// Bytes of the arena that hold one value, or one step's scratch, from step `first` to step `last`.
struct CBuffer {
  std::int64_t bytes = 0, alignment = 4;
  std::int32_t first = 0, last = 0;
  std::int64_t offset = 0;
};

/// Two buffers that live at one step, yet may lie over each other: `out` is written in order while `in` is read for the
/// last time, and never ahead of what is still to be read if it begins at least `distance` bytes before it.
struct COverlap {
  std::int32_t out = 0, in = 0;
  std::int64_t distance = 0;
};

/// Places the buffers and returns the bytes of the arena; the same buffers always come to lie in the same places.
std::int64_t pack(std::vector<CBuffer>& buffers, const std::vector<COverlap>& overlaps);

inline constexpr std::int32_t place_input = -1, place_output = -2;

struct CStep {
  std::int32_t node = 0;           ///< whose value this makes
  std::int32_t layer = 0;          ///< the layer that is run; not `node` where that is an Add done behind the layer
  std::int32_t other = -1;         ///< the Add's other term, where there is one
  std::int64_t scratch_bytes = 0;  ///< on the stack unless it has a buffer
  std::int32_t scratch = -1;
};

struct CPlan {
  std::vector<CStep> steps;
  std::vector<std::int32_t> places;  ///< of every node's value: a buffer, place_input or place_output; place_none where nothing needs it
  std::vector<CBuffer> buffers;
  std::int64_t arena_bytes = 0, stack_bytes = 0;  ///< stack: of the scratch
};
inline constexpr std::int32_t place_none = -3;
/// Scratch up to the first lies on the stack, more than the second in the arena, what is between where it costs least.
inline constexpr std::int64_t modest_stack_scratch = 448, most_stack_scratch = 640;
/// In place of the second where weights of 4 bits are unpacked, which takes some stack itself.
inline constexpr std::int64_t most_stack_scratch_packed = 576;

CPlan c_plan(const IntegerModel& model);

/// Whether each channel has a kernel of its own.
bool is_depthwise(const IntegerModel& model, const IntegerNode& node);

}  // namespace paretoforge::internal
