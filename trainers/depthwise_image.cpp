// The gradient of the images of a depthwise convolution. Each number of it is written once, as the sum over the taps that read
// it: with a stride of 2 those are at most a quarter of the kernel's, rounded up.
#include <algorithm>
#include <type_traits>
#include <vector>

#include "trainers/depthwise_internal.hpp"
#include "trainers/loops_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t most_taps = 4;  // of one pass over the channels

/// sum[c] (+)= dy[0][c] * kernel[0][c] + ...
template <std::size_t taps, bool more, class S, class T>
PARETOFORGE_INLINE void add_taps(const S* const* dy, const T* const* kernel, std::size_t channels, T* sum) {
#pragma GCC ivdep
  for (std::size_t c = 0; c < channels; ++c) {
    T value = more ? sum[c] : T{0};
    for (std::size_t tap = 0; tap < taps; ++tap) value += static_cast<T>(dy[tap][c]) * kernel[tap][c];
    sum[c] = value;
  }
}

template <bool more, class S, class T>
PARETOFORGE_INLINE void add(std::size_t taps, const S* const* dy, const T* const* kernel, std::size_t channels, T* sum) {
  switch (taps) {
    case 1: return add_taps<1, more>(dy, kernel, channels, sum);
    case 2: return add_taps<2, more>(dy, kernel, channels, sum);
    case 3: return add_taps<3, more>(dy, kernel, channels, sum);
    default: return add_taps<most_taps, more>(dy, kernel, channels, sum);
  }
}

/// One tap in one dimension: which result has read, and with which place of the kernel.
struct Tap {
  std::size_t out, kernel;
};

/// Of each row or column of an image, the taps that read it.
std::vector<std::vector<Tap>> taps_of(std::int32_t in, std::int32_t out, std::int32_t kernel, std::int32_t stride, std::int32_t dilation, std::int32_t before) {
  std::vector<std::vector<Tap>> taps(static_cast<std::size_t>(in));
  for (std::int32_t result = 0; result < out; ++result)
    for (std::int32_t k = 0; k < kernel; ++k)
      if (const std::int32_t at = result * stride + k * dilation - before; at >= 0 && at < in)
        taps[static_cast<std::size_t>(at)].push_back({static_cast<std::size_t>(result), static_cast<std::size_t>(k)});
  return taps;
}

/// What is the same for all images.
struct Plan {
  std::vector<std::vector<Tap>> rows, columns;
  std::size_t out_width, kernel_width, channels;
};

template <class S, class T>
PARETOFORGE_INLINE void image_gradient(const Plan& plan, const S* dy, const T* kernel, T* sum, S* dx) {
  const std::size_t channels = plan.channels;
  for (const std::vector<Tap>& row : plan.rows)
    for (const std::vector<Tap>& column : plan.columns) {
      const S* from[most_taps] = {};
      const T* with[most_taps] = {};
      T* to = sum;
      if constexpr (std::is_same_v<S, T>) to = dx;
      std::size_t held = 0;
      bool more = false;
      const auto flush = [&] {
        more ? add<true>(held, from, with, channels, to) : add<false>(held, from, with, channels, to);
        held = 0, more = true;
      };
      for (const Tap& down : row)
        for (const Tap& across : column) {
          from[held] = dy + (down.out * plan.out_width + across.out) * channels;
          with[held] = kernel + (down.kernel * plan.kernel_width + across.kernel) * channels;
          if (++held == most_taps) flush();
        }
      if (held > 0) flush();
      if (!more) std::fill_n(to, channels, T{0});
      if constexpr (!std::is_same_v<S, T>)
        for (std::size_t c = 0; c < channels; ++c) dx[c] = static_cast<S>(to[c]);
      dx += channels;
    }
}

// A version per instruction set; a macro, because the compiler makes none of templates.
#define PARETOFORGE_LOOP(CLONES, S, T) \
  CLONES void run_image_gradient(const Plan& plan, const S* dy, const T* kernel, T* sum, S* dx) { image_gradient(plan, dy, kernel, sum, dx); }
PARETOFORGE_LOOP(PARETOFORGE_CLONES, float, float)
PARETOFORGE_LOOP(PARETOFORGE_CLONES, Bfloat16, float)
PARETOFORGE_LOOP(, double, double)
#undef PARETOFORGE_LOOP

}  // namespace

template <class S>
void depthwise_image_gradient(const Depthwise& conv, const Computed<S>* kernel, const S* dy, S* dx) {
  const Conv& op = conv.op;
  const Plan plan{taps_of(conv.in.height, conv.out.height, op.kernel.height, op.stride.height, op.dilation.height, op.pad.top),
                  taps_of(conv.in.width, conv.out.width, op.kernel.width, op.stride.width, op.dilation.width, op.pad.left),
                  static_cast<std::size_t>(conv.out.width), static_cast<std::size_t>(op.kernel.width), conv.channels};
  std::vector<Computed<S>> sum(conv.channels);
  const std::size_t in = plan.rows.size() * plan.columns.size() * conv.channels;
  const std::size_t out = static_cast<std::size_t>(conv.out.height) * plan.out_width * conv.channels;
  for (std::size_t n = 0; n < conv.batch; ++n) run_image_gradient(plan, dy + n * out, kernel, sum.data(), dx + n * in);
}

template void depthwise_image_gradient(const Depthwise&, const float*, const float*, float*);
template void depthwise_image_gradient(const Depthwise&, const float*, const Bfloat16*, Bfloat16*);
template void depthwise_image_gradient(const Depthwise&, const double*, const double*, double*);

}  // namespace paretoforge
