// The C text of the kernels that generated code is made of.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace paretoforge::internal {

/// In the order they are written in.
enum class CKernel {
  prologue, rescale, add, packing, layer, no_addition, finish_4, multiply, multiply_packed, columns, columns_packed,
  some_packed, all_packed, convolve, linear, depthwise, window, pool_maximum, pool_average, global_average,
  global_maximum, look_up, gate, join, transpose, rounded_share, softmax, clamp
};
struct KernelText {
  CKernel kernel;
  std::string_view text;
};
std::span<const KernelText> kernel_texts();

}  // namespace paretoforge::internal
