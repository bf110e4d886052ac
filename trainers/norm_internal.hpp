// Batch norm and a clamp behind it as plain loops over channels-last data, forward and backward. Not public.
//
// z = x * scale + shift per channel, and where a residual is added + other; y = min(max(z, low), high): ReLU is
// (0, inf), ReLU6 (0, 6), no activation (-inf, inf). The gradient passes where low < z < high. Two passes over the data
// each way, against six and more where norm, sum and activation are separate; the mask is computed again rather than
// kept, with a residual read off y.
// Values are double, float, or bfloat16 with all sums and per-channel numbers in float.
// Batch norm: Ioffe and Szegedy, 2015.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace paretoforge {

/// The upper half of a float, which it is read as; rounded to nearest, ties to even, NaN stays NaN.
struct Bfloat16 {
  std::uint16_t bits = 0;

  Bfloat16() = default;
  explicit Bfloat16(float value) {
    const auto whole = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = whole + 0x7fff + ((whole >> 16) & 1);
    bits = static_cast<std::uint16_t>(value == value ? rounded >> 16 : 0x7fc0);
  }
  explicit operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};

/// What values of a kind are computed in.
template <class S>
using Computed = std::conditional_t<std::is_same_v<S, Bfloat16>, float, S>;

template <class T>
struct Clamp {
  T low, high;
};

/// x is [rows, channels]; results are per channel, the variance that of the batch (divided by rows).
template <class T>
struct NormStatistics {
  std::vector<T> mean, variance;
};
template <class S>
NormStatistics<Computed<S>> norm_statistics(const S* x, std::size_t rows, std::size_t channels);

/// Per-channel factors and what follows them.
template <class T>
struct NormFactors {
  std::vector<T> scale, shift;
  Clamp<T> clamp;
};
/// y = clamp(x * scale + shift), with `other` clamp(x * scale + shift + other); y may be x.
template <class S>
void norm_forward(const S* x, std::size_t rows, const NormFactors<Computed<S>>& factors, S* y,
                  const S* other = nullptr);

/// What backward needs of forward; scale = gamma * inverse, shift = beta - mean * scale.
template <class T>
struct NormKept {
  std::vector<T> mean, inverse;  ///< inverse = 1 / sqrt(variance + epsilon)
  NormFactors<T> factors;
};
/// From dy writes dx, which may be dy, and adds nothing: d_gamma and d_beta are set.
template <class S>
void norm_backward(const S* x, const S* dy, std::size_t rows, const NormKept<Computed<S>>& kept, S* dx,
                   Computed<S>* d_gamma, Computed<S>* d_beta);
/// The gradient of a clamp: dz = dy (+ second) where low < y < high, else 0; dz may be dy.
template <class S>
void clamp_backward(const S* y, const S* dy, std::size_t count, Clamp<Computed<S>> clamp, S* dz,
                    const S* second = nullptr);

}  // namespace paretoforge
