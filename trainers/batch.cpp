// Minibatches: images picked in random order, augmented, normalised, written channels last.
#include "trainers/batch_internal.hpp"

namespace paretoforge {
namespace {

constexpr std::int32_t outside = -1;

std::int32_t mirrored(std::int32_t i, std::int32_t size) {
  if (size == 1) return 0;
  const std::int32_t period = 2 * (size - 1), at = ((i % period) + period) % period;
  return at < size ? at : period - at;
}

std::int32_t offset(std::int32_t most, Random& random) {
  if (most == 0) return 0;
  return static_cast<std::int32_t>(random.below(2 * static_cast<std::uint64_t>(most) + 1)) - most;
}

/// Which row (or column) of the image stands at each place of the augmented one.
void draw_sources(std::int32_t size, const Augmentation& augment, bool flip, Random& random,
                  std::vector<std::int32_t>& sources) {
  const std::int32_t crop = offset(augment.crop, random), shift = offset(augment.shift, random);
  sources.resize(static_cast<std::size_t>(size));
  for (std::int32_t i = 0; i < size; ++i) {
    const std::int32_t moved = (flip ? size - 1 - i : i) + shift;
    sources[static_cast<std::size_t>(i)] = moved < 0 || moved >= size ? outside : mirrored(moved + crop, size);
  }
}

}  // namespace

BatchMaker::BatchMaker(const Images& images, const Normalisation& normalisation) : images_(images) {
  const auto channels = static_cast<std::size_t>(images.shape.channels);
  values_.resize(256 * channels);
  for (std::size_t value = 0; value < 256; ++value)
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const float scaled = static_cast<float>(value) / 255.0f;
      values_[value * channels + channel] =
          normalisation.mean.empty() ? scaled
                                     : (scaled - normalisation.mean[channel]) / normalisation.deviation[channel];
    }
}

void BatchMaker::plain(std::span<const std::uint32_t> positions, float* out) const {
  const auto elements = static_cast<std::size_t>(images_.shape.elements());
  const auto channels = static_cast<std::size_t>(images_.shape.channels);
  for (const auto position : positions) {
    const std::uint8_t* image = images_.image(position);
    for (std::size_t i = 0; i < elements; i += channels)
      for (std::size_t channel = 0; channel < channels; ++channel)
        *out++ = values_[image[i + channel] * channels + channel];
  }
}

void BatchMaker::augmented(std::span<const std::uint32_t> positions, const Augmentation& augment, Random& random,
                           float* out) const {
  const Shape& shape = images_.shape;
  std::vector<std::int32_t> rows, columns;
  for (const auto position : positions) {
    draw_sources(shape.height, augment, false, random, rows);
    draw_sources(shape.width, augment, augment.flip && random.chance(0.5), random, columns);
    write(images_.image(position), rows, columns, out);
    out += shape.elements();
  }
}

void BatchMaker::write(const std::uint8_t* image, const std::vector<std::int32_t>& rows,
                       const std::vector<std::int32_t>& columns, float* out) const {
  const auto channels = static_cast<std::size_t>(images_.shape.channels), width = columns.size();
  for (const auto row : rows)
    for (const auto column : columns) {
      const bool black = row == outside || column == outside;
      const std::uint8_t* pixel =
          black ? nullptr
                : image + (static_cast<std::size_t>(row) * width + static_cast<std::size_t>(column)) * channels;
      for (std::size_t channel = 0; channel < channels; ++channel)
        *out++ = values_[(black ? 0u : pixel[channel]) * channels + channel];
    }
}

}  // namespace paretoforge
