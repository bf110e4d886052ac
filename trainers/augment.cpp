// Random changes of samples that are ready to enter a network.
#include <algorithm>
#include <cmath>
#include <vector>

#include "trainers/augment_internal.hpp"

namespace paretoforge {
namespace {

/// A sample as time x bands. A signal's time is its width and its bands are channels; an image of features is frames x
/// bands, whose channels are one with the bands for moving and masking in time.
struct Axes {
  std::int32_t times, bands;
  std::int32_t channels;  ///< behind each band
};

Axes axes_of(const Shape& shape) {
  return shape.height == 1 ? Axes{shape.width, shape.channels, 1} : Axes{shape.height, shape.width, shape.channels};
}

std::int32_t draw(std::int32_t below, Random& random) {
  return static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(below)));
}

struct Stretch {
  std::int32_t first, size;
};
Stretch draw_stretch(std::int32_t most, std::int32_t of, Random& random) {
  const std::int32_t size = draw(std::min(most, of) + 1, random);
  return {draw(of - size + 1, random), size};
}

}  // namespace

void cut_out(std::span<float> sample, const Shape& shape, std::int32_t side, Random& random) {
  const auto bounds = [&](std::int32_t size) {
    const std::int32_t first = draw(size, random) - side / 2;
    return std::pair(std::max(0, first), std::min(size, first + side));
  };
  const auto [top, bottom] = shape.height == 1 ? std::pair(0, 1) : bounds(shape.height);
  const auto [left, right] = bounds(shape.width);
  for (std::int32_t y = top; y < bottom; ++y) {
    const auto row = static_cast<std::size_t>(y) * static_cast<std::size_t>(shape.width);
    const auto begin = (row + static_cast<std::size_t>(left)) * static_cast<std::size_t>(shape.channels);
    const auto end = (row + static_cast<std::size_t>(std::max(left, right))) * static_cast<std::size_t>(shape.channels);
    std::fill(sample.begin() + static_cast<std::ptrdiff_t>(begin), sample.begin() + static_cast<std::ptrdiff_t>(end),
              erased);
  }
}

void shift_time(std::span<float> sample, const Shape& shape, std::int32_t most, Random& random) {
  const Axes axes = axes_of(shape);
  const std::int32_t by = draw(2 * most + 1, random) - most;
  if (by == 0) return;
  const std::vector<float> before(sample.begin(), sample.end());
  const std::ptrdiff_t step = std::ptrdiff_t{axes.bands} * axes.channels;
  for (std::int32_t t = 0; t < axes.times; ++t) {
    const auto from = before.begin() + std::clamp(t - by, 0, axes.times - 1) * step;
    std::copy(from, from + step, sample.begin() + t * step);
  }
}

void mask_time(std::span<float> sample, const Shape& shape, std::int32_t most, Random& random) {
  const Axes axes = axes_of(shape);
  const Stretch mask = draw_stretch(most, axes.times, random);
  const std::ptrdiff_t step = std::ptrdiff_t{axes.bands} * axes.channels;
  std::fill_n(sample.begin() + mask.first * step, mask.size * step, erased);
}

void mask_bands(std::span<float> sample, const Shape& shape, std::int32_t most, Random& random) {
  const Axes axes = axes_of(shape);
  const Stretch mask = draw_stretch(most, axes.bands, random);
  for (std::ptrdiff_t t = 0; t < axes.times; ++t)
    std::fill_n(sample.begin() + (t * axes.bands + mask.first) * axes.channels,
                std::ptrdiff_t{mask.size} * axes.channels, erased);
}

double mixing_share(double alpha, Random& random) {
  // Jöhnk's method (1964): u^(1/a) / (u^(1/a) + v^(1/a)) where the sum is at most 1. With logarithms: for small alpha
  // both powers are too small for a double.
  for (;;) {
    const double x = std::log(1 - random.uniform()) / alpha, y = std::log(1 - random.uniform()) / alpha;
    if (std::exp(x) + std::exp(y) > 1) continue;
    const double share = 1 / (1 + std::exp(y - x));
    return std::max(share, 1 - share);
  }
}

void mix(std::span<float> batch, std::size_t samples, double share) {
  if (samples < 2) return;
  const std::size_t elements = batch.size() / samples;
  const std::vector<float> first(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(elements));
  const auto kept = static_cast<float>(share), other = static_cast<float>(1 - share);
  for (std::size_t i = 0; i < samples; ++i) {
    const float* next = i + 1 < samples ? batch.data() + (i + 1) * elements : first.data();
    for (std::size_t k = 0; k < elements; ++k)
      batch[i * elements + k] = kept * batch[i * elements + k] + other * next[k];
  }
}

}  // namespace paretoforge
