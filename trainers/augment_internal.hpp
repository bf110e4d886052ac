// Random changes of samples that are ready to enter a network: normalised floats, channels last. Not public.
#pragma once

#include <span>

#include "space/op.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// What an erased place holds: the mean of its channel, once normalised.
inline constexpr float erased = 0.0f;

/// A square of this side (of a signal: a stretch of this length) is erased; its centre may be any place, so that it may
/// hang over the border (DeVries and Taylor, 2017).
void cut_out(std::span<float> sample, const Shape& shape, std::int32_t side, Random& random);

/// Moved in time by up to `most` steps each way; the gap repeats the step at the border.
void shift_time(std::span<float> sample, const Shape& shape, std::int32_t most, Random& random);

/// Masks of SpecAugment (Park et al., 2019): a stretch of 0 to `most` neighbouring steps of time, or bands, is erased.
void mask_time(std::span<float> sample, const Shape& shape, std::int32_t most, Random& random);
void mask_bands(std::span<float> sample, const Shape& shape, std::int32_t most, Random& random);

/// How much of itself each sample keeps in a mixed batch: 1/2 to 1, from Beta(alpha, alpha), 0 < alpha <= 1, folded at
/// 1/2, as which of two is the first does not matter (Zhang et al., 2018).
double mixing_share(double alpha, Random& random);

/// Each sample becomes `share` of itself and the rest of the next one; the last one's next is the first.
void mix(std::span<float> batch, std::size_t samples, double share);

}  // namespace paretoforge
