#include "trainers/depthwise_internal.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "trainers/loops_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::size_t vector_bytes = 64;
constexpr std::size_t most_taps = 9;  // their sums stay in registers
template <class T>
constexpr std::size_t lanes = vector_bytes / sizeof(T);

/// May lie anywhere.
template <class T>
struct Wide {
  using Vector __attribute__((vector_size(vector_bytes), aligned(alignof(T)), may_alias)) = T;
};
template <class T>
using Vector = typename Wide<T>::Vector;

/// Runs of numbers, one a row of an image.
template <class T>
struct Runs {
  const T* first;
  std::size_t step;
};

/// For each tap, adds the products of x and dy to a vector: of every `tile`th vector of each of `rows` runs of `count` numbers.
template <std::size_t taps, class T>
PARETOFORGE_INLINE void add_products(const T* const* x, std::size_t x_step, Runs<T> dy, std::size_t rows, std::size_t count,
                                     std::size_t tile, T* const* sums) {
  Vector<T> sum[taps];
  for (std::size_t tap = 0; tap < taps; ++tap) sum[tap] = *reinterpret_cast<const Vector<T>*>(sums[tap]);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t e = 0; e < count; e += tile) {
      const auto gradient = *reinterpret_cast<const Vector<T>*>(dy.first + row * dy.step + e);
      for (std::size_t tap = 0; tap < taps; ++tap) sum[tap] += gradient * *reinterpret_cast<const Vector<T>*>(x[tap] + row * x_step + e);
    }
  for (std::size_t tap = 0; tap < taps; ++tap) *reinterpret_cast<Vector<T>*>(sums[tap]) = sum[tap];
}

// A version per instruction set; a macro, because the compiler makes none of templates.
#define PARETOFORGE_LOOP(CLONES, T)                                                                                          \
  CLONES void run_add_products(std::size_t taps, const T* const* x, std::size_t x_step, Runs<T> dy, std::size_t rows,        \
                               std::size_t count, std::size_t tile, T* const* sums) {                                        \
    switch (taps) {                                                                                                          \
      case 1: return add_products<1>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 2: return add_products<2>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 3: return add_products<3>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 4: return add_products<4>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 5: return add_products<5>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 6: return add_products<6>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 7: return add_products<7>(x, x_step, dy, rows, count, tile, sums);                                                \
      case 8: return add_products<8>(x, x_step, dy, rows, count, tile, sums);                                                \
      default: return add_products<most_taps>(x, x_step, dy, rows, count, tile, sums);                                       \
    }                                                                                                                        \
  }
PARETOFORGE_LOOP(PARETOFORGE_CLONES, float)
PARETOFORGE_LOOP(, double)
#undef PARETOFORGE_LOOP

std::size_t size_of(std::int32_t value) { return static_cast<std::size_t>(value); }

/// An image with zeros around it, the columns of each row sorted by their remainder by a stride: what a tap of a kernel reads
/// for a row of results lies in one run, whatever the stride.
template <class T>
class Bordered {
 public:
  Bordered(Extent image, std::size_t channels, Padding border, std::int32_t stride)
      : height_(size_of(image.height)), width_(size_of(image.width)), channels_(channels), top_(size_of(border.top)), left_(size_of(border.left)),
        stride_(size_of(stride)), part_((left_ + width_ + size_of(border.right) + stride_ - 1) / stride_ * channels),
        values_((top_ + height_ + size_of(border.bottom)) * step() + lanes<T>) {}

  template <class S>
  void fill(const S* image) {
    for (std::size_t row = 0; row < height_; ++row, image += width_ * channels_) {
      T* to = values_.data() + (top_ + row) * step();
      if (stride_ == 1)
        copy(image, width_ * channels_, to + place(left_));
      else
        for (std::size_t column = 0; column < width_; ++column) copy(image + column * channels_, channels_, to + place(left_ + column));
    }
  }
  /// From a row and a column, both with the border, in steps of `stride` columns.
  const T* run(std::int32_t row, std::int32_t column) const { return values_.data() + size_of(row) * step() + place(size_of(column)); }
  std::size_t step() const { return stride_ * part_; }

 private:
  std::size_t place(std::size_t column) const { return column % stride_ * part_ + column / stride_ * channels_; }

  template <class S>
  static void copy(const S* from, std::size_t count, T* to) {
    if constexpr (std::is_same_v<S, T>)
      std::memcpy(to, from, count * sizeof(T));
    else
      for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<T>(from[i]);
  }

  std::size_t height_, width_, channels_, top_, left_, stride_, part_;
  std::vector<T> values_;  ///< a vector more, as runs are read in whole ones
};

/// How far the last tap of the last result lies behind the last row or column.
std::int32_t beyond(std::int32_t out, std::int32_t stride, std::int32_t kernel, std::int32_t dilation, std::int32_t before, std::int32_t in) {
  return std::max(0, (out - 1) * stride + (kernel - 1) * dilation + 1 - before - in);
}

template <class T>
Bordered<T> input_of(const Depthwise& conv) {
  const auto& [out, kernel, stride, dilation, pad, groups, bias, bits] = conv.op;
  return {conv.in, conv.channels,
          {pad.top, pad.left, beyond(conv.out.height, stride.height, kernel.height, dilation.height, pad.top, conv.in.height),
           beyond(conv.out.width, stride.width, kernel.width, dilation.width, pad.left, conv.in.width)},
          stride.width};
}

/// With zeros behind each row, as many as a vector holds.
template <class T>
Bordered<T> gradient_of(const Depthwise& conv) {
  return {conv.out, conv.channels, {0, 0, 0, static_cast<std::int32_t>((lanes<T> - 1) / conv.channels + 1)}, 1};
}

}  // namespace

template <class S>
void depthwise_kernel_gradient(const Depthwise& conv, const S* x, const S* dy, Computed<S>* d_kernel) {
  using T = Computed<S>;
  Bordered<T> input = input_of<T>(conv), gradient = gradient_of<T>(conv);
  const std::size_t tile = std::lcm(conv.channels, lanes<T>), run = size_of(conv.out.width) * conv.channels, rows = size_of(conv.out.height);
  const std::size_t step = size_of(conv.op.stride.height) * input.step();
  std::vector<const T*> in;
  for (std::int32_t i = 0; i < conv.op.kernel.height; ++i)
    for (std::int32_t j = 0; j < conv.op.kernel.width; ++j) in.push_back(input.run(i * conv.op.dilation.height, j * conv.op.dilation.width));
  std::vector<std::vector<T>> sums(in.size(), std::vector<T>(tile));
  for (std::size_t n = 0; n < conv.batch; ++n) {
    input.fill(x + n * size_of(conv.in.height) * size_of(conv.in.width) * conv.channels), gradient.fill(dy + n * rows * run);
    for (std::size_t tap = 0; tap < in.size(); tap += most_taps) {
      const std::size_t taps = std::min(most_taps, in.size() - tap);
      for (std::size_t at = 0; at < std::min(tile, run); at += lanes<T>) {
        const T* from[most_taps] = {};
        T* to[most_taps] = {};
        for (std::size_t k = 0; k < taps; ++k) from[k] = in[tap + k] + at, to[k] = sums[tap + k].data() + at;
        run_add_products(taps, from, step, {gradient.run(0, 0) + at, gradient.step()}, rows, run - at, tile, to);
      }
    }
  }
  for (const auto& sum : sums) {
    const std::vector<T> whole = folded(sum, conv.channels);
    d_kernel = std::copy(whole.begin(), whole.end(), d_kernel);
  }
}

template void depthwise_kernel_gradient(const Depthwise&, const float*, const float*, float*);
template void depthwise_kernel_gradient(const Depthwise&, const Bfloat16*, const Bfloat16*, float*);
template void depthwise_kernel_gradient(const Depthwise&, const double*, const double*, double*);

}  // namespace paretoforge
