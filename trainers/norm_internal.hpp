// Batch norm and a clamp behind it as plain loops over channels-last data, forward and backward. Not public.
//
// z = x * scale + shift per channel, and where a residual is added + other; y = min(max(z, low), high): ReLU is
// (0, inf), ReLU6 (0, 6), no activation (-inf, inf). The gradient passes where low < z < high. Two passes over the data
// each way, against six and more where norm, sum and activation are separate; the mask is computed again rather than
// kept, with a residual read off y.
// Batch norm: Ioffe and Szegedy, 2015.
#pragma once

#include <cstddef>
#include <vector>

namespace paretoforge {

template <class T>
struct Clamp {
  T low, high;
};

/// x is [rows, channels]; results are per channel, the variance that of the batch (divided by rows).
template <class T>
struct NormStatistics {
  std::vector<T> mean, variance;
};
template <class T>
NormStatistics<T> norm_statistics(const T* x, std::size_t rows, std::size_t channels);

/// y = clamp(x * scale + shift), with `other` clamp(x * scale + shift + other); y may be x.
template <class T>
void norm_forward(const T* x, std::size_t rows, const std::vector<T>& scale, const std::vector<T>& shift,
                  Clamp<T> clamp, T* y, const T* other = nullptr);

/// What backward needs of forward; scale = gamma * inverse, shift = beta - mean * scale.
template <class T>
struct NormKept {
  std::vector<T> mean, inverse;  ///< inverse = 1 / sqrt(variance + epsilon)
  std::vector<T> scale, shift;
  Clamp<T> clamp;
};
/// From dy writes dx, which may be dy, and adds nothing: d_gamma and d_beta are set.
template <class T>
void norm_backward(const T* x, const T* dy, std::size_t rows, const NormKept<T>& kept, T* dx, T* d_gamma, T* d_beta);
/// The gradient of a clamp: dz = dy where low < y < high, else 0; dz may be dy.
template <class T>
void clamp_backward(const T* y, const T* dy, std::size_t count, Clamp<T> clamp, T* dz);

}  // namespace paretoforge
