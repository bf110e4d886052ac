// Batch norm and a clamp as plain loops. Channels are few (8, 16, 24), so that loops over them alone would not fill
// a vector register: the data is walked in tiles of many whole rows, with per-channel numbers repeated to a tile.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "trainers/norm_internal.hpp"

// Widest vectors first, chosen when the program is loaded. Sums keep their order in each, so that results differ
// between processors by the rounding of fused multiply-adds only.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define PARETOFORGE_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PARETOFORGE_CLONES
#endif
#define PARETOFORGE_INLINE inline __attribute__((always_inline))

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

/// The per-channel sums of a tile, divided by `divisor`.
template <class T>
std::vector<T> folded(const std::vector<T>& tile, std::size_t channels, double divisor) {
  std::vector<double> sums(channels);
  for (std::size_t i = 0; i < tile.size(); ++i) sums[i % channels] += tile[i];
  std::vector<T> result(channels);
  for (std::size_t c = 0; c < channels; ++c) result[c] = static_cast<T>(sums[c] / divisor);
  return result;
}

template <class T>
PARETOFORGE_INLINE void add_moments(const T* __restrict x, std::size_t count, std::size_t tile,
                                    const T* __restrict pivot, T* __restrict sum, T* __restrict squares) {
  for (std::size_t begin = 0; begin < count; begin += tile) {
    const std::size_t size = std::min(tile, count - begin);
    for (std::size_t j = 0; j < size; ++j) {
      const T d = x[begin + j] - pivot[j];
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

template <class T>
PARETOFORGE_INLINE void apply(const T* x, std::size_t count, ForwardTile<T> tile, T* y) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    const T* from = x + begin;
    T* to = y + begin;
#pragma GCC ivdep
    for (std::size_t j = 0; j < size; ++j) to[j] = clamped(from[j] * tile.scale[j] + tile.shift[j], tile.clamp);
  }
}

template <class T>
PARETOFORGE_INLINE void apply_and_add(const T* x, const T* other, std::size_t count, ForwardTile<T> tile, T* y) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    const T *from = x + begin, *added = other + begin;
    T* to = y + begin;
#pragma GCC ivdep
    for (std::size_t j = 0; j < size; ++j)
      to[j] = clamped(from[j] * tile.scale[j] + tile.shift[j] + added[j], tile.clamp);
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

template <class T>
PARETOFORGE_INLINE void add_gradient_sums(const T* __restrict x, const T* __restrict dy, std::size_t count,
                                          BackwardTile<T> tile, T* __restrict sum, T* __restrict sum_x) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    for (std::size_t j = 0; j < size; ++j) {
      const T g = passed(x[begin + j], dy[begin + j], tile.scale[j], tile.shift[j], tile.clamp);
      sum[j] += g;
      sum_x[j] += g * (x[begin + j] - tile.mean[j]);
    }
  }
}

/// dx = scale * g - slope * (x - mean) - constant
template <class T>
PARETOFORGE_INLINE void write_gradient(const T* x, const T* dy, std::size_t count, BackwardTile<T> tile,
                                       const T* __restrict slope, const T* __restrict constant, T* dx) {
  for (std::size_t begin = 0; begin < count; begin += tile.size) {
    const std::size_t size = std::min(tile.size, count - begin);
    const T *from = x + begin, *gradient = dy + begin;
    T* to = dx + begin;
#pragma GCC ivdep
    for (std::size_t j = 0; j < size; ++j) {
      const T g = passed(from[j], gradient[j], tile.scale[j], tile.shift[j], tile.clamp);
      to[j] = tile.scale[j] * g - slope[j] * (from[j] - tile.mean[j]) - constant[j];
    }
  }
}

template <class T>
PARETOFORGE_INLINE void gate(const T* y, const T* dy, std::size_t count, Clamp<T> clamp, T* dz) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < count; ++i) dz[i] = y[i] > clamp.low && y[i] < clamp.high ? dy[i] : T{0};
}

// The loops, for float in a version per instruction set, for double (tests) in one.

PARETOFORGE_CLONES void run_moments(const float* x, std::size_t count, std::size_t tile, const float* pivot, float* sum,
                                    float* squares) {
  add_moments(x, count, tile, pivot, sum, squares);
}
void run_moments(const double* x, std::size_t count, std::size_t tile, const double* pivot, double* sum,
                 double* squares) {
  add_moments(x, count, tile, pivot, sum, squares);
}

PARETOFORGE_CLONES void run_apply(const float* x, std::size_t count, ForwardTile<float> tile, float* y) {
  apply(x, count, tile, y);
}
void run_apply(const double* x, std::size_t count, ForwardTile<double> tile, double* y) { apply(x, count, tile, y); }

PARETOFORGE_CLONES void run_apply_and_add(const float* x, const float* other, std::size_t count,
                                          ForwardTile<float> tile, float* y) {
  apply_and_add(x, other, count, tile, y);
}
void run_apply_and_add(const double* x, const double* other, std::size_t count, ForwardTile<double> tile, double* y) {
  apply_and_add(x, other, count, tile, y);
}

PARETOFORGE_CLONES void run_gate(const float* y, const float* dy, std::size_t count, Clamp<float> clamp, float* dz) {
  gate(y, dy, count, clamp, dz);
}
void run_gate(const double* y, const double* dy, std::size_t count, Clamp<double> clamp, double* dz) {
  gate(y, dy, count, clamp, dz);
}

PARETOFORGE_CLONES void run_sums(const float* x, const float* dy, std::size_t count, BackwardTile<float> tile,
                                 float* sum, float* sum_x) {
  add_gradient_sums(x, dy, count, tile, sum, sum_x);
}
void run_sums(const double* x, const double* dy, std::size_t count, BackwardTile<double> tile, double* sum,
              double* sum_x) {
  add_gradient_sums(x, dy, count, tile, sum, sum_x);
}

PARETOFORGE_CLONES void run_gradient(const float* x, const float* dy, std::size_t count, BackwardTile<float> tile,
                                     const float* slope, const float* constant, float* dx) {
  write_gradient(x, dy, count, tile, slope, constant, dx);
}
void run_gradient(const double* x, const double* dy, std::size_t count, BackwardTile<double> tile, const double* slope,
                  const double* constant, double* dx) {
  write_gradient(x, dy, count, tile, slope, constant, dx);
}

}  // namespace

template <class T>
NormStatistics<T> norm_statistics(const T* x, std::size_t rows, std::size_t channels) {
  // Moments about the first row, so that a mean far from zero does not swallow the variance.
  const std::vector<T> pivot(x, x + channels);
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

template <class T>
void norm_forward(const T* x, std::size_t rows, const std::vector<T>& scale, const std::vector<T>& shift,
                  Clamp<T> clamp, T* y, const T* other) {
  const std::size_t size = tile_size(scale.size()), count = rows * scale.size();
  const auto scales = repeated(scale, size), shifts = repeated(shift, size);
  const ForwardTile<T> tile{size, scales.data(), shifts.data(), clamp};
  if (other == nullptr)
    run_apply(x, count, tile, y);
  else
    run_apply_and_add(x, other, count, tile, y);
}

template <class T>
void norm_backward(const T* x, const T* dy, std::size_t rows, const NormKept<T>& kept, T* dx, T* d_gamma, T* d_beta) {
  const std::size_t channels = kept.mean.size(), size = tile_size(channels);
  const auto mean = repeated(kept.mean, size), scale = repeated(kept.scale, size), shift = repeated(kept.shift, size);
  const BackwardTile<T> tile{size, mean.data(), scale.data(), shift.data(), kept.clamp};
  std::vector<T> sums(size), sums_x(size);
  run_sums(x, dy, rows * channels, tile, sums.data(), sums_x.data());
  const auto sum = folded(sums, channels, 1), sum_x = folded(sums_x, channels, 1);
  std::vector<T> slope(channels), constant(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    d_beta[c] = sum[c];
    d_gamma[c] = sum_x[c] * kept.inverse[c];
    slope[c] = kept.scale[c] * kept.inverse[c] * d_gamma[c] / static_cast<T>(rows);
    constant[c] = kept.scale[c] * sum[c] / static_cast<T>(rows);
  }
  run_gradient(x, dy, rows * channels, tile, repeated(slope, size).data(), repeated(constant, size).data(), dx);
}

template <class T>
void clamp_backward(const T* y, const T* dy, std::size_t count, Clamp<T> clamp, T* dz) {
  run_gate(y, dy, count, clamp, dz);
}

template NormStatistics<float> norm_statistics(const float*, std::size_t, std::size_t);
template NormStatistics<double> norm_statistics(const double*, std::size_t, std::size_t);
template void norm_forward(const float*, std::size_t, const std::vector<float>&, const std::vector<float>&,
                           Clamp<float>, float*, const float*);
template void norm_forward(const double*, std::size_t, const std::vector<double>&, const std::vector<double>&,
                           Clamp<double>, double*, const double*);
template void norm_backward(const float*, const float*, std::size_t, const NormKept<float>&, float*, float*, float*);
template void norm_backward(const double*, const double*, std::size_t, const NormKept<double>&, double*, double*,
                            double*);
template void clamp_backward(const float*, const float*, std::size_t, Clamp<float>, float*);
template void clamp_backward(const double*, const double*, std::size_t, Clamp<double>, double*);

}  // namespace paretoforge
