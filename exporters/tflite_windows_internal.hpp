// Which rows and columns a window meets, in the words that TFLite has for it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "space/op.hpp"

namespace paretoforge::internal {

/// Windows along one dimension.
struct Windows {
  std::int32_t size, stride, dilation, before;  ///< of the window; padding before the first element
  std::int32_t in, out;                         ///< elements

  std::int32_t reach() const { return (size - 1) * dilation + 1; }
  /// Elements from the first window's begin to the last one's end.
  std::int32_t span() const { return (out - 1) * stride + reach(); }
  /// Padding that is met at the end.
  std::int32_t after() const { return std::max(span() - before - in, 0); }
  bool valid() const { return before == 0 && after() == 0; }
  /// TFLite's SAME: as many windows as strides fit, padding split evenly, the greater half at the end.
  bool same() const { return out == (in + stride - 1) / stride && before == std::max(span() - in, 0) / 2; }
  /// Taps of zero before and behind the window's own that make it one of SAME, where some do.
  struct More {
    std::int32_t before = 0, after = 0;
  };
  std::optional<More> more_for_same() const {
    if (same()) return More{};
    if (out != (in + stride - 1) / stride || dilation != 1) return std::nullopt;
    const std::int32_t over = span() - in, missing = 2 * before - over;  // `over` grows by one with each tap
    return missing > 0 ? More{0, missing} : More{-missing - 1, 0};
  }
  /// Where the first window stands among those of SAME with stride 1.
  std::int32_t first_of_all() const { return (size - 1) / 2 - before; }
  bool among_all() const { return first_of_all() >= 0 && first_of_all() + (out - 1) * stride < in; }
};

struct Windows2D {
  Windows y, x;
  bool valid() const { return y.valid() && x.valid(); }
  bool same() const { return y.same() && x.same(); }
  bool among_all() const { return y.among_all() && x.among_all(); }
};

inline Windows2D windows_of(const Extent& kernel, const Extent& stride, const Extent& dilation, const Padding& pad, const Shape& in, const Shape& out) {
  return {{kernel.height, stride.height, dilation.height, pad.top, in.height, out.height}, {kernel.width, stride.width, dilation.width, pad.left, in.width, out.width}};
}

}  // namespace paretoforge::internal
