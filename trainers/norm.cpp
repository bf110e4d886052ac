// Batch norm and a clamp as plain loops. Channels are few (8, 16, 24), so that loops over them alone would not fill
// a vector register: the data is walked in tiles of many whole rows, with per-channel numbers repeated to a tile.
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "trainers/loops_internal.hpp"
#include "trainers/norm_internal.hpp"

namespace paretoforge {
namespace {

/// Elements of a tile: a multiple of the channels and of 16, at least 256.
std::size_t tile_size(std::size_t channels) {
  const std::size_t least = std::lcm(channels, std::size_t{16});
  return (255 + least) / least * least;
}

template <class T>
std::vector<T> repeated(const std::vector<T>& values, std::size_t size) {
  std::vector<T> tile(size);
  for (std::size_t i = 0; i < size; ++i) tile[i] = values[i % values.size()];
  return tile;
}

// S is what the data is kept in, T what is computed in.

template <class S, class T>
PARETOFORGE_INLINE void add_moments(const S* __restrict x, std::size_t count, std::size_t tile,
                                    const T* __restrict pivot, T* __restrict sum, T* __restrict squares) {
  for (std::size_t begin = 0; begin < count; begin += tile) {
    const std::size_t size = std::min(tile, count - begin);
    for (std::size_t j = 0; j < size; ++j) {
      const T d = static_cast<T>(x[begin + j]) - pivot[j];
      sum[j] += d;
      squares[j] += d * d;
    }
  }
}

template <class T>
PARETOFORGE_INLINE T clamped(T z, Clamp<T> clamp) {
  const T above = z < clamp.low ? clamp.low : z;  // so written, NaN goes through: divergence must show
  return above > clamp.high ? clamp.high : above;
}

/// Per-channel numbers of a forward pass, repeated to a tile.
template <class T>
struct ForwardTile {
  std::size_t size;
  const T *scale, *shift;
  Clamp<T> clamp;
};

template <class S, class T>
PARETOFORGE_INLINE void apply(const S* x, std::size_t count, ForwardTile<T> tile, S* y) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    const S* from = x + begin;
    S* to = y + begin;
#pragma GCC ivdep
    for (std::size_t j = 0; j < size; ++j)
      to[j] = static_cast<S>(clamped(static_cast<T>(from[j]) * tile.scale[j] + tile.shift[j], tile.clamp));
  }
}

template <class S, class T>
PARETOFORGE_INLINE void apply_and_add(const S* x, const S* other, std::size_t count, ForwardTile<T> tile, S* y) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    const S *from = x + begin, *added = other + begin;
    S* to = y + begin;
#pragma GCC ivdep
    for (std::size_t j = 0; j < size; ++j) {
      const T z = static_cast<T>(from[j]) * tile.scale[j] + tile.shift[j] + static_cast<T>(added[j]);
      to[j] = static_cast<S>(clamped(z, tile.clamp));
    }
  }
}

/// Per-channel numbers of a backward pass, repeated to a tile.
template <class T>
struct BackwardTile {
  std::size_t size;
  const T *mean, *scale, *shift;
  Clamp<T> clamp;
};

template <class T>
PARETOFORGE_INLINE T passed(T x, T dy, T scale, T shift, Clamp<T> clamp) {
  const T z = x * scale + shift;
  return z > clamp.low && z < clamp.high ? dy : T{0};
}

template <class S, class T>
PARETOFORGE_INLINE void add_gradient_sums(const S* __restrict x, const S* __restrict dy, std::size_t count,
                                          BackwardTile<T> tile, T* __restrict sum, T* __restrict sum_x) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    for (std::size_t j = 0; j < size; ++j) {
      const T value = static_cast<T>(x[begin + j]);
      const T g = passed(value, static_cast<T>(dy[begin + j]), tile.scale[j], tile.shift[j], tile.clamp);
      sum[j] += g;
      sum_x[j] += g * (value - tile.mean[j]);
    }
  }
}

/// dx = scale * g - slope * (x - mean) - constant
template <class S, class T>
PARETOFORGE_INLINE void write_gradient(const S* x, const S* dy, std::size_t count, BackwardTile<T> tile,
                                       const T* __restrict slope, const T* __restrict constant, S* dx) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    const S *from = x + begin, *gradient = dy + begin;
    S* to = dx + begin;
#pragma GCC ivdep
    for (std::size_t j = 0; j < size; ++j) {
      const T value = static_cast<T>(from[j]);
      const T g = passed(value, static_cast<T>(gradient[j]), tile.scale[j], tile.shift[j], tile.clamp);
      to[j] = static_cast<S>(tile.scale[j] * g - slope[j] * (value - tile.mean[j]) - constant[j]);
    }
  }
}

template <class S, class T>
PARETOFORGE_INLINE void gate(const S* y, const S* dy, std::size_t count, Clamp<T> clamp, S* dz) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < count; ++i) {
    // Through T, though it changes nothing: choosing among 16-bit numbers by a comparison of 32 would not be vectorised.
    const T value = static_cast<T>(y[i]), gradient = static_cast<T>(dy[i]);
    dz[i] = static_cast<S>(value > clamp.low && value < clamp.high ? gradient : T{0});
  }
}

/// The same of the sum of two gradients, made a tile at a time: in one loop, 16-bit numbers would not be vectorised.
template <class S, class T>
PARETOFORGE_INLINE void gate_of_two(const S* y, const S* dy, const S* second, std::size_t count, Clamp<T> clamp, S* dz) {
  std::array<S, 1024> sum;
  for (std::size_t begin = 0; begin < count; begin += sum.size()) {
    const std::size_t size = std::min(sum.size(), count - begin);
    const S *one = dy + begin, *other = second + begin;
    for (std::size_t i = 0; i < size; ++i) sum[i] = static_cast<S>(static_cast<T>(one[i]) + static_cast<T>(other[i]));
    gate(y + begin, sum.data(), size, clamp, dz + begin);
  }
}

// The loops by kind of value; for float and bfloat16 in a version per instruction set, for double (tests) in one. A macro,
// because the compiler makes no versions of templates.

#define PARETOFORGE_LOOPS(CLONES, S, T)                                                                              \
  CLONES void run_moments(const S* x, std::size_t count, std::size_t tile, const T* pivot, T* sum, T* squares) {     \
    add_moments(x, count, tile, pivot, sum, squares);                                                                \
  }                                                                                                                  \
  CLONES void run_apply(const S* x, std::size_t count, ForwardTile<T> tile, S* y) { apply(x, count, tile, y); }      \
  CLONES void run_apply_and_add(const S* x, const S* other, std::size_t count, ForwardTile<T> tile, S* y) {          \
    apply_and_add(x, other, count, tile, y);                                                                         \
  }                                                                                                                  \
  CLONES void run_gate(const S* y, const S* dy, std::size_t count, Clamp<T> clamp, S* dz) {                          \
    gate(y, dy, count, clamp, dz);                                                                                   \
  }                                                                                                                  \
  CLONES void run_gate_of_two(const S* y, const S* dy, const S* second, std::size_t count, Clamp<T> clamp, S* dz) {  \
    gate_of_two(y, dy, second, count, clamp, dz);                                                                    \
  }                                                                                                                  \
  CLONES void run_sums(const S* x, const S* dy, std::size_t count, BackwardTile<T> tile, T* sum, T* sum_x) {         \
    add_gradient_sums(x, dy, count, tile, sum, sum_x);                                                               \
  }                                                                                                                  \
  CLONES void run_gradient(const S* x, const S* dy, std::size_t count, BackwardTile<T> tile, const T* slope,         \
                           const T* constant, S* dx) {                                                               \
    write_gradient(x, dy, count, tile, slope, constant, dx);                                                         \
  }
PARETOFORGE_LOOPS(PARETOFORGE_CLONES, float, float)
PARETOFORGE_LOOPS(PARETOFORGE_CLONES, Bfloat16, float)
PARETOFORGE_LOOPS(, double, double)
#undef PARETOFORGE_LOOPS

}  // namespace

template <class S>
NormStatistics<Computed<S>> norm_statistics(const S* x, std::size_t rows, std::size_t channels) {
  using T = Computed<S>;
  // Moments about the first row, so that a mean far from zero does not swallow the variance.
  std::vector<T> pivot(channels);
  for (std::size_t c = 0; c < channels; ++c) pivot[c] = static_cast<T>(x[c]);
  const std::size_t tile = tile_size(channels);
  std::vector<T> sums(tile), squares(tile);
  run_moments(x, rows * channels, tile, repeated(pivot, tile).data(), sums.data(), squares.data());
  NormStatistics<T> result{folded(sums, channels, static_cast<double>(rows)),
                           folded(squares, channels, static_cast<double>(rows))};
  for (std::size_t c = 0; c < channels; ++c) {
    const double offset = result.mean[c], variance = result.variance[c] - offset * offset;
    result.mean[c] += pivot[c];
    result.variance[c] = static_cast<T>(variance < 0 ? 0 : variance);
  }
  return result;
}

template <class S>
void norm_forward(const S* x, std::size_t rows, const NormFactors<Computed<S>>& factors, S* y, const S* other) {
  const std::size_t channels = factors.scale.size(), size = tile_size(channels), count = rows * channels;
  const auto scale = repeated(factors.scale, size), shift = repeated(factors.shift, size);
  const ForwardTile<Computed<S>> tile{size, scale.data(), shift.data(), factors.clamp};
  if (other == nullptr)
    run_apply(x, count, tile, y);
  else
    run_apply_and_add(x, other, count, tile, y);
}

template <class S>
void norm_backward(const S* x, const S* dy, std::size_t rows, const NormKept<Computed<S>>& kept, S* dx,
                   Computed<S>* d_gamma, Computed<S>* d_beta) {
  using T = Computed<S>;
  const std::size_t channels = kept.mean.size(), size = tile_size(channels);
  const auto mean = repeated(kept.mean, size), scale = repeated(kept.factors.scale, size),
             shift = repeated(kept.factors.shift, size);
  const BackwardTile<T> tile{size, mean.data(), scale.data(), shift.data(), kept.factors.clamp};
  std::vector<T> sums(size), sums_x(size);
  run_sums(x, dy, rows * channels, tile, sums.data(), sums_x.data());
  const auto sum = folded(sums, channels), sum_x = folded(sums_x, channels);
  std::vector<T> slope(channels), constant(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    d_beta[c] = sum[c];
    d_gamma[c] = sum_x[c] * kept.inverse[c];
    slope[c] = kept.factors.scale[c] * kept.inverse[c] * d_gamma[c] / static_cast<T>(rows);
    constant[c] = kept.factors.scale[c] * sum[c] / static_cast<T>(rows);
  }
  run_gradient(x, dy, rows * channels, tile, repeated(slope, size).data(), repeated(constant, size).data(), dx);
}

template <class S>
void clamp_backward(const S* y, const S* dy, std::size_t count, Clamp<Computed<S>> clamp, S* dz, const S* second) {
  if (second == nullptr)
    run_gate(y, dy, count, clamp, dz);
  else
    run_gate_of_two(y, dy, second, count, clamp, dz);
}

#define PARETOFORGE_INSTANTIATE(S, T)                                                                                \
  template NormStatistics<T> norm_statistics(const S*, std::size_t, std::size_t);                                    \
  template void norm_forward(const S*, std::size_t, const NormFactors<T>&, S*, const S*);                            \
  template void norm_backward(const S*, const S*, std::size_t, const NormKept<T>&, S*, T*, T*);                      \
  template void clamp_backward(const S*, const S*, std::size_t, Clamp<T>, S*, const S*)
PARETOFORGE_INSTANTIATE(float, float);
PARETOFORGE_INSTANTIATE(Bfloat16, float);
PARETOFORGE_INSTANTIATE(double, double);

}  // namespace paretoforge
