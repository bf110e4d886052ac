// The C text of each kernel. Each section is emitted once, where some layer needs it; the portable form of a kernel
// says what it does, the forms inside #if do the same faster.
#pragma once

#include <string_view>

namespace paretoforge::internal::c_kernels {

extern const std::string_view prologue, rescale, add, layer, no_addition, finish_4, clamp;
extern const std::string_view packing, multiply_packed, columns, columns_packed, some_packed, all_packed;
extern const std::string_view multiply, linear, convolve, depthwise;
extern const std::string_view window, pool_maximum, pool_average, global_average, global_maximum, look_up, gate, join,
    transpose, rounded_share, softmax;

}  // namespace paretoforge::internal::c_kernels
