// The convolution both interpreters share: plain loops, channels last, written so that compilers vectorise them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "space/op.hpp"

namespace paretoforge::internal {

/// Weights [out, in/groups, kh, kw] as [kh, kw, in/groups, out], so that the innermost loop runs over outputs.
template <class To, class From>
std::vector<To> outputs_last(const std::vector<From>& kernel, std::size_t out) {
  const std::size_t row = kernel.size() / out;
  std::vector<To> packed(kernel.size());
  for (std::size_t o = 0; o < out; ++o)
    for (std::size_t i = 0; i < row; ++i) packed[i * out + o] = static_cast<To>(kernel[o * row + i]);
  return packed;
}

/// A kernel [out, depth, taps] as [out, taps, depth].
template <class T>
std::vector<T> depth_last(const std::vector<T>& kernel, std::size_t depth, std::size_t taps) {
  std::vector<T> result(kernel.size());
  for (std::size_t o = 0; o < kernel.size() / (depth * taps); ++o)
    for (std::size_t d = 0; d < depth; ++d)
      for (std::size_t t = 0; t < taps; ++t) result[(o * taps + t) * depth + d] = kernel[(o * depth + d) * taps + t];
  return result;
}

/// sums[0..count) += x * weights[0..count)
template <class X, class Sum>
inline void accumulate(X x, const X* weights, Sum* sums, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += static_cast<Sum>(x) * static_cast<Sum>(weights[i]);
}

/// sums[0..count) += x[0..count) * weights[0..count)
template <class X, class Sum>
inline void accumulate_each(const X* x, const X* weights, Sum* sums, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += static_cast<Sum>(x[i]) * static_cast<Sum>(weights[i]);
}

/// One tap of the kernel at one place: `x` are the input's channels there, `weights` [in/groups, out].
template <class X, class Sum>
inline void convolve_tap(const X* x, const X* weights, Sum* sums, std::size_t in, std::size_t out, std::size_t groups) {
  if (groups == in && groups == out) return accumulate_each(x, weights, sums, out);
  const std::size_t depth = in / groups, width = out / groups;
  for (std::size_t g = 0; g < groups; ++g)
    for (std::size_t d = 0; d < depth; ++d)
      accumulate(x[g * depth + d], weights + d * out + g * width, sums + g * width, width);
}

/// Calls `finish(place, sums)` for every place of the output (row by row) with the sums of its channels, which
/// begin at `bias`. What lies outside the image counts as zero.
template <class X, class Sum, class Finish>
void convolve(const Conv& conv, const Shape& input, const Shape& output, const X* x, const X* weights, const Sum* bias,
              Finish finish) {
  const auto in = static_cast<std::size_t>(input.channels), out = static_cast<std::size_t>(output.channels);
  const auto groups = static_cast<std::size_t>(conv.groups);
  const std::size_t tap_size = in / groups * out;
  std::vector<Sum> sums(out);
  std::size_t place = 0;
  for (std::int32_t oy = 0; oy < output.height; ++oy)
    for (std::int32_t ox = 0; ox < output.width; ++ox, ++place) {
      std::copy(bias, bias + out, sums.begin());
      for (std::int32_t ky = 0; ky < conv.kernel.height; ++ky) {
        const std::int32_t y = oy * conv.stride.height - conv.pad.top + ky * conv.dilation.height;
        if (y < 0 || y >= input.height) continue;
        for (std::int32_t kx = 0; kx < conv.kernel.width; ++kx) {
          const std::int32_t column = ox * conv.stride.width - conv.pad.left + kx * conv.dilation.width;
          if (column < 0 || column >= input.width) continue;
          const auto tap = static_cast<std::size_t>(ky * conv.kernel.width + kx);
          const auto pixel =
              static_cast<std::size_t>(y) * static_cast<std::size_t>(input.width) + static_cast<std::size_t>(column);
          convolve_tap(x + pixel * in, weights + tap * tap_size, sums.data(), in, out, groups);
        }
      }
      finish(place, sums.data());
    }
}

/// Calls `visit(pixel)` for every pixel of the input under a pool's window; padding is left out.
template <class Visit>
void for_window(const Pool& pool, const Shape& input, std::int32_t oy, std::int32_t ox, Visit visit) {
  for (std::int32_t ky = 0; ky < pool.kernel.height; ++ky)
    for (std::int32_t kx = 0; kx < pool.kernel.width; ++kx) {
      const std::int32_t y = oy * pool.stride.height - pool.pad.top + ky;
      const std::int32_t x = ox * pool.stride.width - pool.pad.left + kx;
      if (y < 0 || y >= input.height || x < 0 || x >= input.width) continue;
      visit(static_cast<std::size_t>(y) * static_cast<std::size_t>(input.width) + static_cast<std::size_t>(x));
    }
}

/// Where output channel `c` of a channel shuffle comes from.
inline std::size_t shuffled_from(std::size_t c, std::size_t channels, std::size_t groups) {
  return c % groups * (channels / groups) + c / groups;
}

/// One sample channels × pixels as pixels × channels, and back.
template <class T>
std::vector<T> channels_last(const T* values, const Shape& shape) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t pixels = static_cast<std::size_t>(shape.elements()) / channels;
  std::vector<T> result(channels * pixels);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t p = 0; p < pixels; ++p) result[p * channels + c] = values[c * pixels + p];
  return result;
}
template <class T>
std::vector<T> channels_first(const T* values, const Shape& shape) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const std::size_t pixels = static_cast<std::size_t>(shape.elements()) / channels;
  std::vector<T> result(channels * pixels);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t p = 0; p < pixels; ++p) result[c * pixels + p] = values[p * channels + c];
  return result;
}

}  // namespace paretoforge::internal
